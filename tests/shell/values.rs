//! Values that have broken somebody's quoting, and random ones made of the same pieces.

/// Quotes of all alphabets, the four that PowerShell takes for its own first.
pub const QUOTES: [char; 20] = [
    '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}', '\u{201c}', '\u{201d}', '\u{201e}', '\u{201f}', '«', '»', '‹', '›',
    '\u{2032}', '\u{2033}', '\u{ff07}', '\u{ff02}', '「', '」', '\u{275b}', '\u{b4}',
];

/// Each would make the file `pwn` in the folder of the shell that ran it.
const ATTACKS: [&str; 24] = [
    "$(touch pwn)",
    "`touch pwn`",
    "'; touch pwn; '",
    "\"; touch pwn; \"",
    "'; touch pwn #",
    "a[$(touch pwn)]",
    "(touch pwn)",
    "; touch pwn",
    "| touch pwn",
    "& touch pwn",
    "&& touch pwn",
    "\\'; touch pwn; \\'",
    "'$(touch pwn)'",
    "\\\\'; touch pwn; '",
    "\u{2019}; New-Item pwn; \u{2019}",
    "\u{2018}; New-Item pwn; #",
    "'; New-Item pwn; '",
    "$(New-Item pwn)",
    "'#; touch pwn; r#'",
    "\" & echo x > pwn & rem \"",
    "${IFS}touch${IFS}pwn",
    "=touch pwn",
    "'\u{201b}; New-Item pwn; #",
    "}; touch pwn; #",
];

/// Every awkward value that is always tried.
pub fn awkward() -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for c in ('!'..='~').filter(char::is_ascii_punctuation).chain(QUOTES) {
        for value in [
            format!("{c}"),
            format!("{c}{c}"),
            format!("a{c}b"),
            format!("{c}ab"),
            format!("ab{c}"),
            format!("{c}a b{c}"),
        ] {
            values.push(value);
        }
    }
    for quote in QUOTES.iter().take(4).chain(&['\'', '"', '`']) {
        values.push(format!("'{quote}"));
        values.push(format!("{quote}'"));
        values.push(format!("{quote}{quote}{quote}'\"{quote}"));
    }
    values.extend(ATTACKS.map(str::to_owned));
    values.extend(
        [
            "",
            " ",
            "  x",
            "x  ",
            " x ",
            "a  b",
            "-",
            "-n",
            "--help",
            "-rf /",
            "=",
            "==",
            "a=b",
            "=a",
            "~",
            "~/x",
            "a:~",
            "a:=b",
            "*",
            "?",
            "[a-z]",
            "{a,b}",
            "{1..3}",
            "!!",
            "!x",
            "^a^b",
            "%PATH%",
            "%%",
            "%i",
            "%25",
            "!PATH!",
            "$HOME",
            "${HOME}",
            "$$",
            "$?",
            "$1",
            "\\",
            "\\\\",
            "\\n",
            "\\x41",
            "a\\",
            "''",
            "'\\''",
            "\"\"",
            "$'a'",
            "<<EOF",
            "a<<b=c",
            "EOF",
            "end",
            "fi",
            "done",
            "null",
            "true",
            "0x10",
            "1e3",
            "{}",
            "[]",
            "{\"a\":\"b\"}",
            "\\u0041",
            "//x",
            "/*x*/",
            "<!--",
            "#x",
            "x #y",
            "; x",
            "x;",
            "::add-mask::x",
            "::error::x",
            "@echo off",
            "rem x",
            "(x)",
            ")",
            "REM",
            "^",
            "^^",
            "x^",
            "é",
            "e\u{301}",
            "ﬁ",
            "日本語",
            "🦀",
            "👩‍👩‍👧",
            "\u{feff}x",
            "x\u{200b}",
            "\u{202e}abc",
            "\u{a0}x\u{a0}",
            "\u{2028}",
            "\u{f600}\u{f6ff}",
            "\u{fdd0}",
            "\u{ffff}",
            "\u{10ffff}",
            "\u{10fffe}x",
            "\u{e000}",
            "K\u{212a}",
            "İı",
            "ß",
            "https://example.com/v1?a=b&c=d#e",
            "Bearer x",
            "openai/gpt-5:free",
            "C:\\Users\\x\\",
            "me@example.com",
        ]
        .map(str::to_owned),
    );
    values.push(('!'..='~').collect());
    values.push(QUOTES.iter().collect());
    values.push(format!("sk-or-v1-{}", "0123456789abcdef".repeat(4)));
    values.push("0123456789abcdef".repeat(2048));
    values.push("\u{2019}'$\"`\\ ".repeat(3276));
    values.push("'".repeat(8192));
    values
}

/// Random values out of awkward pieces, the same ones in every run.
pub fn random(seed: u64, count: usize) -> Vec<String> {
    const PIECES: [&str; 22] = [
        "a", "Z", "0", " ", "  ", "é", "🦀", "e\u{301}", "日", "\u{200b}", "\u{feff}", "\\'", "'#", "$(", "${", "`",
        "||", "&&", "\\\\", "%%", "<<", "::",
    ];
    let mut state = seed;
    // xorshift64*, Vigna 2016.
    let mut next = move |below: usize| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        usize::try_from(state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % below
    };
    (0..count)
        .map(|_| {
            let mut value = String::new();
            for _ in 0..next(24) {
                match next(8) {
                    0..=2 => value.push(char::from(u8::try_from(32 + next(95)).unwrap())),
                    3 => value.push(QUOTES[next(QUOTES.len())]),
                    4 | 5 => value.push_str(PIECES[next(PIECES.len())]),
                    6 => value.push_str(ATTACKS[next(ATTACKS.len())]),
                    _ => value.extend(char::from_u32(u32::try_from(0xa0 + next(0x1_ff60)).unwrap())),
                }
            }
            value
        })
        .collect()
}

/// All ASCII letters and digits, for the formats that carry little else: `sk-…` keys and addresses.
pub fn plain(seed: u64, count: usize) -> Vec<String> {
    const SAFE: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:@+=%-";
    random(seed, count)
        .into_iter()
        .map(|value| value.bytes().map(|b| char::from(SAFE[usize::from(b) % SAFE.len()])).collect())
        .collect()
}

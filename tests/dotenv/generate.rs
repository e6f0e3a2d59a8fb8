//! Files that nobody wrote: assignments put together from what goes wrong in real ones.

use crate::sanitize::Random;

/// The names that the files set.
pub const NAMES: [&str; 7] = ["A", "B", "CC", "OPENAI_API_KEY", "a_b", "X1", "KEY"];
const BAD_NAMES: [&str; 6] = ["1A", "A-B", "A.B", "'A'", "\"B\"", "A B"];
const PIECES: [&str; 55] = [
    "x",
    "sk-or-v1-0123",
    "abc",
    "1",
    "two words",
    "v#c",
    "#h",
    " # c",
    "\"",
    "'",
    "\\",
    "\\n",
    "\\\"",
    "\\'",
    "\\$",
    "$A",
    "${A}",
    "${B:-d}",
    "${NOPE}",
    "$NOPE",
    "${NOPE-e}",
    "${CC:+alt}",
    "${NOPE:-${A}}",
    "$",
    "{",
    "}",
    "=",
    "==",
    ":",
    "~",
    "~/p",
    "://h/v1",
    "?x=1&y=2",
    ";",
    "é",
    "“",
    "\u{200b}",
    "\u{a0}",
    "\t",
    " ",
    "  ",
    "%2B",
    "@",
    ",",
    "\\\\",
    "<k>",
    "-",
    "+",
    "\r",
    "$9z",
    "^",
    "$(id)",
    "${HOME}",
    "|",
    "!",
];
/// What the shells are not given: a backtick's content is a program of its own, and a lone dot reads another file.
const FOR_LIBRARIES: [&str; 7] = ["`", "$CC.", "$(", "(", ")", "$$", "*"];
const LINES: [&str; 16] = [
    "# c",
    "#A=1",
    "  # x \"",
    "",
    " ",
    "# it's",
    "\t",
    "B",
    "export A",
    "=v",
    "A: y",
    "A:",
    "word",
    "set -x A 1",
    "export A=\"q\" B=2",
    "# don't \"",
];

/// One file.
pub fn file(random: &mut Random, for_libraries: bool) -> Vec<u8> {
    let end = if random.below(5) == 0 { "\r\n" } else { "\n" };
    let lines: Vec<String> = (0..=random.below(5)).map(|_| line(random, for_libraries)).collect();
    let mut text = lines.join(end);
    if random.below(7) > 0 {
        text.push_str(end);
    }
    if random.below(50) == 0 {
        text.insert(0, '\u{feff}');
    }
    text.into_bytes()
}

/// Many of them, the same at every run.
pub fn files(seed: u64, count: usize, for_libraries: bool) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    (0..count).map(|_| file(&mut random, for_libraries)).collect()
}

fn pick<'a>(random: &mut Random, from: &[&'a str]) -> &'a str {
    from[random.below(from.len())]
}

fn line(random: &mut Random, for_libraries: bool) -> String {
    if random.below(12) == 0 {
        return pick(random, &LINES).to_owned();
    }
    let name = if random.below(15) == 0 { pick(random, &BAD_NAMES) } else { pick(random, &NAMES) };
    let before = if random.below(6) == 0 { pick(random, &["export ", "export  ", " ", "\t"]) } else { "" };
    let sign = if random.below(3) == 0 { pick(random, &[" = ", "= ", " =", "\t=\t", ": ", ":", "+="]) } else { "=" };
    format!("{before}{name}{sign}{}", value(random, for_libraries))
}

fn value(random: &mut Random, for_libraries: bool) -> String {
    let piece = |random: &mut Random| {
        if for_libraries && random.below(12) == 0 { pick(random, &FOR_LIBRARIES) } else { pick(random, &PIECES) }
    };
    let mut inner: String = (0..random.below(4)).map(|_| piece(random)).collect();
    match random.below(20) {
        0..7 => inner,
        7..10 => pick(random, &["abc", "sk-1", "http://h:80/v1", "x y", ""]).to_owned(),
        sort => {
            if sort < 13 {
                inner.push('\n');
                inner.push_str(piece(random));
            }
            let marks: &[&str] = if for_libraries { &["\"", "'", "`"] } else { &["\"", "'"] };
            let mark = pick(random, marks);
            let tail = pick(random, &["", "", "", "", " # c", "#c", " x", ",", "  ", "\t"]);
            format!("{mark}{inner}{mark}{tail}")
        }
    }
}

//! Files that all loaders read alike: whoever says so has to be right.

use llmenv::dotenv::{Dialect, Entry, Environment, Reading, Readings, reads_alike};

use super::{bytes, read};

/// Everything that a reading says, but for whose it is and whether that one exports.
fn said(reading: &Reading) -> String {
    let assignments: Vec<String> = reading
        .assignments
        .iter()
        .map(|found| {
            format!(
                "{} {:?} {:?} {:?} {:?} {:?}",
                found.key,
                found.place,
                found.raw,
                found.quote,
                bytes(&found.value),
                reading.winner(&found.key).map(|won| won.place)
            )
        })
        .collect();
    format!("{assignments:#?}{:?}{:?}", reading.diagnostics, reading.failure)
}

#[test]
fn what_is_said_to_read_alike_does() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below).unwrap()
    };
    let names = [
        "OPENAI_API_KEY",
        "A",
        "B2",
        "DEBUG",
        "X_",
        "UID",
        "PATH",
        "IFS",
        "PPID",
        "EUID",
        "SECONDS",
        "BASH_ENV",
        "OPTIND",
        "PWD",
        "HOME",
        "export",
        "lower",
        "_A",
        "1A",
    ];
    let pieces = [
        "sk-or-v1-0123",
        "a",
        "=",
        ":",
        "~",
        "/",
        "@",
        "+",
        "-",
        ".",
        "0x10",
        "$A",
        "#",
        " ",
        "'",
        "\"",
        "\\",
        "true",
        "{a,b}",
        "*",
        "!",
        "`",
        ";",
        "&",
        "%",
        "\u{e9}",
        "\r",
        "\t",
        "",
    ];
    let comments = ["# plain", "#", "#!x", "# it's", "# \"q", "# $(x) `y` ${z}", "# a=b", "  # in", "", " ", "# \\"];
    let (mut alike, mut all, mut shared) = (0, 0, 0);
    for _ in 0..40_000 {
        let mut text = String::new();
        for _ in 0..=next(4) {
            match next(5) {
                0 => text += comments[next(comments.len() as u64)],
                _ => {
                    text += names[next(names.len() as u64)];
                    text += "=";
                    for _ in 0..=next(3) {
                        let most = if next(4) == 0 { pieces.len() as u64 } else { 11 };
                        text += pieces[next(most)];
                    }
                }
            }
            if next(12) != 0 {
                text += "\n";
            }
        }
        all += 1;
        if !reads_alike(text.as_bytes()) {
            continue;
        }
        alike += 1;
        let around = [("OPENAI_API_KEY", "there"), ("A", "before"), ("HOME", "/home/me")];
        let look = |name: &str| around.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let readings = Readings::new(text.as_bytes(), &Dialect::ALL, &Environment::new(&look));
        shared += Dialect::ALL.len() - readings.iter().count();
        for loader in Dialect::ALL {
            let own = said(&read(text.as_bytes(), loader, Entry::Load, &around));
            assert_eq!(said(readings.of(loader)), own, "{loader:?} {text:?}");
        }
    }
    assert!(shared > alike * 10);
    println!("{alike} of {all} files are said to read alike, and {} readings agree", alike * Dialect::ALL.len());
    assert!(alike > 2_000);
}

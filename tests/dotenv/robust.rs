//! Whatever the bytes are, a reading ends, soon, and its places lie in the file.

use std::time::{Duration, Instant};

use llmenv::dotenv::{Dialect, Entry};

use super::{generate, read};
use crate::sanitize::Random;

/// Far more than any of it takes, even unoptimised and on a busy machine.
const DID_NOT_HANG: Duration = Duration::from_secs(20);

fn check(file: &[u8]) {
    for dialect in Dialect::ALL {
        for entry in [Entry::Load, Entry::Values] {
            let reading = read(file, dialect, entry, &[("HOME", "/home/u"), ("A", "${B}$A"), ("B", "${A}$B")]);
            let places = reading.assignments.iter().map(|assignment| assignment.place);
            let places = places.chain(reading.diagnostics.iter().map(|diagnostic| diagnostic.place));
            for place in places.chain(reading.failure.map(|failure| failure.place)) {
                assert!(
                    place.span.start <= place.span.end && place.span.end <= file.len(),
                    "{dialect:?} {place:?} {file:?}"
                );
                assert!(place.line >= 1 && place.column >= 1);
            }
            for assignment in &reading.assignments {
                assert!(
                    assignment.raw.start <= assignment.raw.end && assignment.raw.end <= file.len(),
                    "{dialect:?} {file:?}"
                );
            }
        }
    }
}

#[test]
fn random_bytes_are_read() {
    let mut random = Random(3);
    let bytes: Vec<u8> = b"AB= \t\n\r\"'`\\$#{}():-+export~;&|<>\0\xff\xfe\xef\xbb\xbf\xc3\xa9[]!.?".to_vec();
    for _ in 0..3_000 {
        let file: Vec<u8> = (0..random.below(60)).map(|_| bytes[random.below(bytes.len())]).collect();
        check(&file);
    }
    for _ in 0..500 {
        let file: Vec<u8> = (0..random.below(80)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        check(&file);
    }
    for file in generate::files(4, 500, true) {
        check(&file);
        // Cut anywhere, it is a file too.
        check(&file[..random.below(file.len() + 1)]);
    }
}

#[test]
fn a_megabyte_of_one_thing_ends() {
    const BYTES: usize = 1 << 20;
    let pieces = [
        "A",
        "=",
        "A=",
        "A=1 ",
        "A=1;",
        "A=\"",
        "A='x\n",
        "A=\"x\\\"",
        "${",
        "A=${A",
        "$A",
        "A=$A\n",
        "${A:-",
        "$(",
        "(",
        ")",
        "`",
        "\\",
        "\n",
        "\r",
        " ",
        "\t\n",
        "#",
        "# \"\n",
        "\"\\",
        "'\\'",
        "\0",
        "\u{feff}",
        "é",
        "export ",
        "A:",
        "A: \n",
        "A\n",
        "=\n",
        "${A}:",
        "}",
        "{",
        "\" ",
        "A=\"\n",
        "<",
        "&&",
        "[",
        "A[",
        ":",
        "export A=(",
        "A=`x` ",
        "A=\"x\" #\n",
    ];
    for piece in pieces {
        for start in ["", "A=\""] {
            let file = [start.as_bytes(), &piece.as_bytes().repeat(BYTES / 8 / piece.len())].concat();
            for dialect in Dialect::ALL {
                let begun = Instant::now();
                read(&file, dialect, Entry::Load, &[("HOME", "/home/u")]);
                assert!(begun.elapsed() < DID_NOT_HANG, "{dialect:?} with {start:?} and {piece:?}");
            }
        }
    }
    let file = [b"A=".to_vec(), b"x".repeat(BYTES), b"\nB=2\n".to_vec()].concat();
    for dialect in Dialect::ALL {
        let reading = read(&file, dialect, Entry::Load, &[]);
        let is_read = reading.text("B").is_some_and(|value| value.expose() == "2");
        assert_eq!(is_read, dialect != Dialect::Docker, "{dialect:?}");
    }
}

/// 2,000 files of 20 lines; prints how long each dialect took. Run with `--release` for a number that means something.
#[test]
fn two_thousand_files() {
    let line = "OPENAI_API_KEY=sk-or-v1-0123456789abcdef0123456789abcdef # mine\n";
    let files: Vec<String> = (0..2_000)
        .map(|count| {
            (0..20)
                .map(
                    |at| if at % 5 == 0 { line.to_owned() } else { format!("NAME_{at}=\"value {count} ${{HOME}}\"\n") },
                )
                .collect()
        })
        .collect();
    for dialect in Dialect::ALL {
        let begun = Instant::now();
        let assignments: usize = files
            .iter()
            .map(|file| read(file.as_bytes(), dialect, Entry::Load, &[("HOME", "/h")]).assignments.len())
            .sum();
        println!("{:<22} {assignments} assignments in {:?}", dialect.id(), begun.elapsed());
        assert_eq!(assignments, 40_000, "{dialect:?}");
    }
}

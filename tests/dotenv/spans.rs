//! Places: where an assignment, its value and its problems are said to be.

use llmenv::dotenv::{Dialect, Entry, Problem, Quote, Reading, Value};

use super::read;

fn here(file: &str, dialect: Dialect) -> Reading {
    read(file.as_bytes(), dialect, Entry::Load, &[])
}

#[test]
fn an_assignment_knows_its_place() {
    let file = "# first\r\n\r\n  export KEY=\"a b\" # why\r\nNEXT=ü x\r\n";
    for dialect in [Dialect::Python, Dialect::Npm, Dialect::Ruby, Dialect::Dotenvy, Dialect::Compose, Dialect::Direnv] {
        let reading = here(file, dialect);
        let Some(key) = reading.assignments.first() else { continue };
        assert_eq!((key.place.line, key.place.column), (3, 3), "{dialect:?}");
        assert_eq!(&file[key.place.span.start..key.place.span.end], "export KEY=\"a b\"", "{dialect:?}");
        assert_eq!(&file[key.raw.start..key.raw.end], "\"a b\"", "{dialect:?}");
        assert_eq!((key.quote, key.export), (Quote::Double, true), "{dialect:?}");
        if matches!(dialect, Dialect::Python | Dialect::Npm | Dialect::Ruby | Dialect::Compose) {
            let next = reading.winner("NEXT").unwrap();
            assert_eq!((next.place.line, next.place.column), (4, 1), "{dialect:?}");
            assert_eq!(&file[next.raw.start..next.raw.end], "ü x", "{dialect:?}");
        }
        assert!(reading.has(Problem::CarriageReturn), "{dialect:?}");
    }
}

#[test]
fn columns_count_characters_and_no_mark() {
    let reading = here("\u{feff}ä=1 # ö\nB='x' y\n", Dialect::Python);
    let rejected = reading.diagnostics.iter().find(|found| found.problem == Problem::RejectedLine).unwrap();
    assert_eq!((rejected.place.line, rejected.place.column), (2, 1));
    assert_eq!((reading.assignments[0].place.line, reading.assignments[0].place.column), (1, 1));
    assert_eq!(reading.diagnostics.iter().filter(|found| found.problem == Problem::ByteOrderMark).count(), 1);
    let reading = here("A=é B=2\n", Dialect::Bash);
    let second = &reading.assignments[1];
    assert_eq!((second.key.as_str(), second.place.line, second.place.column), ("B", 1, 5));
}

#[test]
fn what_would_run_is_named_and_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("ran");
    let touch = format!("/usr/bin/touch {}", mark.display());
    let file = format!("A=$({touch})\nB=`{touch}`\nC=\"$({touch})\"\n{touch}\nD= {touch}\n");
    for dialect in Dialect::ALL {
        read(file.as_bytes(), dialect, Entry::Load, &[("PATH", "/usr/bin:/bin")]);
        assert!(!mark.exists(), "{dialect:?}");
    }
    for dialect in [Dialect::Bash, Dialect::Dash, Dialect::Zsh] {
        let reading = here(&file, dialect);
        for name in ["A", "B", "C"] {
            assert!(matches!(reading.winner(name).unwrap().value, Value::Unknowable), "{dialect:?} {name}");
        }
        let lines = |problem| {
            let found = reading.diagnostics.iter().filter(move |found| found.problem == problem);
            found.map(|found| found.place.line).collect::<Vec<_>>()
        };
        assert_eq!(lines(Problem::CommandSubstitution), [1, 2, 3], "{dialect:?}");
        assert_eq!(lines(Problem::RunsCommand), [4, 5], "{dialect:?}");
        assert!(reading.winner("D").is_none(), "{dialect:?}");
    }
    for dialect in [Dialect::Ruby, Dialect::NpmExpand1000] {
        assert!(matches!(here(&file, dialect).winner("A").unwrap().value, Value::Unknowable), "{dialect:?}");
    }
    // A real shell does run it: the files of this test are no duds.
    let script = folder.path().join("file.env");
    std::fs::write(&script, &file).unwrap();
    std::process::Command::new("bash").arg("-c").arg(". \"$1\"").arg("bash").arg(&script).output().unwrap();
    assert!(mark.exists());
}

#[test]
fn a_failure_says_where() {
    for (dialect, line) in [(Dialect::Dotenvy, 2), (Dialect::Direnv, 2), (Dialect::Docker, 3), (Dialect::Bash, 4)] {
        let reading = here("A=1\nB=two words\nC D=3\nE=\"open\n", dialect);
        assert_eq!(reading.failure.unwrap().place.line, line, "{dialect:?}");
        let keeps = matches!(dialect, Dialect::Dotenvy | Dialect::Bash);
        assert_eq!(reading.text("A").is_some(), keeps, "{dialect:?}");
    }
}

#[test]
fn who_wins_among_equals() {
    for dialect in Dialect::ALL {
        let reading = here("A=first\nA=second\n", dialect);
        let expected = if dialect.keeps_first() { "first" } else { "second" };
        assert_eq!(reading.text("A").unwrap().expose(), expected, "{dialect:?}");
        assert_eq!(Dialect::parse(dialect.id()), Some(dialect));
        assert_eq!(here("a=1\n", dialect).text("A").is_some(), dialect == Dialect::Pydantic);
    }
}

//! `--format docker`, read by the rules of `docker run --env-file` (docker/cli, `pkg/kvfile`, read 2026-11-20).

use super::{Env, env, values, written};

/// UTF-8 lines of at most 64 KiB; leading white space goes, `#` comments; the value is what stands after the first `=`,
/// in some releases without a pair of equal quotes around it.
fn read(text: &str, unquotes: bool) -> Env {
    let mut vars = Env::new();
    for line in text.lines() {
        assert!(line.len() < 64 * 1024, "bufio.Scanner: token too long");
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=').expect("a name alone takes the caller's value");
        assert!(!name.is_empty() && !name.contains([' ', '\t']), "variable contains whitespaces");
        let quoted = |q: char| value.len() >= 2 && value.starts_with(q) && value.ends_with(q);
        let value = if unquotes && (quoted('"') || quoted('\'')) { &value[1..value.len() - 1] } else { value };
        assert!(vars.insert(name.to_owned(), value.to_owned()).is_none());
    }
    vars
}

fn carries(value: &str) -> bool {
    !value.starts_with(['"', '\''])
}

#[test]
fn t13_quote_docker() {
    for values in [values::awkward(), values::random(0x646f_636b, 600)] {
        let vars = super::numbered("docker", &values, carries);
        let text = written("docker", &vars, &["GONE"]).text;
        for unquotes in [false, true] {
            assert!(read(&text, unquotes) == vars);
        }
    }
}

#[test]
fn docker_refuses_lines_that_are_too_long() {
    assert_eq!(super::refusal("docker", &"x".repeat(65_000)), None);
    let message = super::refusal("docker", &"x".repeat(65_530)).unwrap();
    assert_eq!(
        message,
        "`V_ONE` cannot be written exactly in the format `docker`: it is longer than a line may be there"
    );
}

#[test]
fn docker_says_in_a_comment_what_it_cannot_unset() {
    let out = written("docker", &env(&[("A_KEY", "k'$ ")]), &["B_KEY", "C_KEY"]);
    assert_eq!(*out.text, "# llmenv: not to be set by the image or another --env: B_KEY C_KEY\nA_KEY=k'$ \n");
    assert_eq!(out.not_unset, ["B_KEY", "C_KEY"]);
}

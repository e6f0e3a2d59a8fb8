//! `--format github`, read as the runner reads `$GITHUB_ENV` and its workflow commands (GitHub Docs, "Workflow commands for
//! GitHub Actions"; actions/runner, `FileCommandManager.cs`, read 2026-11-20).

use super::{Env, env, values, written};

/// `NAME=value`, or `NAME<<DELIMITER`, lines, `DELIMITER`; whichever of `=` and `<<` comes first decides.
fn read(text: &str) -> Env {
    let mut vars = Env::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let (equals, here) = (line.find('='), line.find("<<"));
        let (name, value) = match (equals, here) {
            (Some(equals), here) if here.is_none_or(|here| equals < here) => {
                (&line[..equals], line[equals + 1..].to_owned())
            }
            (_, Some(here)) => {
                let end = &line[here + 2..];
                let mut value = Vec::new();
                loop {
                    let line = lines.next().expect("matching delimiter not found");
                    if line == end {
                        break;
                    }
                    value.push(line);
                }
                (&line[..here], value.join("\n"))
            }
            _ => panic!("invalid environment variable format"),
        };
        assert!(vars.insert(name.to_owned(), value).is_none(), "a value set another variable");
    }
    vars
}

/// The values that the runner masks after reading the log.
fn masks(log: &str) -> Vec<String> {
    let data = log.lines().map(|line| line.strip_prefix("::add-mask::").expect("only masks are written"));
    data.map(|data| data.replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")).collect()
}

#[test]
fn t13_quote_github() {
    for values in [values::awkward(), values::random(0x6769_7468, 600)] {
        let vars = super::numbered("github", &values, |_| true);
        let out = written("github", &vars, &["GONE"]);
        assert!(read(&out.text) == vars);
        let expected: Vec<_> = vars.into_values().filter(|value| value.len() >= 8).collect();
        assert!(masks(&out.log) == expected);
    }
}

#[test]
fn github_masks_keys_and_writes_them_only_where_they_belong() {
    let key = format!("sk-or-v1-{}", "0123456789abcdef".repeat(4));
    let vars = env(&[
        ("OPENAI_API_KEY", key.as_str()),
        ("OPENAI_BASE_URL", "https://openrouter.ai/api/v1"),
        ("MY_BASE_URL", "https://me:word@example.com"),
        ("ANTHROPIC_MODEL", "anthropic/claude-opus-4.6"),
        ("MY_FLAG", "1"),
    ]);
    let out = written("github", &vars, &["OPENAI_API_BASE"]);
    assert_eq!(*out.log, format!("::add-mask::https://me:word@example.com\n::add-mask::{key}\n"));
    assert!(!out.text.contains("add-mask") && !out.text.contains("OPENAI_API_BASE"));
    assert_eq!(out.not_unset, ["OPENAI_API_BASE"]);
    assert_eq!(read(&out.text), vars);
}

#[test]
fn github_delimiters_are_new_each_time() {
    let text = || written("github", &env(&[("A_KEY", "k")]), &[]).text.lines().next().unwrap().to_owned();
    let (one, two) = (text(), text());
    assert_ne!(one, two);
    assert!(one.starts_with("A_KEY<<llmenv_") && one.len() == "A_KEY<<llmenv_".len() + 32);
}

#[test]
fn github_refuses_the_names_of_the_runner() {
    for (name, refused) in [("GITHUB_ENV", true), ("RUNNER_TEMP", true), ("github_path", true), ("GITHUB_TOKEN", false)]
    {
        let result = super::emit(super::format("github").unwrap(), &super::patch(&env(&[(name, "x")]), &[]));
        assert_eq!(result.is_err(), refused, "{name}");
    }
}

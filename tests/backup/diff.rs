//! What a person sees before saying yes.

use llmenv::backup::{Action, Line, LineKind};
use llmenv::bounded::Links;
use llmenv::secret::Secret;

use super::Scene;

/// `sign number text` of each line.
fn shown(before: &[u8], after: &[u8], hidden: &[&str]) -> Vec<String> {
    let scene = Scene::new();
    let file = scene.write("f", before);
    let mut action = Action::new("a test");
    for secret in hidden {
        action.hide(&Secret::new(*secret));
    }
    action.edit(&file, Links::Refuse, |_| Ok(after.to_vec())).unwrap();
    let diff = action.diff().remove(0);
    let word = |line: &Line| match line.kind {
        LineKind::Kept => format!("  {} {}", line.number, line.text),
        LineKind::Removed => format!("- {} {}", line.number, line.text),
        LineKind::Added => format!("+ {} {}", line.number, line.text),
        LineKind::Gap => "…".to_owned(),
    };
    diff.lines.iter().map(word).collect()
}

#[test]
fn changes_are_shown_with_what_stands_around_them() {
    let before: String = (1..=20).map(|n| format!("line {n}\n")).collect();
    let after = before.replace("line 3\n", "").replace("line 15\n", "line 15!\nnew\n");
    assert_eq!(
        shown(before.as_bytes(), after.as_bytes(), &[]),
        [
            "  1 line 1",
            "  2 line 2",
            "- 3 line 3",
            "  4 line 4",
            "  5 line 5",
            "…",
            "  13 line 13",
            "  14 line 14",
            "- 15 line 15",
            "+ 14 line 15!",
            "+ 15 new",
            "  16 line 16",
            "  17 line 17",
        ]
    );
}

#[test]
fn line_ends_are_shown_only_where_they_differ() {
    assert_eq!(shown(b"a\r\nb\r\n", b"a\r\nc\r\n", &[]), ["  1 a", "- 2 b", "+ 2 c"]);
    assert_eq!(shown(b"A=1\r\n", b"A=1\n", &[]), ["- 1 A=1\\u{d}", "+ 1 A=1"]);
}

#[test]
fn no_key_is_shown() {
    let key = format!("sk-or-v1-{}", "0123456789abcdef".repeat(4));
    for line in [
        format!("OPENROUTER_API_KEY={key}"),
        format!("export X='{key}' # mine"),
        format!("  \"apiKey\": \"{key}\","),
        format!("Authorization: Bearer {key}"),
        format!("url=https://user:{key}@example.com/v1"),
        format!("curl -H 'x: {key}'"),
        "GITHUB_TOKEN=abc.def/ghi+jkl=".to_owned(),
        "DB_PASSWORD=hunter2".to_owned(),
        "MY_SECRET: \"correct horse\"".to_owned(),
        "url=https://user:short@example.com/v1".to_owned(),
    ] {
        let all = shown(format!("{line}\nx\n").as_bytes(), b"x\n", &[]).join("\n");
        for secret in [&key, "abc.def", "hunter2", "correct h", "short", &key[9..20]] {
            assert!(!all.contains(secret), "{line}: {all}");
        }
    }
    let all = shown(b"note: blue-moon-rises\nx\n", b"x\n", &["blue-moon-rises"]).join("\n");
    assert!(!all.contains("blue-moon"), "{all}");
    // What is none stays readable.
    for line in [
        "ANTHROPIC_DEFAULT_SONNET_MODEL=claude",
        "env_key = \"LLMENV_TOKEN\"",
        "base_url = \"https://openrouter.ai/api/v1\"",
        "key = { file = \"/run/secrets/x\" }",
    ] {
        assert_eq!(shown(format!("{line}\nx\n").as_bytes(), b"x\n", &[])[0], format!("- 1 {line}"));
    }
}

#[test]
fn t12_nothing_in_a_file_reaches_the_terminal_as_it_is() {
    let evil = b"# \x1b]52;c;aGk=\x07\x1b[2J \xe2\x80\xaeexe\xff\x9b31m\x00\x85\nx\n";
    let all = shown(evil, b"x\n", &[]).join("\n");
    assert_eq!(all, "- 1 # \\u{1b}]52;c;aGk=\\u{7}\\u{1b}[2J \\u{202e}exe\\xff\\x9b31m\\u{0}\\x85\n  2 x");
    let scene = Scene::new();
    let file = scene.write("a\u{1b}]0;pwn\u{7}b", "x");
    let mut action = Action::new("a test");
    action.edit(&file, Links::Refuse, |_| Ok(b"y".to_vec())).unwrap();
    assert!(!action.diff()[0].file.contains('\u{1b}'));
}

#[test]
fn a_large_file_and_long_lines_are_cut() {
    let before: Vec<u8> = (0..40_000u32).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    let after: Vec<u8> = (0..40_000u32).flat_map(|n| format!("{}\n", n * 7 % 40_000).into_bytes()).collect();
    assert!(shown(&before, &after, &[]).len() <= 401);
    let long = shown("x ".repeat(100_000).as_bytes(), b"x", &[]);
    assert!(long[0].len() < 300, "{}", long[0].len());
}

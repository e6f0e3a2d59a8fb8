//! Keys in comments: found by their look alone, with the line that would go.

use llmenv::import::commented::{Mark, settings};
use llmenv::import::section::Cut;

fn key(digits: &str) -> String {
    format!("sk-or-v1-{}", digits.repeat(4))
}

#[test]
fn whole_lines_that_are_comments() {
    let (one, two) = (key("0123456789abcdef"), key("fedcba9876543210"));
    let text = format!(
        "A=1 # {one}\n  # export OPENROUTER_API_KEY=\"{one}\"\r\n#the old one was {two}, of May\n\
         # OPENAI_API_KEY={one} or {two}\n# OPENROUTER_API_KEY=your-key-here\n#\n"
    );
    let found = settings(text.as_bytes(), Mark::Hash);
    let seen: Vec<String> = found
        .iter()
        .map(|setting| {
            let cut = match &setting.cut {
                Cut::Lines { span, .. } => text[span.clone()].to_owned(),
                other => format!("{other:?}"),
            };
            format!("{}:{} {} | {cut}", setting.variable, setting.line.unwrap(), setting.value.expose())
        })
        .collect();
    assert_eq!(
        seen,
        [
            format!("OPENROUTER_API_KEY:2 {one} |   # export OPENROUTER_API_KEY=\"{one}\""),
            format!("OPENROUTER_API_KEY:3 {two} | #the old one was {two}, of May"),
            format!("OPENAI_API_KEY:4 {one} | Not(\"its line holds several keys\")"),
            format!("OPENROUTER_API_KEY:4 {two} | Not(\"its line holds several keys\")"),
        ]
    );
    assert!(found.iter().all(|setting| setting.is_comment && setting.is_overridden));
}

#[test]
fn other_encodings_long_lines_and_json() {
    let one = key("0123456789abcdef");
    let mut bytes = b"# M\xfcller: ".to_vec();
    bytes.extend(one.as_bytes());
    assert_eq!(settings(&bytes, Mark::Hash).len(), 1);
    let long = format!("# {}{one}\n", "x".repeat(20_000));
    assert!(settings(long.as_bytes(), Mark::Hash).is_empty());
    let jsonc = format!("{{\n  // \"apiKey\": \"{one}\"\n}}\n");
    let found = settings(jsonc.as_bytes(), Mark::Slashes);
    assert!(matches!(found[0].cut, Cut::Not(_)) && found[0].line == Some(2), "{found:?}");
}

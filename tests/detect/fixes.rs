//! What a program can carry out: after it the finding is gone, and a second time nothing is left to do.

use llmenv::detect::fix::{self, Change, Only};

use super::world::*;

/// Carries out the safe fixes of a world's `.env` and gives the ids before and after, and the text.
fn carry_out(text: impl AsRef<[u8]>) -> (Vec<&'static str>, Vec<&'static str>, Vec<u8>) {
    let world = World::new().file("p/.env", &text);
    let path = world.home.path("p/.env");
    let found = world.found();
    let edits: Vec<_> = fix::edits(&found, Only::Safe)
        .into_iter()
        .filter(|edit| edit.path == path && !matches!(edit.change, Change::Mode(_)))
        .collect();
    let after = fix::apply(&edits, text.as_ref()).unwrap();
    std::fs::write(&path, &after).unwrap();
    let before = found.iter().map(|finding| finding.id).collect();
    let again = world.found();
    let left = fix::edits(&again, Only::Safe)
        .into_iter()
        .filter(|edit| edit.path == path && !matches!(edit.change, Change::Mode(_)))
        .count();
    assert_eq!(left, 0, "{:?}", again.iter().map(|finding| finding.id).collect::<Vec<_>>());
    (before, again.iter().map(|finding| finding.id).collect(), after)
}

#[test]
fn a_finding_is_gone_after_its_fix() {
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(format!("OPENROUTER_API_KEY={}\r\n", or()).encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let clean = format!("OPENROUTER_API_KEY={}\n", or());
    for (id, text) in [
        ("trailing-whitespace", format!("OPENROUTER_API_KEY=\"{} \"\n", or()).into_bytes()),
        ("leading-space", format!("OPENROUTER_API_KEY= {}\n", or()).into_bytes()),
        ("cr-in-env", format!("OPENROUTER_API_KEY={}\r\n", or()).into_bytes()),
        ("bom", format!("\u{feff}OPENROUTER_API_KEY={}\n", or()).into_bytes()),
        ("utf16-file", wide),
        ("invisible-char", format!("OPENROUTER_API_KEY={}\u{200b}\n", or()).into_bytes()),
        ("unicode-space", format!("OPENROUTER_API_KEY={}\u{a0}\n", or()).into_bytes()),
        ("bearer-prefix", format!("OPENROUTER_API_KEY=\"Bearer {}\"\n", or()).into_bytes()),
        ("yaml-colon", format!("OPENROUTER_API_KEY: {}\n", or()).into_bytes()),
        ("unterminated-quote", format!("OPENROUTER_API_KEY=\"{}\n", or()).into_bytes()),
        ("assignment-in-value", format!("OPENROUTER_API_KEY=export OPENROUTER_API_KEY={}\n", or()).into_bytes()),
    ] {
        let (before, after, text) = carry_out(text);
        assert!(before.contains(&id), "{id}: {before:?}");
        assert!(!after.contains(&id), "{id} is still there: {after:?}");
        assert_eq!(String::from_utf8_lossy(&text).replace('\r', ""), clean, "{id}");
    }
    for (id, text, right) in [
        ("wildcard-host", "OPENAI_BASE_URL=http://0.0.0.0:11434/v1\n", "OPENAI_BASE_URL=http://127.0.0.1:11434/v1\n"),
        (
            "doubled-v1",
            "ANTHROPIC_BASE_URL=https://api.anthropic.com/v1\n",
            "ANTHROPIC_BASE_URL=https://api.anthropic.com\n",
        ),
        (
            "endpoint-as-base",
            "OPENAI_BASE_URL=https://api.groq.com/openai/v1/chat/completions\n",
            "OPENAI_BASE_URL=https://api.groq.com/openai/v1\n",
        ),
        (
            "missing-version-path",
            "OPENAI_BASE_URL=https://openrouter.ai/api\n",
            "OPENAI_BASE_URL=https://openrouter.ai/api/v1\n",
        ),
        (
            "wrong-path",
            "A=1\nOPENAI_BASE_URL=https://openrouter.ai/v1\nB=2\n",
            "A=1\nOPENAI_BASE_URL=https://openrouter.ai/api/v1\nB=2\n",
        ),
        (
            "trailing-slash",
            "export OPENAI_BASE_URL=https://openrouter.ai/api/v1/\n",
            "export OPENAI_BASE_URL=https://openrouter.ai/api/v1\n",
        ),
    ] {
        let (before, after, text) = carry_out(text);
        assert!(before.contains(&id) && !after.contains(&id), "{id}: {before:?}, then {after:?}");
        assert_eq!(String::from_utf8_lossy(&text), right);
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_refused() {
    let text = format!("A=1\nOPENROUTER_API_KEY= {}\n", or());
    let world = World::new().file("p/.env", &text);
    let found = world.found();
    let edits: Vec<_> = fix::edits(&found, Only::Safe)
        .into_iter()
        .filter(|edit| matches!(edit.change, Change::Replace { .. }))
        .collect();
    assert!(!edits.is_empty());
    let error = fix::apply(&edits, format!("B=2\n{text}").as_bytes()).unwrap_err();
    assert!(error.message.ends_with("was changed meanwhile"), "{}", error.message);
    assert!(fix::apply(&edits, b"").is_err());
}

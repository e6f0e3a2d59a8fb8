//! The same key once, two keys never as one, and what contradicts told.

use std::path::Path;

use llmenv::import::candidate::{Candidates, all};
use llmenv::import::dotenv::read;
use llmenv::import::section::Section;

fn key(digits: &str) -> String {
    format!("sk-or-v1-{}", digits.repeat(4))
}

const A: &str = "0123456789abcdef";
const B: &str = "fedcba9876543210";

fn sections(files: &[(&str, String)]) -> Vec<Section> {
    files.iter().flat_map(|(path, text)| read(Path::new(path), text.as_bytes()).sections).collect()
}

/// `provider …end: FILE:LINE NAME …` of each candidate.
fn lines(sections: &[Section], candidates: &Candidates) -> Vec<String> {
    let line = |candidate: &llmenv::import::candidate::Candidate| {
        let places: Vec<String> = candidate
            .settings(sections)
            .map(|(section, s)| {
                format!("{}:{} {}", section.path.as_ref().unwrap().display(), s.line.unwrap(), s.variable)
            })
            .collect();
        let id = &candidate.key.providers[0].id;
        let url = candidate.key.base_url.as_ref().map(|url| format!(" {url}")).unwrap_or_default();
        format!("{}{url}: {}", candidate.key.key.shown(id), places.join(", "))
    };
    candidates.list.iter().map(line).collect()
}

#[test]
fn the_same_key_is_one_and_two_are_two() {
    let sections = sections(&[
        ("/a", format!("OPENAI_API_KEY={}\nOPENAI_BASE_URL=https://openrouter.ai/api/v1\n", key(A))),
        ("/b", format!("export OPENROUTER_API_KEY='{}'\n", key(A))),
        ("/c", format!("OPENROUTER_API_KEY={}\n", key(B))),
    ]);
    let found = all(&sections, &[]);
    assert_eq!(
        lines(&sections, &found),
        ["openrouter …cdef: /a:1 OPENAI_API_KEY, /b:1 OPENROUTER_API_KEY", "openrouter …3210: /c:1 OPENROUTER_API_KEY"]
    );
    let conflicts = found.conflicts();
    assert_eq!(conflicts.len(), 1);
    assert_eq!(
        (conflicts[0].variable.as_str(), conflicts[0].candidates.as_slice()),
        ("OPENROUTER_API_KEY", &[0, 1][..])
    );
    // The base URL goes with the key of its file alone.
    assert_eq!(found.list[0].beside, [(0, 1)]);
}

#[test]
fn a_key_that_a_later_line_overrides_is_still_one() {
    let sections = sections(&[("/a", format!("OPENROUTER_API_KEY={}\nOPENROUTER_API_KEY={}\n", key(A), key(B)))]);
    let found = all(&sections, &[]);
    let overridden: Vec<bool> = found.list.iter().map(|candidate| candidate.is_overridden).collect();
    assert_eq!(
        lines(&sections, &found),
        ["openrouter …3210: /a:2 OPENROUTER_API_KEY", "openrouter …cdef: /a:1 OPENROUTER_API_KEY"]
    );
    assert_eq!(overridden, [false, true]);
}

/// A file's address never becomes the address of another file's key.
#[test]
fn t16_an_address_pairs_with_keys_of_its_own_file_alone() {
    let sections = sections(&[
        ("/home/.env", format!("OPENROUTER_API_KEY={}\n", key(A))),
        ("/repo/.env", "OPENAI_BASE_URL=https://openrouter.ai.evil.example/api/v1\n".to_owned()),
    ]);
    let found = all(&sections, &[]);
    assert_eq!(lines(&sections, &found), ["openrouter …cdef: /home/.env:1 OPENROUTER_API_KEY"]);
    let sections = self::sections(&[(
        "/repo/.env",
        format!("OPENAI_API_KEY={}\nOPENAI_BASE_URL=https://openrouter.ai.evil.example/api/v1\n", key(A)),
    )]);
    let found = all(&sections, &[]);
    assert_eq!(lines(&sections, &found), ["openrouter …cdef: /repo/.env:1 OPENAI_API_KEY"], "the catalogue's address");
    assert_eq!(found.oddities[0].id, "official-key-to-unknown-host");
    assert_eq!(found.oddities[0].line, Some(1));
    assert!(!found.oddities[0].message.contains("evil"), "{:?}", found.oddities);
}

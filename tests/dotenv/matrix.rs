//! One variable written in 47 ways, and what a program found in it, loader by loader.

use llmenv::dotenv::{Dialect, Entry, Value};

use super::{bytes, read};

const NAME: &str = "OPENAI_API_KEY";
/// The recorded columns; the one shell that did not export is checked below.
const COLUMNS: [(&str, Dialect, Entry); 16] = [
    ("python-dotenv", Dialect::Python, Entry::Values),
    ("pydantic-settings", Dialect::Pydantic, Entry::Values),
    ("node-dotenv", Dialect::Npm, Entry::Load),
    ("dotenv+expand", Dialect::NpmExpand1000, Entry::Load),
    ("node20 --env-file", Dialect::Node, Entry::Load),
    ("@next/env", Dialect::Next, Entry::Load),
    ("rust dotenvy", Dialect::Dotenvy, Entry::Values),
    ("rust dotenv", Dialect::RustDotenv, Entry::Values),
    ("uv run --env-file", Dialect::Uv, Entry::Load),
    ("ruby dotenv 2.4", Dialect::Ruby, Entry::Load),
    ("direnv dotenv", Dialect::Direnv, Entry::Load),
    ("honcho", Dialect::Honcho, Entry::Load),
    ("bash set -a; . ./.env", Dialect::Bash, Entry::Load),
    ("zsh set -a; . ./.env", Dialect::Zsh, Entry::Load),
    ("export $(grep|xargs)", Dialect::ExportXargs, Entry::Load),
    ("docker run --env-file", Dialect::Docker, Entry::Load),
];
/// `. ./.env` without `set -a`: what `export` was said of is all there is.
const WITHOUT_EXPORT: &str = "bash . ./.env (no -a)";

#[test]
fn every_cell_of_the_matrix() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dotenv/matrix.json");
    let recorded: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let key = recorded["key"].as_str().unwrap();
    let (mut cells, mut agreed, mut unknowable, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for (case, row) in recorded["cases"].as_object().unwrap() {
        let file = hex(row["hex"].as_str().unwrap());
        for (column, cell) in row["results"].as_object().unwrap() {
            let (dialect, entry) = match COLUMNS.iter().find(|(known, ..)| known == column) {
                Some((_, dialect, entry)) => (*dialect, *entry),
                None if column == WITHOUT_EXPORT => (Dialect::Bash, Entry::Load),
                None => panic!("unknown column `{column}`"),
            };
            let reading = read(&file, dialect, entry, &[]);
            let winner = reading.winner(NAME).filter(|winner| column != WITHOUT_EXPORT || winner.export);
            let is_unknowable = matches!(winner.map(|winner| &winner.value), Some(Value::Unknowable));
            let ours = winner.and_then(|winner| bytes(&winner.value)).map(|value| String::from_utf8(value).unwrap());
            let cell = cell.as_str().unwrap().replace("<K>", key);
            // The recorder counted how often the name was in the request; the last one is what the program sees.
            let cell = cell.trim_end_matches(" x2").to_owned();
            let is_right = match (cell.as_str(), &ours) {
                _ if is_unknowable => true,
                ("ABSENT", ours) => ours.is_none(),
                ("ERR", ours) => ours.is_none() && reading.failure.is_some(),
                (_, None) => false,
                // These two were recorded escaped, without what white space came last.
                (cell, Some(ours)) if matches!(dialect, Dialect::Dotenvy | Dialect::RustDotenv) => {
                    cell.strip_prefix("V:") == Some(ours.escape_debug().to_string().trim_end())
                }
                (cell, Some(ours)) => {
                    serde_json::from_str(cell.strip_prefix("V:").unwrap()).ok().as_ref() == Some(ours)
                }
            };
            cells += 1;
            agreed += usize::from(is_right);
            if !is_right {
                wrong.push(format!("{case} / {column}: {ours:?} for {cell} {:?}", reading.failure));
            }
            if is_unknowable {
                unknowable.push(format!("{case} / {column}"));
            }
        }
    }
    println!("matrix: {agreed} of {cells} cells agree");
    println!("  in them {} values that only running a command tells: {}", unknowable.len(), unknowable.join(", "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cells, 47 * 17);
    assert!(
        unknowable.iter().all(|cell| cell.starts_with("cmd_subst") || cell.starts_with("backtick")),
        "{unknowable:?}"
    );
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

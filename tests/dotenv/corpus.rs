//! 48 awkward files and what 13 loaders made of them, recorded from the loaders themselves.

use std::collections::BTreeMap;
use std::path::Path;

use llmenv::dotenv::{Dialect, Entry};

use super::{agrees, read, variables};

/// The recorded columns. `interpolate=False` of python-dotenv is no dialect here.
const COLUMNS: [(&str, Dialect, Entry); 13] = [
    ("bash 5.2 set -a; source", Dialect::Bash, Entry::Load),
    ("dash set -a; .", Dialect::Dash, Entry::Load),
    ("direnv dotenv 2.32.1", Dialect::Direnv, Entry::Values),
    ("docker run --env-file 28.2.2", Dialect::Docker, Entry::Values),
    ("node --env-file v20.20.2", Dialect::Node, Entry::Load),
    ("npm:dotenv-16.6.1", Dialect::Npm, Entry::Values),
    ("npm:dotenv-16.6.1+dotenv-expand-12.0.3", Dialect::NpmExpand12, Entry::Values),
    ("npm:dotenv-18.0.10", Dialect::Npm, Entry::Values),
    ("npm:dotenv-18.0.10+dotenv-expand-1000.0.0", Dialect::NpmExpand1000, Entry::Values),
    ("python:python-dotenv-1.2.4", Dialect::Python, Entry::Values),
    ("ruby:dotenv-2.4.0", Dialect::Ruby, Entry::Values),
    ("rust:dotenvy-0.15.7", Dialect::Dotenvy, Entry::Values),
    ("zsh 5.9 setopt allexport; source", Dialect::Zsh, Entry::Load),
];
const LEFT_OUT: &str = "python:python-dotenv-1.2.4 (interpolate=False)";

#[test]
fn every_cell_of_the_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dotenv");
    let recorded: serde_json::Value =
        serde_json::from_slice(&std::fs::read(folder.join("corpus.json")).unwrap()).unwrap();
    let files = recorded["files"].as_object().unwrap();
    assert_eq!(files.len(), 48);
    let (mut cells, mut agreed, mut unknowable, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for (file, columns) in files {
        let bytes = std::fs::read(folder.join("corpus").join(file)).unwrap();
        let columns = columns.as_object().unwrap();
        for name in columns.keys() {
            assert!(name == LEFT_OUT || COLUMNS.iter().any(|(known, ..)| known == name), "unknown column `{name}`");
        }
        for (name, dialect, entry) in COLUMNS {
            let cell = &columns[name];
            // The libraries' expansion was given this one variable, everything else ran with both.
            let around = [("EXISTING", "from-environ"), ("HOME", "/home/u")];
            let is_given = matches!(dialect, Dialect::NpmExpand12 | Dialect::NpmExpand1000);
            let reading = read(&bytes, dialect, entry, &around[..if is_given { 1 } else { 2 }]);
            let mut ours = variables(&reading);
            if dialect == Dialect::Node {
                // It was set before, stays as it was, and was not recorded.
                ours.remove("EXISTING");
            }
            let text = |value: &serde_json::Value| value.as_str().map(|text| text.as_bytes().to_vec());
            let real: BTreeMap<String, Vec<u8>> = cell["vars"]
                .as_object()
                .unwrap()
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), text(value)?)))
                .collect();
            for value in ours.values_mut().flatten() {
                // How the records write bytes that are not UTF-8.
                if std::str::from_utf8(value).is_err() {
                    let escaped: String = value
                        .iter()
                        .map(|b| if b.is_ascii() { char::from(*b).to_string() } else { format!("\\x{b:02x}") })
                        .collect();
                    let replaced = String::from_utf8_lossy(value).into_owned();
                    *value = if dialect == Dialect::Direnv { replaced } else { escaped }.into_bytes();
                }
            }
            cells += 1;
            // Shells and python-dotenv complain and go on; the others' errors are failures.
            let complains = cell.get("error").is_some();
            let goes_on = matches!(dialect, Dialect::Bash | Dialect::Dash | Dialect::Zsh | Dialect::Python);
            let is_told = if goes_on {
                !complains || reading.failure.is_some() || !reading.diagnostics.is_empty()
            } else {
                complains == reading.failure.is_some()
            };
            if agrees(&ours, &real) && is_told {
                agreed += 1;
            } else {
                wrong.push(format!("{file} / {name}: {ours:?} {:?}", reading.failure));
            }
            for (key, _) in ours.iter().filter(|(_, value)| value.is_none()) {
                unknowable.push(format!("{file} / {name} / {key}"));
            }
        }
    }
    println!("corpus: {agreed} of {cells} cells agree");
    println!("  in them {} values that only running a command tells: {}", unknowable.len(), unknowable.join(", "));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(cells, 48 * 13);
    // A reader that calls everything unknowable would agree with everything.
    assert!(unknowable.iter().all(|cell| cell.starts_with("06-backticks") || cell.starts_with("19-command-subst")));
}

//! Several `.env` files of one directory that disagree about a key.

use std::collections::HashMap;
use std::path::Path;

use super::environment::is_key;
use super::look::owner;
use super::{Detector, EnvFile, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["layered-env"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let mode = look.text("NODE_ENV").unwrap_or("development");
    let ladder = [format!(".env.{mode}.local"), ".env.local".into(), format!(".env.{mode}"), ".env".to_owned()];
    // Next.js leaves `.env.local` out under test.
    let ladder: Vec<&String> = ladder.iter().filter(|name| mode != "test" || *name != ".env.local").collect();
    let name_of =
        |file: &EnvFile| file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut folders: HashMap<Option<&Path>, Vec<&EnvFile>> = HashMap::new();
    for file in &look.files {
        folders.entry(file.path.parent()).or_default().push(file);
    }
    for file in look.files.iter().filter(|file| name_of(file) == ".env") {
        let Some(beside) = folders.get(&file.path.parent()).filter(|beside| beside.len() > 1) else { continue };
        let mut names: Vec<&str> = Vec::new();
        for line in file.lines.iter().filter(|line| is_key(&line.name)) {
            if names.contains(&line.name.as_str()) {
                continue;
            }
            names.push(&line.name);
            let Some((own, _)) = file.value(&line.name).filter(|(value, _)| owner(value).is_some()) else { continue };
            let rivals: Vec<&&EnvFile> = beside
                .iter()
                .filter(|other| other.path != file.path)
                .filter(|other| {
                    other.value(&line.name).is_some_and(|(value, _)| owner(value).is_some() && !value.same_as(own))
                })
                .collect();
            if rivals.is_empty() {
                continue;
            }
            let has = |wanted: &str| {
                beside.iter().find(|other| name_of(other) == wanted && other.value(&line.name).is_some())
            };
            let winner =
                ladder.iter().find_map(|wanted| has(wanted)).map_or_else(|| ".env".to_owned(), |file| name_of(file));
            let others: Vec<String> =
                rivals.iter().map(|file| format!("`{}`", crate::printable::text(&name_of(file)))).collect();
            let is_next = look.has_any(&["next.config.js", "next.config.mjs", "next.config.ts", "package.json"]);
            let who = if is_next { "Next.js and Vite take" } else { "tools that know both take" };
            let what = format!(
                "{} is another key in {} than in `.env`: {who} the one in `{}`, python-dotenv the one in `.env`",
                line.name,
                others.join(", "),
                crate::printable::text(&winner)
            );
            let mut finding = Finding::warning("layered-env", what)
                .variable(line.name.clone())
                .data("winner", winner)
                .data("mode", mode);
            for file in rivals.iter().map(|file| **file).chain([file]) {
                finding = look.in_file(file, &line.name).into_iter().fold(finding, Finding::at);
            }
            found.push(finding.hint("keep the key in one of them"));
        }
    }
    found
}

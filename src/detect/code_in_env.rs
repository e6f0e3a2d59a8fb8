//! A `.env` file that runs something when it is loaded.

use super::{Detector, Finding, Look, Spot};
use crate::dotenv::{Dialect, Problem};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["code-in-env"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        let mut told: Vec<usize> = Vec::new();
        for loader in [Dialect::Bash, Dialect::Ruby, Dialect::NpmExpand1000] {
            for diagnostic in &file.reading(loader).diagnostics {
                let line = diagnostic.place.line;
                let written = file.lines.iter().find(|known| known.number == line);
                let text = written.map(|line| file.written(line).into_owned()).unwrap_or_default();
                let runs = match diagnostic.problem {
                    // What stands in single quotes was meant as text.
                    Problem::CommandSubstitution => !text.starts_with('\''),
                    // A blank after `=` and the like have findings of their own: what is told here is meant to run.
                    Problem::RunsCommand | Problem::ShellCode => {
                        ["; ", "&&", "||", "|", "<("].iter().any(|sign| text.contains(sign))
                            && !text.starts_with(['\'', '"'])
                    }
                    _ => false,
                };
                if !runs || told.contains(&line) {
                    continue;
                }
                told.push(line);
                let who = match loader {
                    Dialect::Ruby => "dotenv (Ruby)",
                    Dialect::NpmExpand1000 => "dotenv-expand (npm)",
                    _ => "`source`",
                };
                let name = written.map(|line| line.name.clone());
                let subject =
                    name.as_deref().map(|name| format!(" for {}", crate::printable::text(name))).unwrap_or_default();
                let mut finding = Finding::error(
                    "code-in-env",
                    format!("line {line} runs a command{subject} when {who} loads the file"),
                )
                .at(Spot::bare(file.origin(line, Some(diagnostic.place.column))));
                finding.variable = name;
                found.push(finding.data("loader", loader.id()).hint("read the line before anything loads the file; `llmenv add NAME --key-ref 'command:PROGRAM ARGUMENTS'` keeps a command for a key"));
            }
        }
    }
    found
}

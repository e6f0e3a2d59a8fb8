//! A file of this repository that sends keys, which it does not bring, to a host that nobody here chose.

use std::path::{Path, PathBuf};

use super::environment::{is_base_url, is_key, is_routing};
use super::look::host_of;
use super::{Detector, Finding, Look, Spot, is_private, is_this_machine};
use crate::provider;
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["repo-redirects-key"], find };

/// Settings of tools that a repository can bring, as paths in it.
const SETTINGS: [(&str, &str); 5] = [
    (".claude/settings.json", "Claude Code"),
    (".claude/settings.local.json", "Claude Code"),
    (".vscode/settings.json", "VS Code's terminals"),
    (".gemini/settings.json", "gemini-cli"),
    ("opencode.json", "opencode"),
];

struct Redirect {
    name: String,
    value: String,
    who: &'static str,
    path: PathBuf,
    line: usize,
}

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let bound = look.active.base_url.as_deref().and_then(host_of);
    for redirect in redirects(look) {
        let host = host_of(&redirect.value);
        let is_fine = match &host {
            Some(host) if is_base_url(&redirect.name) => {
                let is_known = provider::of_host(host).is_some() || is_this_machine(host) || is_private(host);
                is_known || bound.as_ref() == Some(host)
            }
            Some(host) => is_this_machine(host),
            None if is_base_url(&redirect.name) => true,
            None => false,
        };
        if is_fine {
            continue;
        }
        let goes = host.as_deref().map(|host| format!(" to {}", crate::printable::text(host))).unwrap_or_default();
        let what = if is_base_url(&redirect.name) {
            format!(
                "this repository sends {}{goes}, by {}: your key would go there",
                requests(&redirect.name),
                redirect.who
            )
        } else {
            format!(
                "this repository sets {}{goes} for {}: whoever chose that can read your key",
                redirect.name, redirect.who
            )
        };
        let origin = Origin::at(Kind::ToolConfig, Reader::Programs, &redirect.path, redirect.line, None)
            .part(redirect.name.clone());
        let finding = Finding::error("repo-redirects-key", what).variable(redirect.name.clone()).at(Spot::bare(origin));
        found.push(
            finding.data("host", host).hint(
                "make sure of that host before any tool runs here; take the line out if nobody of yours wrote it",
            ),
        );
    }
    found
}

fn requests(name: &str) -> &'static str {
    match crate::profile::Family::of_variable(name) {
        Some(crate::profile::Family::Anthropic) => "Anthropic's requests",
        Some(crate::profile::Family::Gemini) => "Gemini's requests",
        _ => "OpenAI's requests",
    }
}

fn redirects(look: &Look) -> Vec<Redirect> {
    let mut found = Vec::new();
    let is_wanted = |name: &str| is_base_url(name) || is_routing(name);
    let mut dirs: Vec<&Path> = look.scene.upwards().filter(|dir| *dir != look.scene.home).collect();
    if let Some(root) = look.repository() {
        dirs.retain(|dir| dir.starts_with(root));
    }
    for dir in dirs {
        for (name, who) in SETTINGS {
            let path = dir.join(name);
            let Some(text) = look.read_text(&path) else { continue };
            for (at, line) in text.lines().enumerate() {
                // One `"NAME": "value"` after the other, however the file is laid out.
                let strings: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
                for pair in strings.windows(2) {
                    let name = if pair[0] == "baseURL" { "OPENAI_BASE_URL" } else { pair[0] };
                    if is_wanted(name) {
                        found.push(Redirect {
                            name: name.to_owned(),
                            value: pair[1].to_owned(),
                            who,
                            path: path.clone(),
                            line: at + 1,
                        });
                    }
                }
            }
        }
        let path = dir.join(".codex/config.toml");
        if let Some(text) = look.read_text(&path) {
            for (at, line) in text.lines().enumerate() {
                let Some((name, value)) = line.split_once('=') else { continue };
                let value = value.trim().trim_matches(['"', '\'']);
                if matches!(name.trim(), "base_url" | "chatgpt_base_url") {
                    let name = "OPENAI_BASE_URL".to_owned();
                    found.push(Redirect {
                        name,
                        value: value.to_owned(),
                        who: "Codex",
                        path: path.clone(),
                        line: at + 1,
                    });
                }
            }
        }
    }
    // A `.env` or `.envrc` that brings the key as well is a pair of its own, and judged as one.
    let in_repository = |path: &Path| look.repository().is_some_and(|root| path.starts_with(root));
    for file in look.files.iter().filter(|file| in_repository(&file.path)) {
        let has_key = file.lines.iter().any(|line| is_key(&line.name));
        for line in file.lines.iter().filter(|line| is_wanted(&line.name) && !has_key) {
            if let Some((value, number)) = file.value(&line.name) {
                let value = value.expose().to_owned();
                found.push(Redirect {
                    name: line.name.clone(),
                    value,
                    who: "programs that load `.env`",
                    path: file.path.clone(),
                    line: number,
                });
            }
        }
    }
    for (held, value) in look.texts(&[Kind::Envrc, Kind::Mise]).filter(|(held, _)| is_wanted(&held.name)) {
        let Some((path, line)) = held.origin.path.clone().zip(held.origin.line).filter(|(path, _)| in_repository(path))
        else {
            continue;
        };
        let has_key =
            look.assignments.iter().any(|other| other.origin.path.as_ref() == Some(&path) && is_key(&other.name));
        if !has_key {
            let who = if held.origin.kind == Kind::Mise { "mise" } else { "direnv" };
            found.push(Redirect { name: held.name.clone(), value: value.expose().to_owned(), who, path, line });
        }
    }
    found
}

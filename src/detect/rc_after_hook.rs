//! A start-up file that sets a variable behind llmenv's hook, in every new shell.

use std::path::Path;

use super::environment::{is_base_url, is_key};
use super::fix::Fix;
use super::{Detector, Finding, Look, Spot};
use crate::source::{Kind, Origin, Reader, When};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["rc-after-hook"], find };

/// Files that `setup` puts the hook into.
const HOOKED: [&str; 6] = [
    ".bashrc",
    ".bash_profile",
    ".zshrc",
    ".config/fish/config.fish",
    ".config/powershell/profile.ps1",
    ".config/powershell/Microsoft.PowerShell_profile.ps1",
];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let zdotdir = look.text("ZDOTDIR").map(|dir| Path::new(dir).join(".zshrc"));
    for path in HOOKED.map(|name| look.scene.home.join(name)).into_iter().chain(zdotdir) {
        let Some(text) = look.read_text(&path) else { continue };
        let Some(hook) = text.lines().position(is_hook) else { continue };
        for held in look.assignments.iter().filter(|held| held.origin.kind == Kind::Rc && held.exported) {
            if !(is_key(&held.name) || is_base_url(&held.name))
                || matches!(held.origin.reader, Reader::Shell(_, When::Called))
            {
                continue;
            }
            let Some((file, line)) = held.origin.path.as_deref().zip(held.origin.line) else { continue };
            // A file that is sourced behind the hook counts from the line that does so.
            let at = if file == path { Some(line) } else { sourced_at(&text, file) };
            let Some(at) = at.filter(|at| *at > hook + 1) else { continue };
            let what = format!(
                "{} is set behind llmenv's hook (line {} of {}), in every new shell",
                held.name,
                hook + 1,
                crate::printable::path(&path)
            );
            let mark = Spot::bare(Origin::at(Kind::Rc, held.origin.reader.clone(), &path, hook + 1, Some(1)));
            let finding =
                Finding::warning("rc-after-hook", what).variable(held.name.clone()).at(look.place(held)).at(mark);
            found.push(
                finding
                    .data("hook_line", hook + 1)
                    .data("line", at)
                    .fix(Fix::hint("take the line out, or move the hook to the end of the file")),
            );
        }
    }
    found
}

fn is_hook(line: &str) -> bool {
    let line = line.trim_start();
    !line.starts_with('#') && line.contains("llmenv") && line.contains(" init ")
}

fn sourced_at(text: &str, file: &Path) -> Option<usize> {
    let name = file.file_name()?.to_str()?;
    let is_source = |line: &str| {
        let line = line.trim_start();
        ["source ", ". "].iter().any(|word| {
            line.starts_with(word) || line.contains(&format!(" {word}")) || line.contains(&format!("&& {word}"))
        })
    };
    text.lines().position(|line| is_source(line) && line.contains(name)).map(|at| at + 1)
}

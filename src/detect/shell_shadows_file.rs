//! This shell and a `.env` file disagree about a variable: who wins depends on the loader.

use super::environment::{is_base_url, is_key};
use super::look::owner;
use super::{Detector, EnvFile, Finding, Look};
use crate::secret::Secret;
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector {
    ids: &[
        "shell-shadows-file",
        "file-overrides-shell",
        "codespaces-secret-shadows",
        "vscode-stale-injection",
        "file-competes",
    ],
    find,
};

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in &look.files {
        let mut names: Vec<&str> = Vec::new();
        for line in file.lines.iter().filter(|line| is_key(&line.name) || is_base_url(&line.name)) {
            if !names.contains(&line.name.as_str()) {
                names.push(&line.name);
                found.extend(of_variable(look, file, &line.name));
            }
        }
    }
    found
}

fn of_variable(look: &Look, file: &EnvFile, name: &str) -> Option<Finding> {
    let here = look.variable(name)?;
    let (there, _) = file.value(name)?;
    let clean = |value: &Secret| crate::sanitize::clean(value.expose()).value;
    // The same but for what was pasted around it has a finding of its own; an empty value or a placeholder is no rival.
    if there.expose().trim().is_empty() || clean(here).same_as(&clean(there)) || is_key(name) && is_stand_in(there) {
        return None;
    }
    let at = |finding: Finding| {
        look.in_file(file, name).into_iter().fold(finding.variable(name).at(look.here(name)), Finding::at)
    };
    if look.is_own(name) {
        let what = format!("{name} is set in a file here, too; most programs that load it keep the profile's value");
        return Some(at(Finding::info("file-competes", what)).hint("take the line out, or leave it as a comment"));
    }
    let origin = source_of(look, name, here);
    if look.text("CODESPACES") == Some("true") {
        let what = format!(
            "Codespaces sets {name} from a secret, and python-dotenv, dotenv and Next.js keep that instead of the file's value"
        );
        return Some(
            at(Finding::warning("codespaces-secret-shadows", what))
                .data("winner", "environment")
                .hint("change the secret in GitHub's settings for Codespaces"),
        );
    }
    if look.text("TERM_PROGRAM") == Some("vscode") && injects(look) {
        let what = format!(
            "VS Code put a file's {name} into this terminal when its window was opened, and the file has another value now, which load_dotenv() does not put in its place"
        );
        return Some(
            at(Finding::warning("vscode-stale-injection", what))
                .data("winner", "environment")
                .hint("reload the window: `Developer: Reload Window`"),
        );
    }
    let overriding = overriding(look);
    if let Some((tool, how)) = overriding.first() {
        let what = format!(
            "{name} has another value in this shell, and {how} puts the file's in its place; python-dotenv and Node keep the shell's"
        );
        let winners = serde_json::json!({tool.to_owned(): "file", "python-dotenv": "environment"});
        let finding = at(Finding::warning("file-overrides-shell", what)).data("winners", winners);
        return Some(
            finding.hint(
                "keep one of the two; `llmenv use NAME` sets a profile's, and a comment can take the line's place",
            ),
        );
    }
    let what = format!("{name} has another value in this shell, and most programs that load the file keep the shell's");
    let mut finding = at(Finding::warning("shell-shadows-file", what)).data("winner", "environment");
    if let Some(spot) = origin {
        finding = finding.at(spot);
    }
    Some(finding.hint(format!("`unset {name}` for the file's value, or take the line out")))
}

fn is_stand_in(value: &Secret) -> bool {
    let key = crate::sanitize::clean(value.expose()).value;
    owner(&key).is_none()
        && crate::sanitize::vet(crate::provider::custom(), &key).is_err_and(|refusal| {
            matches!(
                refusal.reason,
                crate::sanitize::Reason::Placeholder
                    | crate::sanitize::Reason::Masked
                    | crate::sanitize::Reason::Reference(_)
            )
        })
}

/// The start-up file that this shell's value comes from, where one has it.
fn source_of(look: &Look, name: &str, here: &Secret) -> Option<super::Spot> {
    const KINDS: [Kind; 5] = [Kind::Rc, Kind::FishUniversal, Kind::System, Kind::SystemdUser, Kind::Tmux];
    let mut same = look.texts(&KINDS).filter(|(held, value)| held.name == name && value.same_as(here));
    same.next().map(|(held, _)| look.place(held))
}

/// Whether VS Code copies `.env` into terminals here.
fn injects(look: &Look) -> bool {
    let settings = look
        .nearest(".vscode/settings.json")
        .into_iter()
        .chain([look.scene.config_folder().join("Code/User/settings.json")]);
    settings.filter_map(|path| look.read_text(&path)).any(|text| {
        let flat: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        flat.contains("\"python.terminal.useEnvFile\":true") || flat.contains("\"python.envFile\":")
    })
}

/// What here puts a file's values over those of the shell.
fn overriding(look: &Look) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    if look.has_any(&[".aider.conf.yml"]) || look.scene.home.join(".aider.conf.yml").exists() {
        found.push(("aider", "aider"));
    }
    let envrc = look.nearest(".envrc").and_then(|path| look.read_text(&path));
    if envrc.is_some_and(|text| text.lines().any(|line| line.trim_start().starts_with("dotenv"))) {
        found.push(("direnv", "direnv"));
    }
    if look.has_any(&["Procfile"]) {
        found.push(("honcho", "honcho"));
    }
    found
}

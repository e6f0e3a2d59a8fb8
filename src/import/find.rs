//! Which files there are to look at, and what a file that was named is.

use std::path::{Path, PathBuf};

use super::commented::{self, Mark};
use super::section::{Format, MAX_FILE_BYTES, Oddity, Reading, Section};
use crate::bounded::{self, Links, NotRead};
use crate::error::Result;
use crate::source::dotenv_files;

/// The most `.env` files that are looked at, nearest first.
const MAX_DOTENV_FILES: usize = 20;
/// Start-up files in the home directory.
const RC_FILES: [(&str, Format); 9] = [
    (".bashrc", Format::Bash),
    (".bash_profile", Format::Bash),
    (".bash_login", Format::Bash),
    (".profile", Format::Bash),
    (".bash_aliases", Format::Bash),
    (".zshenv", Format::Zsh),
    (".zprofile", Format::Zsh),
    (".zshrc", Format::Zsh),
    (".zlogin", Format::Zsh),
];

/// Lists the files that may hold keys for somebody in `from`: those of directories first, then the user's own set-up.
pub fn known(from: &Path, home: &Path) -> Vec<(PathBuf, Format)> {
    let mut files = Vec::new();
    let mut others = Vec::new();
    for dir in from.ancestors() {
        let mut paths: Vec<PathBuf> = std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().to_str().is_some_and(dotenv_files::is_loaded))
            .map(|entry| entry.path())
            .collect();
        paths.sort();
        files.extend(paths.into_iter().map(|path| (path, Format::Dotenv)));
        if dir == home {
            break;
        }
        for (name, format) in [
            (".claude/settings.json", Format::Claude),
            (".claude/settings.local.json", Format::Claude),
            (".aider.conf.yml", Format::Aider),
            ("opencode.json", Format::Opencode),
            ("opencode.jsonc", Format::Opencode),
        ] {
            others.push((dir.join(name), format));
        }
    }
    files.truncate(MAX_DOTENV_FILES);
    others.extend(of_user(home));
    let mut seen: Vec<PathBuf> = Vec::new();
    for (path, format) in others {
        if path.symlink_metadata().is_ok() && !seen.contains(&path) {
            seen.push(path.clone());
            files.push((path, format));
        }
    }
    files
}

/// The user's own set-up: start-up files of shells, settings of tools. Whether they are there is another question.
pub fn of_user(home: &Path) -> Vec<(PathBuf, Format)> {
    let folder = |variable: &str| std::env::var_os(variable).map(PathBuf::from).filter(|dir| dir.is_absolute());
    let mut files: Vec<(PathBuf, Format)> = RC_FILES.iter().map(|(name, format)| (home.join(name), *format)).collect();
    if let Some(dir) = folder("ZDOTDIR") {
        files.extend(RC_FILES[5..].iter().map(|(name, format)| (dir.join(name), *format)));
    }
    let config = folder("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
    let data = folder("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
    files.push((config.join("fish/config.fish"), Format::Fish));
    let found = std::fs::read_dir(config.join("fish/conf.d")).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    found.retain(|path| path.extension().is_some_and(|extension| extension == "fish"));
    found.sort();
    files.extend(found.into_iter().map(|path| (path, Format::Fish)));
    let documents = home.join("Documents");
    for dir in [config.join("powershell"), documents.join("PowerShell"), documents.join("WindowsPowerShell")] {
        for name in ["profile.ps1", "Microsoft.PowerShell_profile.ps1"] {
            files.push((dir.join(name), Format::Powershell));
        }
    }
    let claude = folder("CLAUDE_CONFIG_DIR").unwrap_or_else(|| home.join(".claude"));
    files.extend(["settings.json", "settings.local.json"].map(|name| (claude.join(name), Format::Claude)));
    files.push((home.join(".claude.json"), Format::Claude));
    let codex = folder("CODEX_HOME").unwrap_or_else(|| home.join(".codex"));
    files.extend(["auth.json", "config.toml"].map(|name| (codex.join(name), Format::Codex)));
    files.push((home.join(".aider.conf.yml"), Format::Aider));
    files
        .extend(["opencode.json", "opencode.jsonc"].map(|name| (config.join("opencode").join(name), Format::Opencode)));
    files.push((data.join("opencode/auth.json"), Format::Opencode));
    files.push((home.join(".config/llm-env/config.conf"), Format::LlmEnv));
    files
}

/// Tells what a file is by its name; none: nobody could say.
pub fn format_of(path: &Path) -> Option<Format> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if let Some((_, format)) = RC_FILES.iter().find(|(known, _)| *known == name) {
        return Some(*format);
    }
    match (folder, name, extension) {
        (_, name, _) if name.starts_with(".env") => Some(Format::Dotenv),
        (".claude", "settings.json" | "settings.local.json", _) | (_, ".claude.json", _) => Some(Format::Claude),
        (".codex", "auth.json" | "config.toml", _) => Some(Format::Codex),
        (_, ".aider.conf.yml", _) => Some(Format::Aider),
        (_, "opencode.json" | "opencode.jsonc", _) | ("opencode", "auth.json", _) => Some(Format::Opencode),
        ("llm-env", "config.conf", _) | (_, "llm-env.conf", _) => Some(Format::LlmEnv),
        (_, _, "env") => Some(Format::Dotenv),
        (_, _, "sh" | "bash") => Some(Format::Bash),
        (_, _, "zsh") => Some(Format::Zsh),
        (_, _, "fish") => Some(Format::Fish),
        (_, _, "ps1") => Some(Format::Powershell),
        _ => None,
    }
}

/// Reads a file in its format. A file that is not there is an error; one that cannot be used, too.
pub fn read(path: &Path, format: Format) -> Result<(Reading, Vec<u8>)> {
    let bytes = match bounded::read(path, MAX_FILE_BYTES, Links::Follow) {
        Ok((bytes, _)) => bytes,
        Err(reason @ NotRead::NotAFile(_)) => {
            return Err(reason.into_error(path, MAX_FILE_BYTES).hint("nothing was read of it"));
        }
        Err(reason) => return Err(reason.into_error(path, MAX_FILE_BYTES)),
    };
    let mut reading = match format {
        Format::Environment => Reading::default(),
        Format::Dotenv => super::dotenv::read(path, &bytes),
        Format::Bash | Format::Zsh | Format::Fish | Format::Powershell => super::rcfile::read(path, &bytes, format),
        Format::Codex if path.extension().is_some_and(|extension| extension == "toml") => {
            super::tool::read_codex_toml(path, &bytes)
        }
        Format::Claude | Format::Codex | Format::Opencode => super::tool::read_json(path, &bytes, format),
        Format::Aider => super::tool::read_aider(path, &bytes),
        Format::LlmEnv => Reading { accounts: super::llm_env::read(path, &bytes), ..Reading::default() },
    };
    let is_json = path.extension().is_some_and(|extension| extension == "json" || extension == "jsonc");
    let comments = commented::settings(&bytes, if is_json { Mark::Slashes } else { Mark::Hash });
    match &mut reading.sections[..] {
        _ if comments.is_empty() => {}
        // Beside the address that its assignment would go with.
        [section] => section.settings.extend(comments),
        _ => reading.sections.push(Section { format, path: Some(path.to_owned()), settings: comments }),
    }
    Ok((reading, bytes))
}

/// What is told of a file that nobody named and that cannot be read.
pub fn unread(path: &Path, error: &crate::error::Error) -> Oddity {
    Oddity { id: "file-unread", path: Some(path.to_owned()), line: None, message: error.message.clone(), hint: None }
}

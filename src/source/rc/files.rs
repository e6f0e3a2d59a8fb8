//! Which start-up files shells here would look for.

use std::path::PathBuf;

use crate::source::{Scene, When};

/// The most files of one shell.
pub(super) const MAX_FILES: usize = 60;

/// A start-up file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartUp {
    /// The file.
    pub path: PathBuf,
    /// Whose.
    pub shell: &'static str,
    /// Which of its shells read it.
    pub when: When,
}

/// Every start-up file that shells here would look for, each shell's in the order in which it reads them.
pub fn start_up_files(scene: &Scene) -> Vec<StartUp> {
    let mut files = Vec::new();
    let mut add = |path: PathBuf, shell, when| files.push(StartUp { path, shell, when });
    let (home, root) = (&scene.home, &scene.root);
    add(root.join("etc/profile"), "login", When::Login);
    let names = [".bash_profile", ".bash_login", ".profile"].map(|name| home.join(name));
    if let Some(path) = names.iter().find(|path| path.symlink_metadata().is_ok()) {
        add(path.clone(), "bash", When::Login);
    }
    add(root.join("etc/bash.bashrc"), "bash", When::Interactive);
    add(home.join(".bashrc"), "bash", When::Interactive);
    if let Some(path) = scene.variable("BASH_ENV").map(PathBuf::from).filter(|path| path.is_absolute()) {
        add(path, "bash", When::Always);
    }
    let dot = scene.folder("ZDOTDIR", "");
    let etc = root.join("etc/zsh");
    let etc = if etc.is_dir() { etc } else { root.join("etc") };
    for (name, when) in
        [("zshenv", When::Always), ("zprofile", When::Login), ("zshrc", When::Interactive), ("zlogin", When::Login)]
    {
        add(etc.join(name), "zsh", when);
        add(dot.join(format!(".{name}")), "zsh", when);
    }
    let config = scene.config_folder();
    let mut snippets: Vec<PathBuf> = std::fs::read_dir(config.join("fish/conf.d"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "fish"))
        .take(MAX_FILES)
        .collect();
    snippets.sort();
    for path in snippets {
        add(path, "fish", When::Always);
    }
    add(config.join("fish/config.fish"), "fish", When::Always);
    let mut folders = vec![config.join("powershell")];
    if cfg!(windows) {
        folders = ["PowerShell", "WindowsPowerShell"].map(|name| home.join("Documents").join(name)).into();
    }
    for folder in folders {
        for name in ["profile.ps1", "Microsoft.PowerShell_profile.ps1", "Microsoft.VSCode_profile.ps1"] {
            add(folder.join(name), "powershell", When::Interactive);
        }
    }
    files
}

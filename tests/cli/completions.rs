//! The checked-in completions are the generated ones (`LLMENV_WRITE=1` writes them), and offer profile names.

use std::path::Path;

use super::home_with_work;
use crate::support::home::finish;

const FILES: &[(&str, &str)] =
    &[("bash", "llmenv.bash"), ("zsh", "_llmenv"), ("fish", "llmenv.fish"), ("powershell", "_llmenv.ps1")];

#[test]
fn the_files_are_current() {
    let home = crate::support::Home::new();
    for (shell, name) in FILES {
        let got = home.llmenv(&["completions", shell]);
        assert_eq!((got.stderr.as_str(), got.code), ("", 0));
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(name);
        if std::env::var_os("LLMENV_WRITE").is_some_and(|value| value == "1") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &got.stdout).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(kept == got.stdout, "completions/{name} is old: run LLMENV_WRITE=1 cargo test completions");
    }
}

#[test]
fn every_script_parses() {
    let home = crate::support::Home::new();
    for (shell, name) in &FILES[..3] {
        let path = home.write(name, home.llmenv(&["completions", shell]).stdout);
        let mut command = home.cmd(shell);
        command.arg("-n").arg(path);
        let got = finish(command, None);
        assert_eq!((got.stderr.as_str(), got.code), ("", 0), "{shell}");
    }
    let text = home.llmenv(&["completions", "powershell"]).stdout;
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    let tree = parser.parse(&text, None).unwrap();
    assert!(!tree.root_node().has_error(), "{:?}", first_error(tree.root_node()).map(|node| node.range()));
}

#[test]
fn profile_names_are_offered() {
    let home = home_with_work();
    let names = home.llmenv(&["hook", "complete", "profiles"]);
    assert_eq!((names.stdout.as_str(), names.code), ("work\n", 0));
    assert_eq!(home.daemon_pid(), None, "a completion starts nothing");
    let script = "source <(llmenv completions bash); COMP_WORDS=(llmenv show w) COMP_CWORD=2; \
        _llmenv_with_profiles llmenv w show; printf '%s\\n' \"${COMPREPLY[@]}\"; \
        COMP_WORDS=(llmenv prov) COMP_CWORD=1; _llmenv_with_profiles llmenv prov llmenv; printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut command = home.cmd("bash");
    command.args(["-c", script]);
    assert_eq!(finish(command, None).stdout, "work\nproviders\n");
    let mut command = home.cmd("fish");
    command.args(["-c", "llmenv completions fish | source; complete -C 'llmenv show w'; complete -C 'llmenv prov'"]);
    assert_eq!(finish(command, None).stdout, "work\tProfile\nproviders\tThe catalogue of providers\n");
}

/// The innermost node that the grammar could not read.
fn first_error(node: tree_sitter::Node) -> Option<tree_sitter::Node> {
    let mut cursor = node.walk();
    let inner = node.children(&mut cursor).find(tree_sitter::Node::has_error).and_then(first_error);
    inner.or_else(|| (node.is_error() || node.is_missing()).then_some(node))
}

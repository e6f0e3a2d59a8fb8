//! What `--help` and wrong usage say.

use super::failed;
use crate::support::Home;

#[test]
fn the_commands_there_are() {
    let home = Home::new();
    let listed = super::listed_commands(&home);
    assert_eq!(
        listed,
        [
            "setup",
            "add",
            "rotate",
            "edit",
            "rename",
            "remove",
            "list",
            "show",
            "use",
            "off",
            "status",
            "exec",
            "env",
            "why",
            "doctor",
            "check",
            "undo",
            "explain",
            "import",
            "client",
            "providers",
            "allow",
            "deny",
            "proxy",
            "daemon",
            "unlock",
            "lock",
            "init",
            "completions",
            "man"
        ]
    );
    for command in listed {
        let got = home.llmenv(&[&command, "--help"]);
        assert_eq!((got.stderr.as_str(), got.code), ("", 0), "{command}");
        assert!(got.stdout.lines().count() >= 6, "{command}");
    }
    assert!(!home.path(".local/state/llmenv").exists(), "help touches nothing");
}

#[test]
fn wrong_usage_ends_with_2() {
    let home = Home::new();
    for args in [&["nonsense"][..], &["add", "--nonsense"], &["show"], &["use"], &["show", "a", "--reveal", "--json"]] {
        let got = home.llmenv(args);
        assert_eq!((got.stdout.as_str(), got.code), ("", 2), "{args:?}");
        assert!(got.stderr.starts_with("error: "), "{got:?}");
    }
    assert_eq!(
        home.llmenv(&["completions", "tcsh"]),
        failed(
            2,
            "error: there are no completions for the shell `tcsh`\nhint: there are some for `bash`, `zsh`, `fish` and `powershell`\n"
        )
    );
}

#[test]
fn colour_goes_where_it_is_asked_for() {
    let home = Home::new();
    let run = |name: &str, value: &str| {
        let mut command = home.cmd(crate::support::LLMENV);
        command.args(["show", "x"]).env(name, value);
        crate::support::home::finish(command, None).stderr
    };
    assert!(run("CLICOLOR_FORCE", "1").contains("\u{1b}["));
    assert!(!run("NO_COLOR", "1").contains('\u{1b}'));
}

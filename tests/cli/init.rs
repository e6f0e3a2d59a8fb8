//! `init`: scripts with the program and the state folder in place of their tokens.

use super::failed;
use crate::support::home::finish;
use crate::support::{Home, LLMENV};

#[test]
fn every_token_is_replaced() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell", "pwsh"] {
        let got = home.llmenv(&["init", shell]);
        assert_eq!((got.stderr.as_str(), got.code), ("", 0), "{shell}");
        assert!(!got.stdout.contains("__LLMENV_"), "{shell}");
    }
    assert_eq!(
        home.llmenv(&["init", "nu"]),
        failed(
            2,
            "error: there is no hook for the shell `nu`\nhint: there is one for `bash`, `zsh`, `fish` and `powershell`; \
             anywhere else: `llmenv exec NAME -- COMMAND`\n"
        )
    );
    assert_eq!(
        home.llmenv(&["init", "zsh", "--debug-trap"]),
        failed(2, "error: `--debug-trap` is for bash alone\nhint: zsh needs none\n")
    );
}

/// fish 3.6 ends itself where Ctrl-C comes while it expands a command's name: none of ours is to be expanded, wherever the program is.
#[cfg(unix)]
#[test]
fn fish_expands_no_command_s_name() {
    let home = Home::new();
    for (folder, wanted) in
        [("plain.d/bin-1", "{}"), ("two words", "env '{}'"), ("ü", "{}"), ("it's", "env '{}'"), ("a=b", "{}")]
    {
        let program = home.path(folder).join("llmenv");
        std::fs::create_dir_all(program.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(LLMENV, &program).unwrap();
        let mut command = home.cmd(&program);
        command.args(["init", "fish"]);
        let script = finish(command, None).stdout;
        let path = program.to_str().unwrap().replace('\'', r"\'");
        let wanted = format!("(command {} hook ", wanted.replace("{}", &path));
        assert_eq!(script.matches(&wanted).count(), 2, "{wanted}");
        // Asked for a hook's answer, the program is found by that word.
        let word = wanted.trim_start_matches("(command ").trim_end_matches(" hook ");
        let mut command = home.cmd("fish");
        command.args(["-N", "-c", &format!("command {word} --version")]);
        let got = finish(command, None);
        assert!(got.stdout.starts_with("llmenv ") && got.stderr.is_empty(), "{folder}: {got:?}");
        // After `command`, `builtin`, `(`, `and`, `or`, `not`, `if`, `while`, or at a line's start.
        for (number, line) in script.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
            let mut before = "";
            let words = line.split_whitespace().flat_map(|word| {
                let inner = word.trim_start_matches('(');
                if inner.len() < word.len() { vec!["(", inner] } else { vec![word] }
            });
            for (at, word) in words.enumerate() {
                let is_command = at == 0 && !line.starts_with("        ")
                    || ["command", "builtin", "(", "and", "or", "not", "if", "while"].contains(&before);
                let is_expanded = word.starts_with(['$', '\'', '"', '~', '%']);
                assert!(!(is_command && is_expanded), "line {}: {line}", number + 1);
                before = word;
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn t12_an_awkward_path_is_one_word() {
    let home = Home::new();
    let dir = home.path("it's $(touch pwned) `x`; \"q\"");
    std::fs::create_dir(&dir).unwrap();
    let program = dir.join("llmenv");
    std::fs::copy(LLMENV, &program).unwrap();
    for (shell, start) in [("bash", "__llmenv_program="), ("fish", "set -g __llmenv_program ")] {
        let mut command = home.cmd(&program);
        command.args(["init", shell]);
        let script = finish(command, None).stdout;
        let line = script.lines().find(|line| line.starts_with(start)).unwrap();
        let mut command = home.cmd(shell);
        command.args(["-c", &format!("{line}; printf %s \"$__llmenv_program\"")]);
        let got = finish(command, None);
        assert_eq!((got.stdout.as_str(), got.stderr.as_str()), (program.to_str().unwrap(), ""), "{shell}");
    }
    assert!(!home.path("pwned").exists());
}

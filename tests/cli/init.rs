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

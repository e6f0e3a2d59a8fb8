//! Without a daemon, and without room: nothing is left running, and a file that cannot be written stays what it was.

use super::{Sleeper, add, home_with_daemon, key, processes, served, state_dir};
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

/// Runs `llmenv` without a daemon, from a shell with a limit on the size of files.
fn limited(home: &Home, args: &[&str], stdin: &str) -> Output {
    let mut command = home.cmd("bash");
    // Ignored, the signal that comes with the limit leaves an error, as a full disk does.
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec llmenv \"$@\"", "bash"]).args(args);
    finish(command, Some(stdin.into()))
}

#[test]
fn nothing_is_left_running() {
    let home = Home::new();
    for (args, stdin) in [
        (&["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"][..], key(0)),
        (&["list"], String::new()),
        (&["show", "work"], String::new()),
        (&["status"], String::new()),
        (&["env", "work", "--format", "bash"], String::new()),
        (&["exec", "work", "--", "true"], String::new()),
        (&["daemon", "status"], String::new()),
    ] {
        let mut command = home.cmd(LLMENV);
        command.args(args).env("LLMENV_DAEMON", "off");
        let got = finish(command, Some(stdin.into()));
        assert_eq!(got.code, 0, "{args:?}: {got:?}");
        assert_eq!(processes(&home), [], "{args:?}");
    }
    let shell = Sleeper::start();
    let mut command = home.cmd(LLMENV);
    let pid = format!("pid={}", shell.pid());
    command.args(["hook", "prompt", "shell=bash", &pid, "why=start", "reason=none", "spawn=1"]);
    let got = finish(
        {
            command.env("LLMENV_DAEMON", "off");
            command
        },
        None,
    );
    assert_eq!((got.code, got.stdout.as_str()), (3, ""));
    assert_eq!(processes(&home), []);
    assert!(!home.path("run/llmenv").exists() && !state_dir(&home).join("daemon").exists());
}

#[test]
fn a_full_disk_leaves_the_old_configuration() {
    let (home, pid) = home_with_daemon();
    let path = home.path(".config/llmenv/config.toml");
    let before = std::fs::read(&path).unwrap();
    for (args, stdin) in [
        (&["edit", "work", "--model", "m"][..], String::new()),
        (&["use", "work", "--global"], String::new()),
        (&["add", "more", "--provider", "openrouter", "--key-stdin"], key(1)),
        (&["rename", "work", "home"], String::new()),
    ] {
        let got = limited(&home, args, &stdin);
        assert!(
            got.code == 1 && got.stderr.starts_with("error: cannot write `~/.config/llmenv/config.toml`: "),
            "{got:?}"
        );
        assert!(got.stderr.contains("\nhint: the file is as it was"), "{got:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{args:?}");
        assert_eq!(served(&home, "work"), key(0), "{args:?}");
    }
    // And nothing of it is left: the names are free, the folder is clean.
    assert_eq!(std::fs::read_dir(home.path(".config/llmenv")).unwrap().count(), 1);
    add(&home, "more", 2);
    assert_eq!(home.llmenv(&["rename", "work", "home"]).code, 0);
    assert_eq!((served(&home, "more"), served(&home, "home")), (key(2), key(0)));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn a_full_disk_under_the_daemon_leaves_the_old_vault() {
    let (home, pid) = home_with_daemon();
    let limit = |bytes: &str| {
        let mut command = home.cmd("prlimit");
        command.args([format!("--pid={pid}"), format!("--fsize={bytes}:unlimited")]);
        assert_eq!(finish(command, None).code, 0);
    };
    let vault = home.path(".local/share/llmenv/vault");
    let before = std::fs::read(&vault).unwrap();
    limit("0");
    let got = home.llmenv_with(&["rotate", "work", "--key-stdin"], key(1));
    assert!(got.code == 1 && got.stderr.starts_with("error: cannot write the vault `"), "{got:?}");
    assert_eq!(std::fs::read(&vault).unwrap(), before);
    assert_eq!(served(&home, "work"), key(0));
    // Room for the vault and not for what is remembered beside it cannot be made here; the daemon lives on in any case.
    limit("unlimited");
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(1)).code, 0);
    assert_eq!(served(&home, "work"), key(1));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn a_rotation_that_cannot_be_remembered_is_done_all_the_same() {
    let (home, pid) = home_with_daemon();
    // The state folder's file of old fingerprints is not one that can be written.
    std::fs::create_dir(state_dir(&home).join("rotated")).unwrap();
    let got = home.llmenv_with(&["rotate", "work", "--key-stdin"], key(1));
    assert_eq!(got.code, 0, "{got:?}");
    assert!(got.stderr.contains("the old key will not be recognised after a restart: "), "{got:?}");
    assert_eq!(served(&home, "work"), key(1));
    assert_eq!(home.llmenv(&["remove", "work", "--yes"]).code, 0);
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn t19_host_binding() {
    let (home, _) = home_with_daemon();
    assert_eq!(home.llmenv(&["use", "work", "--global"]).code, 0);
    let path = home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace("[profiles.work]", "[profiles.work]\nbase_url = \"https://openrouter.ai.evil.example/api/v1\""),
    )
    .unwrap();
    let shell = Sleeper::start();
    let is_clean = |text: &str| !text.contains(&key(0)) && !text.contains("evil.example/api");
    super::wait_until("the daemon has read it", || {
        let got = home.llmenv(&["status", "--json"]);
        got.stdout.contains("openrouter.ai.evil.example")
    });
    let got = home.llmenv(&["exec", "work", "--", "true"]);
    assert_eq!(got.code, 125, "{got:?}");
    let bound = "error: the key of `work` was stored for https://openrouter.ai, but its base URL now points to \
                 https://openrouter.ai.evil.example\n";
    assert!(got.stderr.starts_with(bound), "{got:?}");
    for args in [&["env", "work", "--format", "bash"][..], &["env", "--format", "json"]] {
        let got = home.llmenv(args);
        assert!(got.code == 1 && is_clean(&got.stdout) && got.stderr.starts_with(bound), "{args:?}: {got:?}");
    }
    for fields in [&["why=start", "reason=none"][..], &["why=prompt", "reason=shell", "profile=work"]] {
        let got = shell.hook(&home, "", fields);
        assert!(got.code == 0 && is_clean(&got.stdout) && !got.stdout.contains("\nset\t"), "{got:?}");
        assert!(got.stdout.contains("\nunset\t") || got.stdout.contains("\nstate\tapply\t"), "{got:?}");
    }
    let got = shell.hook(&home, "", &["why=choose", "reason=shell", "profile=work"]);
    assert_eq!((got.code, got.stdout.as_str()), (2, ""));
    let got = home.llmenv(&["status"]);
    assert!(is_clean(&got.stderr) && got.stdout.contains("was stored for https://openrouter.ai, but"), "{got:?}");
}

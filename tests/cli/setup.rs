//! `setup`: start-up files changed and given back byte for byte, stores, what is in the way, and a real new shell at its end.

use std::path::Path;

use super::{alone, failed, key, other_key};
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

const BEGIN: &str = "# >>> llmenv >>> added by llmenv setup; llmenv setup --undo takes it out\n";
const BEGIN_NEW: &str = "# >>> llmenv >>> added by llmenv setup to a new file; llmenv setup --undo takes it out\n";
const BEGIN_NO_END: &str =
    "# >>> llmenv >>> added by llmenv setup after a line without an end; llmenv setup --undo takes it out\n";
const END: &str = "# <<< llmenv <<<\n";
const BASH: [&str; 4] = ["setup", "--yes", "--shell", "bash"];
const UNDO: [&str; 3] = ["setup", "--undo", "--yes"];

fn hook_line(shell: &str) -> String {
    format!("if [ -x '{LLMENV}' ]; then eval \"$('{LLMENV}' init {shell})\"; fi")
}

fn block(begin: &str, shell: &str) -> String {
    format!("{begin}{}\n{END}", hook_line(shell))
}

/// Runs `llmenv` without a daemon and with these variables.
fn with(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).env("LLMENV_DAEMON", "off").envs(variables.iter().copied());
    finish(command, Some(Vec::new()))
}

fn read(path: impl AsRef<Path>) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn done(got: &Output) {
    assert_eq!(got.code, 0, "{got:?}");
}

#[test]
fn a_fresh_home_is_told_everything_and_given_back_as_it_was() {
    let home = Home::new();
    let before: Vec<_> = std::fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let got = alone(&home, &BASH, "");
    assert_eq!(
        got.stdout,
        format!(
            "bash: these lines go to the end of ~/.bashrc, a new file\n\n    {BEGIN_NEW}    {}\n    {END}\nwritten to ~/.bashrc\n\
             there is no keyring: no session bus: DBUS_SESSION_BUS_ADDRESS is not set and there is no bus socket\n\
             info: bash as a login shell (ssh, macOS' Terminal) reads no file here: there is no hook in it\n\
             hint: add this line to ~/.bash_profile: `[ -f ~/.bashrc ] && . ~/.bashrc`\n\nnothing active here\n\
             next: `llmenv add` adds a profile; open a new shell, then `llmenv use NAME`\n",
            hook_line("bash")
        )
    );
    assert_eq!(
        got.stderr,
        "keys are kept encrypted in `~/.local/share/llmenv/vault`; whoever can read `~/.local/share/llmenv/identity` can \
         open it: it protects a vault that is copied without that file, not against programs that run as you or a backup \
         that holds both\n"
    );
    assert_eq!(got.code, 0);
    assert_eq!(read(home.path(".bashrc")), block(BEGIN_NEW, "bash"));
    assert!(read(home.path(".config/llmenv/config.toml")).contains("store = \"file\""));

    let again = alone(&home, &["setup", "--shell", "bash"], "");
    assert!(
        again.stdout.starts_with("bash: ~/.bashrc:1 loads llmenv\nkeys are kept in the encrypted file\n"),
        "{again:?}"
    );
    assert!(again.stdout.contains("\nall is set up\n") && again.code == 0, "{again:?}");
    assert_eq!(read(home.path(".bashrc")), block(BEGIN_NEW, "bash"));

    let undone = alone(&home, &UNDO, "");
    assert_eq!(
        undone,
        Output {
            stdout: "took llmenv's lines out of ~/.bashrc\n\
                     what stays: the configuration in ~/.config/llmenv/config.toml, keys in the encrypted file\n"
                .into(),
            stderr: "hint: `llmenv remove NAME` removes a profile and its key\n\
                     hint: shells that are open keep the hook until they end\n"
                .into(),
            code: 0,
        }
    );
    let after: Vec<_> = std::fs::read_dir(home.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(after, before);
    assert!(alone(&home, &UNDO, "").stdout.starts_with("no start-up file has lines of llmenv's setup\n"));
}

#[test]
fn without_a_terminal_or_yes_nothing_is_written() {
    let home = Home::new();
    let got = alone(&home, &["setup", "--shell", "bash"], "");
    let message =
        "error: your word on what to write is needed, and there is no terminal to ask for it\nhint: use `--yes`\n";
    assert_eq!(got, failed(2, message));
    assert!(!home.path(".bashrc").exists() && !home.path(".config/llmenv/config.toml").exists());
    done(&alone(&home, &BASH, ""));
    let got = alone(&home, &["setup", "--undo"], "");
    assert_eq!((got.code, got.stderr.ends_with("hint: use `--yes`\n")), (2, true), "{got:?}");
    assert_eq!(read(home.path(".bashrc")), block(BEGIN_NEW, "bash"));
    let got = alone(&home, &["setup", "--yes", "--shell", "elvish"], "");
    assert_eq!(got.code, 2);
    assert!(got.stderr.starts_with("error: there is no hook for the shell `elvish`\n"), "{got:?}");
}

#[test]
fn every_byte_of_what_was_there_comes_back() {
    let cases: [(&[u8], String); 6] = [
        (b"alias a=b\n", block(BEGIN, "bash")),
        (b"alias a=b", format!("\n{}", block(BEGIN_NO_END, "bash"))),
        (b"", block(BEGIN, "bash")),
        (b"\n\n", block(BEGIN, "bash")),
        (b"# \xff\xfe no UTF-8\n", block(BEGIN, "bash")),
        (b"alias a=b\r\nalias c=d\r\n", format!("{BEGIN}{} #\n{END}", hook_line("bash")).replace('\n', "\r\n")),
    ];
    for (text, added) in cases {
        let home = Home::new();
        let rc = home.write(".bashrc", text);
        done(&alone(&home, &BASH, ""));
        let now = std::fs::read(&rc).unwrap();
        assert_eq!(now, [text, added.as_bytes()].concat(), "{}", String::from_utf8_lossy(&now));
        // What is there works in a real shell, carriage returns or not.
        let mut command = home.cmd("bash");
        command.args(["--norc", "-c", "LLMENV_HOOK=0; . ~/.bashrc; declare -F llmenv"]);
        assert_eq!(finish(command, None).stdout, "llmenv\n", "{}", String::from_utf8_lossy(&now));
        // Twice changes nothing.
        done(&alone(&home, &BASH, ""));
        assert_eq!(std::fs::read(&rc).unwrap(), now);
        done(&alone(&home, &UNDO, ""));
        assert_eq!(std::fs::read(&rc).unwrap(), text, "{}", String::from_utf8_lossy(text));
    }
}

/// `setup` is one of the changes that `undo` knows; a store that cannot be opened by now is no reason to ask for anything.
#[test]
fn undo_knows_what_setup_wrote() {
    let home = Home::new();
    let text = "alias a=b";
    let rc = home.write(".bashrc", text);
    done(&alone(&home, &BASH, ""));
    let listed = alone(&home, &["undo", "--list", "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&json["backups"][0]["what"], &json["backups"][0]["files"][0]), (&"setup".into(), &"~/.bashrc".into()));
    let got = alone(&home, &["undo", "--yes"], "");
    assert_eq!((got.code, got.stdout.as_str()), (0, "restored ~/.bashrc\n"), "{got:?}");
    assert_eq!(read(&rc), text);
    assert_eq!(alone(&home, &["undo", "--list"], "").stdout, "there is nothing to undo\n");
    // Again, then edited by hand: `undo` says so, `setup --undo` takes our lines alone.
    done(&alone(&home, &BASH, ""));
    std::fs::write(&rc, format!("{}alias c=d\n", read(&rc))).unwrap();
    let got = alone(&home, &["undo", "--yes"], "");
    assert!(got.code == 1 && got.stderr.contains("~/.bashrc was edited since"), "{got:?}");
    done(&alone(&home, &UNDO, ""));
    assert_eq!(read(&rc), "alias a=b\nalias c=d\n");
    // A new file goes with the lines, and so do folders that were made for it.
    let home = Home::new();
    done(&alone(&home, &["setup", "--yes", "--shell", "fish", "--store", "file"], ""));
    assert!(home.path(".config/fish/config.fish").exists());
    done(&alone(&home, &["undo", "--yes"], ""));
    assert!(!home.path(".config/fish").exists());
    // The vault is closed to whoever has no identity: the lines are written all the same, and nothing is kept.
    std::fs::remove_file(home.path(".local/share/llmenv/identity")).unwrap();
    done(&alone(&home, &["setup", "--yes", "--shell", "fish"], ""));
    assert!(home.path(".config/fish/config.fish").exists());
    assert_eq!(alone(&home, &["undo", "--list"], "").stdout, "there is nothing to undo\n");
}

#[test]
fn what_was_written_after_our_lines_stays() {
    let home = Home::new();
    let rc = home.write(".bashrc", "alias a=b");
    done(&alone(&home, &BASH, ""));
    let with_more = format!("{}alias c=d\n", read(&rc));
    std::fs::write(&rc, with_more).unwrap();
    done(&alone(&home, &UNDO, ""));
    assert_eq!(read(&rc), "alias a=b\nalias c=d\n");
}

#[test]
fn an_earlier_program_and_a_line_in_the_way_are_replaced() {
    let home = Home::new();
    let old = format!("{BEGIN}if [ -x '/old/llmenv' ]; then eval \"$('/old/llmenv' init bash)\"; fi\n{END}");
    let rc = home.write(".bashrc", format!("alias a=b\n{old}alias c=d\n"));
    let got = alone(&home, &BASH, "");
    assert!(got.stdout.contains("(they take the place of earlier ones)"), "{got:?}");
    assert_eq!(read(&rc), format!("alias a=b\nalias c=d\n{}", block(BEGIN, "bash")));

    // Assigned anew after our lines, PROMPT_COMMAND loses the hook; added to, it does not.
    std::fs::write(&rc, format!("{}PROMPT_COMMAND+=x\nPROMPT_COMMAND=\"y;$PROMPT_COMMAND\"\n", read(&rc))).unwrap();
    let before = read(&rc);
    done(&alone(&home, &BASH, ""));
    assert_eq!(read(&rc), before);
    std::fs::write(&rc, format!("{before}PROMPT_COMMAND=mine\n")).unwrap();
    let got = alone(&home, &BASH, "");
    assert!(got.stdout.contains("(a line after them throws the hook away, so they move behind it)"), "{got:?}");
    assert!(read(&rc).ends_with(&format!("PROMPT_COMMAND=mine\n{}", block(BEGIN, "bash"))));
    done(&alone(&home, &UNDO, ""));
    assert_eq!(
        read(&rc),
        "alias a=b\nalias c=d\nPROMPT_COMMAND+=x\nPROMPT_COMMAND=\"y;$PROMPT_COMMAND\"\nPROMPT_COMMAND=mine\n"
    );
}

#[test]
fn a_line_written_by_hand_is_enough() {
    let home = Home::new();
    let text = "# eval \"$(llmenv init bash)\"\neval \"$(llmenv init bash)\"\nPROMPT_COMMAND=mine\n";
    let rc = home.write(".bashrc", text);
    let got = alone(&home, &BASH, "");
    assert!(got.stdout.starts_with("bash: ~/.bashrc:2 loads llmenv\n"), "{got:?}");
    assert!(
        got.stdout.contains(
            "warning: this line comes after llmenv's and throws its hook away\n  --> ~/.bashrc:3\nhint: put llmenv's line after it\n"
        ),
        "{got:?}"
    );
    assert_eq!(read(&rc), text);
}

#[test]
fn a_mark_without_its_partner_is_left_to_a_person() {
    let home = Home::new();
    let text = format!("alias a=b\n{BEGIN}alias c=d\n");
    let rc = home.write(".bashrc", &text);
    for args in [&BASH[..], &UNDO[..]] {
        let got = alone(&home, args, "");
        assert_eq!(
            got,
            failed(
                1,
                "error: the first mark of llmenv's lines is there without its partner\n  --> ~/.bashrc:2\n\
                 hint: take what is left of llmenv's lines out by hand, then run this again\n"
            )
        );
        assert_eq!(read(&rc), text);
    }
    let wide: Vec<u8> = "alias a=b\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&rc, &wide).unwrap();
    let got = alone(&home, &BASH, "");
    assert!(got.stderr.starts_with("error: `~/.bashrc` is no plain text") && got.code == 1, "{got:?}");
    assert_eq!(std::fs::read(&rc).unwrap(), wide);
}

#[cfg(unix)]
#[test]
fn t10_links_modes_and_read_only_files() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let target = home.write("dotfiles/bashrc", "alias a=b\n");
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
    let rc = home.path(".bashrc");
    std::os::unix::fs::symlink("dotfiles/bashrc", &rc).unwrap();
    let got = alone(&home, &BASH, "");
    assert!(got.stdout.contains("the end of ~/.bashrc, a link to ~/dotfiles/bashrc\n"), "{got:?}");
    assert!(std::fs::symlink_metadata(&rc).unwrap().file_type().is_symlink());
    assert_eq!(std::fs::metadata(&target).unwrap().permissions().mode() & 0o7777, 0o640);
    assert_eq!(read(&target), format!("alias a=b\n{}", block(BEGIN, "bash")));
    done(&alone(&home, &UNDO, ""));
    assert!(std::fs::symlink_metadata(&rc).unwrap().file_type().is_symlink());
    assert_eq!(read(&target), "alias a=b\n");

    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o444)).unwrap();
    let got = alone(&home, &BASH, "");
    assert_eq!(
        (got.code, got.stderr),
        (
            1,
            format!(
                "error: `~/.bashrc` is read-only\nhint: nothing was changed\nhint: with these lines at its end, put there by \
                 other means, it works too: {}\n",
                hook_line("bash")
            )
        )
    );
    assert_eq!(read(&target), "alias a=b\n");

    std::fs::remove_file(&target).unwrap();
    let got = alone(&home, &BASH, "");
    assert!(got.stderr.starts_with("error: `~/.bashrc` is a symbolic link that leads nowhere: "), "{got:?}");
    assert!(!target.exists());
}

#[test]
fn zsh_is_asked_for_its_folder() {
    for (zshenv, variables) in [("", vec![("ZDOTDIR", "zsh folder")]), ("ZDOTDIR=$HOME/'zsh folder'\n", vec![])] {
        let home = Home::new();
        home.write(".zshenv", zshenv);
        std::fs::create_dir(home.path("zsh folder")).unwrap();
        let folder = home.path("zsh folder");
        let variables: Vec<_> = variables.into_iter().map(|(name, _)| (name, folder.to_str().unwrap())).collect();
        let got = with(&home, &["setup", "--yes", "--shell", "zsh"], &variables);
        assert!(got.stdout.contains("written to ~/zsh folder/.zshrc\n"), "{got:?}");
        assert_eq!(read(home.path("zsh folder/.zshrc")), block(BEGIN_NEW, "zsh"));
        assert!(!home.path(".zshrc").exists());
        done(&with(&home, &UNDO, &variables));
        assert!(!home.path("zsh folder/.zshrc").exists());
    }
}

#[test]
fn powershell_has_its_own_place_and_line() {
    let home = Home::new();
    let got = alone(&home, &["setup", "--yes", "--shell", "pwsh"], "");
    done(&got);
    assert_eq!(
        read(home.path(".config/powershell/profile.ps1")),
        format!(
            "{BEGIN_NEW}if ([IO.File]::Exists('{LLMENV}')) \
             {{ . ([scriptblock]::Create((& '{LLMENV}' init powershell) -join \"`n\")) }}\n{END}"
        )
    );
    done(&alone(&home, &UNDO, ""));
    assert!(!home.path(".config/powershell/profile.ps1").exists());
}

/// In the folder that fish itself reads, with a program that is not on PATH and one that is.
#[test]
fn fish_has_its_own_place_and_line() {
    for folder in [".config", "elsewhere"] {
        let home = Home::new();
        let path = home.path(folder);
        let variables: &[(&str, &str)] =
            if folder == ".config" { &[] } else { &[("XDG_CONFIG_HOME", path.to_str().unwrap())] };
        let rc = path.join("fish/config.fish");
        home.write(format!("{folder}/fish/conf.d/keys.fish"), "set -gx OPENAI_API_KEY abc\nset -e OPENAI_BASE_URL\n");
        home.write(format!("{folder}/fish/config.fish"), "set -g fish_greeting\nset -Ux ANTHROPIC_API_KEY 'abc'\n");
        let got = with(&home, &["setup", "--yes", "--shell", "fish"], variables);
        done(&got);
        let line = format!("if test -x '{LLMENV}'; '{LLMENV}' init fish | source; end\n");
        let text = "set -g fish_greeting\nset -Ux ANTHROPIC_API_KEY 'abc'\n";
        assert_eq!(read(&rc), format!("{text}{BEGIN}{line}{END}"));
        let places: Vec<&str> = got.stdout.lines().filter_map(|line| line.strip_prefix("  --> ")).collect();
        let places_wanted = [format!("~/{folder}/fish/config.fish:2"), format!("~/{folder}/fish/conf.d/keys.fish:1")];
        assert_eq!(places, places_wanted, "{got:?}");
        let mut command = home.cmd("fish");
        command.args(["-i", "-c", "functions -q __llmenv_prompt; and type -t llmenv"]).envs(variables.iter().copied());
        let loaded = finish(command, None);
        assert_eq!((loaded.stdout.as_str(), loaded.stderr.as_str()), ("function\n", ""));
        done(&with(&home, &UNDO, variables));
        assert_eq!(read(&rc), text);
    }
    // A program that PATH does not lead to.
    let home = Home::new();
    let program = home.path("it's here/llmenv");
    std::fs::create_dir(home.path("it's here")).unwrap();
    std::fs::copy(LLMENV, &program).unwrap();
    let mut command = home.cmd(&program);
    command.args(["setup", "--yes", "--shell", "fish"]).env("PATH", "/usr/bin:/bin").env("LLMENV_DAEMON", "off");
    done(&finish(command, None));
    let mut command = home.cmd("fish");
    command.args(["-i", "-c", "type -P llmenv; type -t llmenv; count (string match -- '*here*' $PATH)"]);
    command.env("PATH", "/usr/bin:/bin");
    let found = finish(command, None);
    assert_eq!((found.stdout, found.stderr), (format!("{}\nfunction\n1\n", program.display()), String::new()));
}

#[test]
fn the_shell_above_counts_before_the_users_own() {
    let home = Home::new();
    let mut command = home.cmd("zsh");
    command
        .args(["-f", "-c", &format!("'{LLMENV}' setup --yes; true")])
        .env("LLMENV_DAEMON", "off")
        .env("SHELL", "/bin/bash");
    let got = finish(command, None);
    assert!(got.stdout.contains("written to ~/.zshrc\n"), "{got:?}");
}

#[cfg(unix)]
#[test]
fn another_program_of_this_name_is_noticed() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let other = home.write("other/llmenv", "#!/bin/sh\n");
    let path = format!("{}:{}", home.path("other").display(), std::env::var("PATH").unwrap());
    // The control: a file that cannot be run is no program.
    for (mode, is_told) in [(0o644, false), (0o755, true)] {
        std::fs::set_permissions(&other, std::fs::Permissions::from_mode(mode)).unwrap();
        let got = with(&home, &BASH, &[("PATH", &path)]);
        let told = "warning: another program called `llmenv` comes first on PATH: ~/other/llmenv\n";
        assert_eq!(got.stdout.contains(told), is_told, "{got:?}");
    }
}

#[test]
fn lines_that_override_a_pair_are_named_without_their_values() {
    let home = Home::new();
    home.write(
        ".bashrc",
        format!(
            "# export OPENAI_API_KEY=no\nexport OPENAI_API_KEY={}\nexport OPENAI_BASE_URL=\nexport EDITOR=vi\n\
             declare -x OPENROUTER_API_KEY='{}'\n[ -n \"$X\" ] && true\nOPENAI_API_BASE=https://secret.example.com/v1\n",
            key(),
            other_key()
        ),
    );
    home.write(".profile", "if true; then . ~/.bashrc; fi\n  export ANTHROPIC_API_KEY=abc\n");
    let got = alone(&home, &BASH, "");
    let places: Vec<&str> = got.stdout.lines().filter_map(|line| line.strip_prefix("  --> ")).collect();
    assert_eq!(places, ["~/.bashrc:2", "~/.bashrc:5", "~/.bashrc:7", "~/.profile:2"], "{got:?}");
    assert!(
        got.stdout.contains(
            "warning: `OPENAI_API_KEY` is set here for every new shell and overrides llmenv in programs that read this file\n"
        ),
        "{got:?}"
    );
    let all = format!("{}{}", got.stdout, got.stderr);
    assert!(!all.contains("0123456789abcdef") && !all.contains("fedcba98") && !all.contains("secret.example"), "{all}");
    assert!(!all.contains("login shell"), "{all}");
}

#[test]
fn keys_of_this_environment_are_only_reported_with_yes() {
    let home = Home::new();
    let variables = [
        ("OPENROUTER_API_KEY", format!("{} ", key())),
        ("OPENAI_API_KEY", other_key()),
        ("OPENAI_BASE_URL", "https://api.openai.com/v1".to_owned()),
        ("ANTHROPIC_AUTH_TOKEN", "relay-0123456789abcdef".to_owned()),
        ("ANTHROPIC_BASE_URL", "https://relay.example.com".to_owned()),
    ];
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let got = with(&home, &BASH, &variables);
    let shown = got.stdout.split_once("~/.bashrc`\n").unwrap().1;
    assert_eq!(
        shown,
        "warning: `OPENAI_API_KEY` holds a key of OpenRouter, and `OPENAI_BASE_URL` beside it is OpenAI's: the two are no pair\n\
         hint: the key can be taken over by itself, for OpenRouter\n\
         found a key of OpenRouter in OPENAI_API_KEY (openrouter …3210)\n  \
         to take it over: printf %s \"$OPENAI_API_KEY\" | llmenv add openrouter --provider openrouter --key-stdin\n\
         found a key of a custom endpoint in ANTHROPIC_AUTH_TOKEN (custom …cdef), for https://relay.example.com\n  \
         to take it over: printf %s \"$ANTHROPIC_AUTH_TOKEN\" | llmenv add custom --provider custom --base-url \
         https://relay.example.com --dialect anthropic-messages --serve anthropic --key-stdin\n\
         found a key of OpenRouter in OPENROUTER_API_KEY (openrouter …cdef)\n  removed: a space at the end\n  \
         to take it over: printf %s \"$OPENROUTER_API_KEY\" | llmenv add openrouter-2 --provider openrouter --key-stdin\n\
         \nnothing active here\nnext: `llmenv add` adds a profile; open a new shell, then `llmenv use NAME`\n"
    );
    assert_eq!(alone(&home, &["list"], "").stdout, "");

    // The commands that were printed do what they say.
    for line in shown.lines().filter_map(|line| line.trim().strip_prefix("to take it over: ")) {
        let mut command = home.cmd("bash");
        command.args(["-c", line]).env("LLMENV_DAEMON", "off").envs(variables.iter().copied());
        done(&finish(command, None));
    }
    let got = with(&home, &BASH, &variables);
    assert!(
        got.stdout.contains(
            "a key of OpenRouter in OPENROUTER_API_KEY (openrouter …cdef): it is in `openrouter-2` already\n"
        ) && !got.stdout.contains("found "),
        "{got:?}"
    );
    assert!(
        got.stdout
            .ends_with("all is set up\n\nnothing active here\nnext: open a new shell, then `llmenv use custom`\n")
    );
}

#[test]
fn a_chosen_store_stays_chosen() {
    let home = Home::new();
    let got = alone(&home, &["setup", "--yes", "--shell", "bash", "--store", "keyring"], "");
    assert!(
        got.stderr.ends_with("hint: `llmenv setup --store file` keeps keys in an encrypted file instead\n"),
        "{got:?}"
    );
    assert_eq!(got.code, 1);
    done(&alone(&home, &["setup", "--yes", "--shell", "bash", "--store", "file"], ""));
    let got = alone(&home, &["setup", "--yes", "--shell", "bash", "--store", "keyring"], "");
    assert_eq!(
        (got.code, got.stderr.as_str()),
        (
            2,
            "error: keys are kept in the encrypted file already: `--store keyring` would leave them behind\n\
             hint: leave `--store` out\n"
        )
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_real_keyring_is_taken_where_it_works() {
    use crate::support::keyring::Desktop;
    use rustix::process::Signal;
    let setup = |desktop: &Desktop| {
        let mut command = desktop.command(LLMENV);
        command.args(BASH).env("DBUS_SESSION_BUS_ADDRESS", desktop.address()).env("LLMENV_DAEMON", "off");
        finish(command, None)
    };
    let desktop = Desktop::start();
    let got = setup(&desktop);
    assert!(got.code == 0 && got.stdout.contains("\nkeys are kept in the keyring\n"), "{got:?}");
    assert!(read(desktop.home().join(".config/llmenv/config.toml")).contains("store = \"keyring\""));
    assert!(!desktop.home().join(".local/share/llmenv/vault").exists());
    let got = setup(&desktop);
    assert!(got.stdout.contains("keys are kept in the keyring\n") && got.stdout.contains("all is set up\n"), "{got:?}");

    let locked = Desktop::start();
    locked.lock_keyring();
    let got = setup(&locked);
    assert!(
        got.stdout.contains("\nthe keyring is locked\n") && got.stderr.starts_with("keys are kept encrypted in"),
        "{got:?}"
    );
    assert!(!locked.was_prompted());

    let hung = Desktop::start();
    hung.signal_keyring(Signal::STOP);
    let got = setup(&hung);
    assert!(got.stdout.contains("\nthe keyring does not answer\n") && got.code == 0, "{got:?}");
    assert!(read(hung.home().join(".config/llmenv/config.toml")).contains("store = \"file\""));
    hung.signal_keyring(Signal::CONT);
}

#[cfg(unix)]
mod at_a_terminal {
    use super::*;
    use crate::support::{Shell, Terminal};

    #[test]
    fn a_new_shell_has_the_hook() {
        for (shell, rc) in [(Shell::Bash, ".bashrc"), (Shell::Zsh, ".zshrc")] {
            let home = Home::new();
            // As it is right after a build: not on PATH.
            let mut command = home.cmd(LLMENV);
            command.args(["setup", "--yes", "--shell", shell.name()]).env("PATH", "/usr/bin:/bin");
            done(&finish(command, None));
            done(&home.llmenv_with(&["add", "work", "--provider", "openrouter", "--key-stdin"], key()));
            let text = read(home.path(rc));
            // On PATH by our own lines, it still needs them.
            let mut command = home.cmd(LLMENV);
            command.args(["setup", "--shell", shell.name()]);
            done(&finish(command, None));
            assert_eq!(read(home.path(rc)), text, "{shell:?}");
            let start = |text: &str| Terminal::builder(&home, shell).rc(text).env("PATH", "/usr/bin:/bin").start();
            let mut terminal = start(&text);
            let said = terminal.run("llmenv use work && echo done");
            assert_eq!(said, "llmenv: using `work` in this shell\ndone\n", "{shell:?}");
            assert_eq!(terminal.child_var("OPENAI_API_KEY"), Some(key()), "{shell:?}");
            assert_eq!(terminal.child_var("OPENAI_BASE_URL").as_deref(), Some("https://openrouter.ai/api/v1"));
            assert!(terminal.run("llmenv list").contains("work"), "{shell:?}");
            assert_eq!(terminal.exit(), 0);
            // The control: without these lines there is nothing.
            let mut terminal = start("");
            let said = terminal.run("llmenv use work");
            assert!(said.contains("not found"), "{shell:?}: {said}");
        }
    }

    #[test]
    fn each_step_is_asked() {
        let home = Home::new();
        let mut terminal = Terminal::builder(&home, Shell::Bash)
            .env("LLMENV_DAEMON", "off")
            .env("OPENROUTER_API_KEY", key())
            .env("DEEPSEEK_API_KEY", "sk-0123456789abcdef0123456789abcdef")
            .start();
        let before = read(home.path(".bashrc"));
        terminal.type_line("llmenv setup; echo done=$?");
        terminal.wait_for(|text| text.contains("write them? [Y/n]: "));
        assert_eq!(read(home.path(".bashrc")), before);
        terminal.answer("");
        terminal.wait_for(|text| text.contains("keep keys in an encrypted file instead? [Y/n]: "));
        terminal.answer("");
        terminal.wait_for(|text| text.contains("(empty: a file of yours opens it instead): "));
        terminal.answer("");
        terminal.wait_for(|text| text.matches("take it over as a profile? [Y/n]: ").count() == 1);
        terminal.answer("n");
        terminal.wait_for(|text| text.matches("take it over as a profile? [Y/n]: ").count() == 2);
        terminal.answer("y");
        terminal.wait_for(|text| text.contains("name of the profile [openrouter]: "));
        terminal.answer("work");
        let seen = terminal.wait_prompt();
        assert!(seen.contains("added work: OpenRouter (openrouter), serves openai\n"), "{seen}");
        assert!(seen.ends_with("next: open a new shell, then `llmenv use work`\ndone=0\n"), "{seen}");
        assert!(!seen.contains("hook-missing") && !seen.contains("has no llmenv hook"), "{seen}");
        let listed = alone(&home, &["list"], "").stdout;
        assert!(listed.contains("work") && !listed.contains("deepseek"), "{listed}");
        assert_eq!(alone(&home, &["show", "work", "--reveal", "--force"], "").stdout, format!("{}\n", key()));

        terminal.type_line("llmenv setup --undo; echo done=$?");
        terminal.wait_for(|text| text.contains(" out of ~/.bashrc? [Y/n]: "));
        terminal.answer("n");
        assert!(terminal.wait_prompt().contains("~/.bashrc stays as it is\n"));
        assert_ne!(read(home.path(".bashrc")), before);
        terminal.type_line("llmenv setup --undo; echo done=$?");
        terminal.wait_for(|text| text.contains(" out of ~/.bashrc? [Y/n]: "));
        terminal.answer("");
        terminal.wait_prompt();
        assert_eq!(read(home.path(".bashrc")), before);
    }

    #[test]
    fn no_is_taken_for_an_answer() {
        let home = Home::new();
        let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
        let before = read(home.path(".bashrc"));
        terminal.type_line("llmenv setup; echo done=$?");
        terminal.wait_for(|text| text.contains("write them? [Y/n]: "));
        terminal.answer("n");
        terminal.wait_for(|text| text.contains("keep keys in an encrypted file instead? [Y/n]: "));
        terminal.answer("n");
        let seen = terminal.wait_prompt();
        assert!(seen.contains("not written; without them") && seen.ends_with("done=0\n"), "{seen}");
        assert_eq!(read(home.path(".bashrc")), before);
        assert!(!home.path(".config/llmenv/config.toml").exists());
    }
}

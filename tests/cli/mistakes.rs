//! What people do wrong, and what they are told.

use super::{alone, failed, home_with_work, key};
use crate::support::home::finish;
use crate::support::{Home, LLMENV};

#[test]
fn an_unknown_profile_names_the_nearest() {
    let home = home_with_work();
    let told =
        "error: there is no profile `wrok`; did you mean `work`?\nhint: `llmenv list` shows the profiles there are\n";
    for args in [
        &["show", "wrok"][..],
        &["rotate", "wrok", "--key-stdin"],
        &["edit", "wrok", "--model", "m"],
        &["rename", "wrok", "x"],
        &["remove", "wrok", "--yes"],
        &["env", "wrok", "--format", "bash"],
    ] {
        assert_eq!(alone(&home, args, key()), failed(1, told), "{args:?}");
    }
    assert_eq!(alone(&home, &["exec", "wrok", "--", "true"], ""), failed(125, told));
    // The name of a provider is most likely meant as one.
    let told = "error: there is no profile `groq`\nhint: `llmenv add groq` makes one for a key of Groq (groq)\nhint: `llmenv list` shows the profiles there are\n";
    assert_eq!(alone(&home, &["show", "groq"], ""), failed(1, told));
}

#[test]
fn names_that_cannot_be() {
    let home = Home::new();
    let shape = "hint: use up to 32 of a-z, 0-9, `-` and `_`, starting with a letter or digit\n";
    for (name, told) in [
        ("Work", format!("error: `Work` cannot be a profile name\n{shape}")),
        ("a b", format!("error: `a b` cannot be a profile name\n{shape}")),
        ("../x", format!("error: `../x` cannot be a profile name\n{shape}")),
        ("a\u{1b}[31m", format!("error: `a\\u{{1b}}[31m` cannot be a profile name\n{shape}")),
        (
            "v1",
            "error: `v1` is a reserved word and cannot be a profile name\nhint: choose another one, such as `v1-1`\n"
                .to_owned(),
        ),
    ] {
        let got = alone(&home, &["add", name, "--provider", "openrouter", "--key-stdin"], key());
        assert_eq!(got, failed(2, &told), "{name}");
    }
}

#[test]
fn t01_a_key_as_an_argument_is_refused_and_not_repeated() {
    let home = Home::new();
    let told = "error: a key of OpenRouter stands on the command line\n\
        hint: it is in the shell's history now, and every process here could read it: replace it with a new one\n\
        hint: new keys are given out at https://openrouter.ai/settings/keys\n\
        hint: type the new one when asked, or pipe it: `printf %s \"$KEY\" | llmenv … --key-stdin`\n";
    let (plain, flag, assigned) =
        (key(), format!("--account={}", key()), format!("export OPENROUTER_API_KEY='{}'", key()));
    for args in [&["add", "work", &plain][..], &["add", "work", &flag], &["rotate", &assigned], &[&plain]] {
        assert_eq!(alone(&home, args, ""), failed(2, told));
    }
    // The control: what belongs to another program is not looked at.
    let got = alone(&home, &["exec", "--", "echo", &plain], "");
    assert_eq!(got.code, 125, "{got:?}");
}

#[test]
fn a_pasted_assignment_is_cleaned_and_told() {
    let home = Home::new();
    let pasted = format!("export OPENROUTER_API_KEY=\"{}\"\r\n", key());
    let got = alone(&home, &["add", "work", "--key-stdin", "--store", "file"], pasted);
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(got.stdout, "added work: OpenRouter (openrouter), key openrouter …cdef, serves openai\n");
    assert!(
        got.stderr.starts_with(
            "removed: a carriage return at the end, a line break at the end, `export OPENROUTER_API_KEY=` in front, \
             quotes around it (\" \")\nthis is a key of OpenRouter (openrouter)\n"
        ),
        "{got:?}"
    );
    let shown = alone(&home, &["show", "work", "--reveal", "--force"], "");
    assert_eq!((shown.stdout, shown.code), (format!("{}\n", key()), 0));
}

#[test]
fn a_key_file_that_powershell_wrote_is_read() {
    let home = Home::new();
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(format!("{}\r\n", key()).encode_utf16().flat_map(u16::to_le_bytes));
    home.write("key.txt", bytes);
    let got = alone(&home, &["add", "work", "--key-file", "key.txt", "--store", "file"], "");
    assert_eq!(got.code, 0, "{got:?}");
    let shown = alone(&home, &["show", "work", "--reveal", "--force"], "");
    assert_eq!(shown.stdout, format!("{}\n", key()));
}

#[test]
fn what_cannot_be_a_key_of_that_provider_is_refused() {
    let home = Home::new();
    let add =
        |key: &str| alone(&home, &["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"], key);
    let masked = add("sk-or-v1-0123…cdef");
    assert_eq!(masked.code, 1);
    assert!(masked.stderr.starts_with("error: that is a masked key: its middle is missing\nhint: "), "{masked:?}");
    let other = add(&format!("gsk_{}", "aB3d".repeat(13)));
    assert!(other.stderr.starts_with("error: that is a key of Groq"), "{other:?}");
    assert!(other.stderr.contains("use `--provider groq`"), "{other:?}");
    let short = add(&key()[..40]);
    assert!(short.stderr.starts_with("error: the key is cut off: "), "{short:?}");
    let url = add("https://openrouter.ai/api/v1");
    assert!(url.stderr.starts_with("error: that is an address, not a key\n"), "{url:?}");
    assert_eq!(add("").code, 1);
    for got in [masked, other, short, url] {
        assert!(!got.stderr.contains("0123"), "{got:?}");
    }
    // Nothing of it was stored: neither a profile nor a choice of store.
    assert!(!home.path(".config/llmenv/config.toml").exists());
    assert!(!home.path(".local/share/llmenv").exists());
}

#[test]
fn without_a_terminal_the_flag_is_named() {
    let home = home_with_work();
    let told = |what: &str, flag: &str| {
        failed(2, &format!("error: {what} is needed, and there is no terminal to ask for it\nhint: use {flag}\n"))
    };
    let key_flags = "`--key-stdin`, `--key-file FILE` or `--key-ref REF`";
    assert_eq!(alone(&home, &["add"], ""), told("a key", key_flags));
    assert_eq!(alone(&home, &["add", "x", "--provider", "openrouter"], ""), told("a key", key_flags));
    assert_eq!(
        alone(&home, &["add", "--provider", "openrouter", "--key-stdin"], key()),
        told("a name", "`llmenv add NAME …`")
    );
    assert_eq!(alone(&home, &["add", "x", "--key-stdin"], "a".repeat(40)), told("a provider", "`--provider ID`"));
    assert_eq!(
        alone(&home, &["add", "x", "--provider", "custom", "--key-stdin"], key()),
        told("the base URL", "`--base-url URL`")
    );
    assert_eq!(alone(&home, &["remove", "work"], ""), told("a yes", "`--yes`"));
    assert_eq!(
        alone(&home, &["edit", "work"], ""),
        told("what to change", "flags such as `--model M`, `--base-url URL` or `--unset FIELD`")
    );
    assert_eq!(
        alone(&home, &["show", "work", "--reveal"], ""),
        failed(
            2,
            "error: the key would not go to a terminal\nhint: `--reveal --force` prints it all the same; for a program, \
             `llmenv exec` keeps it out of files\n"
        )
    );
}

#[test]
fn add_on_a_taken_name_names_rotate() {
    let home = home_with_work();
    assert_eq!(
        alone(&home, &["add", "work", "--provider", "openrouter", "--key-stdin"], key()),
        failed(
            1,
            "error: there is a profile `work` already\n  --> ~/.config/llmenv/config.toml:3\n\
             hint: `llmenv rotate work` gives it a new key, `llmenv edit work` changes it\n"
        )
    );
}

#[test]
fn an_unknown_provider_or_format_names_the_nearest() {
    let home = home_with_work();
    let got = alone(&home, &["add", "x", "--provider", "openruoter", "--key-stdin"], key());
    assert_eq!(
        got,
        failed(
            2,
            "error: there is no provider `openruoter`\nhint: did you mean `openrouter`?\nhint: `llmenv providers` lists them\n"
        )
    );
    let got = alone(&home, &["env", "work", "--format", "jsn"], "");
    assert!(got.stderr.starts_with("error: there is no format `jsn`\nhint: did you mean `json`?\n"), "{got:?}");
    let got = alone(&home, &["env", "work"], "");
    assert!(
        got.code == 2 && got.stderr.starts_with("error: which format?\nhint: add `--format F`, one of `bash`"),
        "{got:?}"
    );
}

#[test]
fn claude_is_not_taken_over_without_a_word() {
    let home = home_with_work();
    let args = [
        "add",
        "claude",
        "--provider",
        "custom",
        "--base-url",
        "https://relay.example.com",
        "--dialect",
        "anthropic-messages",
        "--auth",
        "x-api-key",
        "--key-stdin",
    ];
    let got = alone(&home, &args, "a-relay-key-of-some-length-1234");
    assert_eq!(
        got,
        failed(
            2,
            "error: a word on whether a custom endpoint may take over `ANTHROPIC_*` is needed, and there is no \
             terminal to ask for it\nhint: use `--serve anthropic`\n"
        )
    );
    let got = alone(&home, &[&args[..], &["--serve", "anthropic"]].concat(), "a-relay-key-of-some-length-1234");
    assert_eq!(got.code, 0, "{got:?}");
}

#[test]
fn no_home_and_a_relative_one() {
    let home = Home::new();
    for (value, told) in [
        (None, "error: there is no home directory: HOME is not set\nhint: set HOME to an absolute path that you own\n"),
        (
            Some("x"),
            "error: HOME is `x`, which is not an absolute path\nhint: set HOME to an absolute path that you own\n",
        ),
    ] {
        let mut command = home.cmd(LLMENV);
        command.args(["add", "work", "--provider", "openrouter", "--key-stdin"]).env_remove("HOME");
        if let Some(value) = value {
            command.env("HOME", value);
        }
        assert_eq!(finish(command, Some(key().into_bytes())), failed(1, told));
    }
}

#[cfg(unix)]
#[test]
fn t15_a_home_of_somebody_else_is_not_written_to() {
    if !rustix::process::geteuid().is_root() {
        crate::support::left_out("a home of another user (needs root to make one)");
        return;
    }
    let home = Home::new();
    std::os::unix::fs::chown(home.path(""), Some(12345), None).unwrap();
    for args in
        [&["add", "work", "--provider", "openrouter", "--key-stdin"][..], &["lock"], &["status"], &["daemon", "start"]]
    {
        let got = home.llmenv_with(args, key());
        assert_eq!(
            got,
            failed(
                1,
                "error: HOME is `~`, which belongs to user 12345, but this runs as user 0\nhint: with sudo, use `sudo -H` or \
                 run llmenv as yourself; nothing was written\n"
            ),
            "{args:?}"
        );
    }
    assert!(!home.path(".local/state/llmenv").exists());
    std::os::unix::fs::chown(home.path(""), Some(0), None).unwrap();
}

#[cfg(target_os = "linux")]
#[test]
fn a_config_that_cannot_be_written_leaves_no_key_behind() {
    let home = home_with_work();
    // Permissions do not stop root; a folder in the file's place stops everybody.
    std::fs::remove_file(home.path(".config/llmenv/config.toml")).unwrap();
    std::fs::create_dir(home.path(".config/llmenv/config.toml")).unwrap();
    let got = alone(&home, &["add", "x", "--provider", "openrouter", "--key-stdin"], key());
    assert_eq!(got, failed(1, "error: `~/.config/llmenv/config.toml` is a folder, not a file\n"));
}

#[test]
fn a_wrong_configuration_is_named_by_line() {
    let home = home_with_work();
    home.write(".config/llmenv/config.toml", "store = \"file\"\n\n[profiles.work]\nprovder = \"openrouter\"\n");
    let got = alone(&home, &["list"], "");
    assert_eq!(got.code, 1);
    assert!(got.stderr.contains("did you mean `provider`?"), "{got:?}");
    assert!(got.stderr.contains("\n  --> ~/.config/llmenv/config.toml:"), "{got:?}");
}

#[test]
fn no_store_names_the_way_out() {
    let home = Home::new();
    let got = alone(&home, &["add", "work", "--provider", "openrouter", "--key-stdin"], key());
    assert_eq!(got.code, 1);
    assert!(got.stderr.starts_with("error: there is no keyring to keep the key in: "), "{got:?}");
    assert!(
        got.stderr.ends_with(
            "hint: `--store file` keeps keys in an encrypted file instead\nhint: `llmenv setup` asks where, and says what each \
             protects from\n"
        ),
        "{got:?}"
    );
}

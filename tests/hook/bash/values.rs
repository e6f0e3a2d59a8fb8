//! Directory names and values that break careless quoting.

use super::{around, assert_holds, assert_nothing, both, held, home, pair, pin, start};
use crate::support::Shell;

#[test]
fn t14_directory_names_bash() {
    let home = home();
    let names = [
        "$(touch pwn)",
        "`touch pwn`",
        "a b",
        "new\nline",
        "%s%n%%",
        "naïve 🔑",
        "-n",
        "*?[x]",
        "a'b\"c",
        "; touch pwn",
        "tab\tx",
        "\\",
    ];
    for name in names {
        pin(&home, name, "fast");
    }
    let mut terminal = start(&home);
    for name in names {
        terminal.run(&format!("cd -- {}", Shell::Bash.quote(name)));
        assert_eq!(held(&mut terminal), pair("fast"), "{name:?}");
        assert!(!home.path("pwn").exists() && !home.path(name).join("pwn").exists(), "{name:?}");
        terminal.run("cd");
        assert_eq!(held(&mut terminal), super::NOTHING, "{name:?}");
    }
    // Bytes that are no text.
    terminal.run("mkdir $'by\\xfftes'; cd $'by\\xfftes'");
    assert_nothing(&mut terminal);
    assert_eq!(terminal.run("rmdir ../$'by\\xfftes'; echo fine"), "fine\n");
}

#[test]
fn t13_values_bash() {
    let home = home();
    let values = [
        "‘a’ ‚b‛ “c” „d” 'e' \"f\"",
        "$HOME $(touch pwn) `touch pwn` ${x}",
        "%s %n %%",
        "🔑 naïve 鍵",
        "-n",
        "--",
        "trailing blanks  ",
        "  leading",
        "\\ \\\\ \\n",
        "!! !x ^a^b",
        "*?[a]{b,c}~ #;&|<>()",
        "a=b",
        "'; touch pwn; '",
    ];
    let quoted = |value: &str| format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
    let lines: Vec<String> =
        values.iter().enumerate().map(|(n, value)| format!("AWKWARD_{n} = {}", quoted(value))).collect();
    let config = home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[profiles.work.env]\n{}\n", lines.join("\n"))).unwrap();
    // The next one reads the file at once.
    home.end_daemon();
    for options in ["", "set -a; set -u", "export LC_ALL=C"] {
        let mut terminal = around(&home, options, "").start();
        let text = terminal.run("llmenv use work");
        assert!(text.contains("using `work`"), "{text}");
        for (n, value) in values.iter().enumerate() {
            assert_eq!(both(&mut terminal, &format!("AWKWARD_{n}")).as_deref(), Some(*value), "{options}");
        }
        assert_eq!(
            terminal.run("cd /; cd; llmenv off"),
            "llmenv: off: nothing is active in this shell; `llmenv use -` goes back\n"
        );
        for n in 0..values.len() {
            assert_eq!(both(&mut terminal, &format!("AWKWARD_{n}")), None);
        }
        assert!(!home.path("pwn").exists());
    }
}

#[test]
fn earlier_values_of_every_kind_come_back() {
    let home = home();
    let values = ["two\nlines\n", "tab\there", "\u{1b}[31m", "‘’‚‛", "'; touch pwn; '", " ", "-n", "%s\\"];
    for value in values {
        let mut terminal = around(&home, &format!("export OPENAI_API_KEY={}", Shell::Bash.quote(value)), "").start();
        terminal.run("llmenv use work");
        assert_holds(&mut terminal, "work");
        terminal.run("llmenv off");
        assert_eq!(both(&mut terminal, "OPENAI_API_KEY").as_deref(), Some(value));
    }
}

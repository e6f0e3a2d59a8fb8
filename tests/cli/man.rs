//! Manual pages: one for each command, right for the tools that show them, with the examples of the help.

use super::alone;
use crate::support::Home;
use crate::support::home::finish;
use crate::support::upstream::{Authority, Upstream, play};

#[test]
fn there_is_a_page_for_every_command() {
    let home = Home::new();
    let got = alone(&home, &["man", "--to", "man1"], "");
    assert_eq!((got.stderr.as_str(), got.code), ("", 0));
    let help = alone(&home, &["--help"], "").stdout;
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.len() > 20);
    let pages = std::fs::read_dir(home.path("man1")).unwrap().count();
    assert_eq!((got.stdout, pages), (format!("wrote {pages} pages to man1\n"), commands.len() + 1));
    for command in commands {
        let page = std::fs::read_to_string(home.path(format!("man1/llmenv-{command}.1"))).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{command}");
        assert_eq!(alone(&home, &["man", command], "").stdout, page);
        assert!(!page.contains("llmenv llmenv"), "{page}");
        // groff says on stderr what it does not understand.
        let mut groff = home.cmd("groff");
        groff.args(["-man", "-Tutf8", "-ww"]).arg(home.path(format!("man1/llmenv-{command}.1")));
        let shown = finish(groff, None);
        assert_eq!((shown.stderr.as_str(), shown.code), ("", 0), "{command}");
        assert!(shown.stdout.contains(command), "{command}");
    }
    let page = alone(&home, &["man"], "").stdout;
    assert!(page.contains("llmenv\\-add(1)") || page.contains("llmenv-add(1)"), "{page}");
    let got = alone(&home, &["man", "nonsense"], "");
    assert!(got.code == 2 && got.stderr.starts_with("error: there is no command `nonsense`\n"), "{got:?}");
}

/// `-h` is short, `--help` has examples; and every example does something.
#[test]
fn help_has_two_levels_and_its_examples_run() {
    let home = Home::new();
    let authority = Authority::new();
    // Whatever asks a provider meets one on loopback.
    let providers = Upstream::proxy(&authority, play::providers);
    home.write(".config/llmenv/config.toml", providers.network(&authority.write(&home.path(""))));
    let key = super::other_key();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check", "--store", "file"];
    assert_eq!(alone(&home, &add, super::key()).code, 0);
    for name in ["home", "lab"] {
        let add = ["add", name, "--provider", "openrouter", "--key-stdin", "--no-check"];
        assert_eq!(alone(&home, &add, &key).code, 0);
    }
    let help = alone(&home, &["--help"], "").stdout;
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let (mut count, mut wrong) = (0, Vec::new());
    for command in commands.filter_map(|line| line.split_whitespace().next()) {
        let long = alone(&home, &[command, "--help"], "").stdout;
        let short = alone(&home, &[command, "-h"], "").stdout;
        assert!(!short.contains("Example"), "{command}: {short}");
        let Some((_, examples)) = long.split_once("\nExample") else { continue };
        for line in examples.lines().skip(1).take_while(|line| line.starts_with("  ")) {
            // What follows two blanks says what it is for.
            let example = line.trim().split("  ").next().unwrap().to_owned();
            count += 1;
            wrong.extend(check(&home, &example, &key));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 40, "{count}");
}

/// Runs an example where nobody sits: it works, or says that it would ask, or that a program cannot change its shell. Gives what
/// was wrong.
fn check(home: &Home, example: &str, key: &str) -> Option<String> {
    // Of another shell, and what would change how this machine starts programs.
    if ["init zsh", "init fish", "init powershell", "daemon "].iter().any(|word| example.contains(word)) {
        return None;
    }
    home.write("place/app.py", "");
    home.write("place/.env.local", format!("GROQ_API_KEY=gsk_{}\n", "Ab12".repeat(13)));
    home.write("place/settings.txt", "");
    home.write("work/acme/llmenv-team.toml", "[profiles.acme]\nprovider = \"groq\"\n");
    home.write(".config/direnv/lib/x.sh", "");
    let mut command = home.cmd("bash");
    let script = format!("python() {{ echo 401 User not found.; }}; {example}");
    command.args(["-c", &script]).current_dir(home.path("place"));
    command.envs([("KEY", key), ("NEW_KEY", key), ("EDITOR", "true")]);
    // There is no proxy without one.
    if !example.starts_with("llmenv proxy") {
        command.env("LLMENV_DAEMON", "off");
    }
    let got = finish(command, Some(Vec::new()));
    let expected = [
        "there is no terminal to ask for it",
        "cannot change the shell that started it",
        "there is no command `claude`",
        "there is no command `python`",
        "there is a profile `",
        "that is the key already stored",
        "no profile is active here",
        "works at a terminal only",
        "there is no `.llmenv.toml` here or above",
        "cannot run `/usr/bin/pass`",
        "there is no backup `3f9a`",
        "there is nothing to",
        "no token that is good now has this id or name",
    ];
    let is_usage = got.stderr.contains("Usage:") || got.stderr.contains("unexpected argument");
    // 1 is what commands that report end with where something is wrong here; the keys here are nobody's.
    let is_report = got.code == 1
        && (["doctor", "client"].iter().any(|word| example.contains(word))
            || example.starts_with("llmenv check") && got.stdout.contains("refused"));
    let is_well = got.code == 0 || is_report || expected.iter().any(|text| got.stderr.contains(text));
    (is_usage || !is_well).then(|| format!("{example}: {got:?}"))
}

//! Every example of the help and of the manual pages, typed into one real bash in the order in which a person would: what it asks, what
//! it prints and how it ends is `examples.txt`.
//!
//! ```text
//! # a remark                      = a line that prepares the next; it must end well
//! $ an example                    ? a question that it asks      > the answer (`^D`: the end of the input)
//! what it prints, `…` for anything      [1] its exit status, where it is not 0
//! & an example -> the file of the test that runs it, where another shell or machine is needed
//! ```

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use llmenv::cli::args::Cli;

use crate::readme::is_like;
use crate::support::home::finish;
use crate::support::upstream::{Authority, Upstream, play};
use crate::support::{Home, Shell, Terminal};

/// The examples of a command and of those below it, each with its command's words.
fn collect(command: &clap::Command, words: &str, found: &mut Vec<(String, String)>) {
    let text = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    if let Some((_, examples)) = text.split_once("Example") {
        for line in examples.lines().skip(1).take_while(|line| line.starts_with("  ")) {
            // What follows two blanks says what it is for.
            found.push((words.to_owned(), line.trim().split("  ").next().unwrap().to_owned()));
        }
    }
    for below in command.get_subcommands() {
        collect(below, format!("{words}-{}", below.get_name()).trim_start_matches('-'), found);
    }
}

fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    collect(&Cli::command(), "", &mut found);
    assert!(found.len() >= 60, "{}", found.len());
    found
}

/// One line of the recording with what follows it.
#[derive(Default)]
struct Step {
    line: usize,
    sign: char,
    text: String,
    /// Questions with their answers.
    asked: Vec<(String, String)>,
    printed: String,
    status: i32,
}

fn steps() -> Vec<Step> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/examples.txt");
    let text = std::fs::read_to_string(path).unwrap();
    let mut steps: Vec<Step> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let (sign, rest) = line.split_at_checked(2).unwrap_or((line, ""));
        match (sign, steps.last_mut()) {
            ("# ", _) => {}
            ("$ " | "= " | "& ", _) => {
                let sign = sign.chars().next().unwrap();
                steps.push(Step { line: at + 1, sign, text: rest.to_owned(), ..Step::default() });
            }
            ("? ", Some(step)) => step.asked.push((rest.to_owned(), String::new())),
            ("> ", Some(step)) => {
                let (question, answer) = step.asked.last_mut().expect("a question comes first");
                rest.clone_into(answer);
                // Keys and passphrases are not echoed.
                let echo = if question.contains("hidden") || rest == "^D" { "" } else { rest };
                step.printed += &format!("{question} {echo}").trim_end().replace("  ", " ");
                step.printed.push('\n');
            }
            (_, Some(step)) => match line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')?.parse().ok()) {
                Some(status) => step.status = status,
                None => step.printed += &format!("{}\n", line.trim_end()),
            },
            _ => panic!("examples.txt:{}: no command comes first", at + 1),
        }
    }
    steps
}

#[test]
fn every_example_is_recorded_and_stands_in_its_manual_page() {
    let steps = steps();
    let recorded: BTreeSet<&str> =
        steps.iter().filter(|step| step.sign != '=').map(|step| step.text.split(" -> ").next().unwrap()).collect();
    let all = examples();
    let wanted: BTreeSet<&str> = all.iter().map(|(_, example)| example.as_str()).collect();
    assert_eq!(recorded, wanted, "examples of examples.txt, and those of the help");
    for step in steps.iter().filter(|step| step.sign == '&') {
        let (_, file) = step.text.split_once(" -> ").expect("where it runs");
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists(), "{file}");
    }
    let home = Home::new();
    for words in all.iter().map(|(words, _)| words).collect::<BTreeSet<_>>() {
        let mut man = home.cmd("sh");
        let page = words.split('-').next().unwrap();
        man.args(["-c", &format!("llmenv man {page} | groff -man -Tutf8 -P-c -rLL=200n")]);
        let shown = finish(man, None).stdout.replace(['‐', '−'], "-");
        let squeezed: String = shown.split_whitespace().collect();
        for (_, example) in all.iter().filter(|(other, _)| other == words && other == page) {
            let example: String = example.split_whitespace().collect();
            let example = example.replace('\'', "’").replace('`', "‘");
            let squeezed = squeezed.replace('\'', "’").replace('`', "‘");
            assert!(squeezed.contains(&example), "llmenv man {page}: {example}\n{shown}");
        }
    }
}

#[test]
fn every_example_does_what_is_recorded() {
    let (home, authority) = (Home::new(), Authority::new());
    // Whatever asks a provider meets one on loopback.
    let providers = Upstream::proxy(&authority, play::providers);
    home.write(".config/llmenv/config.toml", providers.network(&authority.write(&home.path(""))));
    // Programs that examples start, and that are not everywhere.
    let stub = |name: &str, script: &str| {
        let path = home.write(format!("bin/{name}"), format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let pass = stub("pass", &format!("echo {}", play::openai_key(play::Sort::Good)));
    stub("claude", "echo $OPENAI_BASE_URL");
    stub("python", "echo $OPENAI_BASE_URL; echo 401 User not found. >&2");
    stub("man", "grep -a '^llmenv' | head -1");
    stub("editor", "sed -i 's/^billing.*//; /^\\[profiles.work\\]/a billing = \"metered\"' \"$1\"");
    let folders = home.env().into_iter().find_map(|(name, value)| (name == "PATH").then_some(value)).unwrap();
    let path = format!("{}:{}", home.path("bin").display(), folders.to_str().unwrap());
    let mut terminal = Terminal::builder(&home, Shell::Bash)
        .env("PATH", path)
        .env("EDITOR", home.path("bin/editor"))
        // Nobody else's on this machine: it is rotated away, and whoever still holds it is named.
        .env("KEY", play::openrouter_key(play::Sort::Good).replace("0123", "89ab"))
        .env("NEW_KEY", play::openrouter_key(play::Sort::Good).replace("0123", "4567"))
        .env_remove("LLMENV_CHECK")
        .start();
    let mut wrong = Vec::new();
    let mut id = String::new();
    for step in steps().into_iter().filter(|step| step.sign != '&') {
        if step.text.contains("3f9a") {
            let listed = home.llmenv(&["undo", "--list", "--json"]).stdout;
            let json: serde_json::Value = serde_json::from_str(&listed).unwrap();
            json["backups"][0]["id"].as_str().unwrap_or_default().clone_into(&mut id);
        }
        let command = step.text.replace("/usr/bin/pass", &pass).replace("3f9a", &id);
        terminal.type_line(&format!("{command}; echo \"[$?]\""));
        let mut seen = 0;
        for (question, answer) in &step.asked {
            // What was asked before is passed over: one question may come twice.
            terminal.wait_for(|text| text.get(seen..).is_some_and(|text| text.contains(question.as_str())));
            seen =
                terminal.wait_for(|text| text.get(seen..).is_some_and(|text| text.contains(question.as_str()))).len();
            if answer == "^D" { terminal.send_raw([4]) } else { terminal.answer(answer) }
        }
        let printed = terminal.wait_prompt();
        let printed: String = printed.lines().map(|line| format!("{}\n", line.trim_end())).collect();
        let wanted = format!("{}[{}]\n", step.printed, step.status);
        let is_right = if step.sign == '=' { printed.ends_with("[0]\n") } else { is_like(&printed, &wanted) };
        if !is_right {
            wrong.push(format!("examples.txt:{}: {command}\n{printed}--- wanted\n{wanted}", step.line));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n=====\n"));
}

//! `llmenv why`: places, and what each sort of program gets.

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "0f1e2d3c4b5a6978".repeat(4).split_at(60).0)
}

fn why(home: &Home, dir: &str, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.arg("why").args(args).current_dir(home.path(dir)).envs(variables.iter().copied());
    finish(command, None)
}

/// Without the lines about programs that other tests run.
fn without_programs(text: &str) -> String {
    text.lines().filter(|line| !line.starts_with("held by")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_place_and_every_loader() {
    let home = Home::new();
    home.write("src/.env", format!("A=1\nOPENAI_API_KEY=\"{}\" # old\n", key(1)));
    let got = why(&home, "src", &["OPENAI_API_KEY"], &[("OPENAI_API_KEY", &key(2))]);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""));
    assert_eq!(
        without_programs(&got.stdout),
        "\
OPENAI_API_KEY  where                         value
set in          this shell                    openrouter …0002
set in          ~/src/.env:2                  openrouter …0001
read by         a program that loads no file  openrouter …0002
read by         python-dotenv                 openrouter …0002, from this shell
read by         dotenvy (Rust)                openrouter …0002, from this shell
read by         dotenv (npm)                  openrouter …0002, from this shell
read by         node --env-file               openrouter …0002, from this shell
read by         uv run --env-file             openrouter …0002, from this shell
read by         dotenv (Ruby)                 openrouter …0002, from this shell
read by         bash `set -a; . ./.env`       openrouter …0001, from ~/src/.env:2
read by         docker run --env-file         openrouter …0001 with a comment at the end, quotes around it (\" \"), from ~/src/.env:2
read by         Docker Compose                openrouter …0001, from ~/src/.env:2

error: OPENAI_BASE_URL is not set, so the key of OpenRouter in OPENAI_API_KEY is sent to OpenAI
  --> this shell, openrouter …0002
"
        .to_owned()
            + &without_programs(&got.stdout)[without_programs(&got.stdout).find("hint: ").unwrap()..]
    );
    // What is wrong with it is said below, as `doctor` says it.
    let told = "warning: OPENAI_API_KEY has another value in this shell, and most programs that load the file keep the shell's\n  --> this shell, openrouter …0002\n  --> ~/src/.env:2:16, openrouter …0001\n";
    assert!(got.stdout.contains(told), "{got:?}");
    let got = why(&home, "src", &["OPENAI_API_KEY", "--json"], &[]);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let account = &report["variables"][0];
    assert_eq!(account["variable"], "OPENAI_API_KEY");
    assert_eq!((&account["places"][0]["kind"], &account["places"][0]["line"]), (&"dotenv".into(), &2.into()));
    assert_eq!(account["loaders"][0]["loader"], "environment");
    assert_eq!(
        (&account["loaders"][1]["loader"], &account["loaders"][1]["shown"]),
        (&"python-dotenv".into(), &"openrouter …0001".into())
    );
    assert_eq!(account["loaders"][1]["origin"]["line"], 2);
    // One value has one fingerprint, wherever it stands.
    let fingerprint = account["places"][0]["fingerprint"].as_str().unwrap();
    assert!(fingerprint.len() == 8 && account["loaders"][1]["fingerprint"] == fingerprint, "{account}");
    assert_eq!(report["findings"][0]["origins"][0]["fingerprint"], fingerprint, "{report}");
    assert!(!got.stdout.contains(&key(1)));
}

#[test]
fn the_nearest_file_counts_for_those_that_look_upwards() {
    let home = Home::new();
    home.write("src/.env", format!("OPENAI_API_KEY={}\n", key(3)));
    std::fs::create_dir_all(home.path("src/app")).unwrap();
    let got = why(&home, "src/app", &[], &[]);
    assert!(
        got.stdout.contains("read by         python-dotenv                 openrouter …0003, from ~/src/.env:1\n"),
        "{got:?}"
    );
    assert!(!got.stdout.contains("node --env-file"), "{got:?}");
}

#[test]
fn commands_in_files_are_not_run() {
    let home = Home::new();
    home.write("src/.env", "OPENAI_API_KEY=$(touch pwn)\n");
    let got = why(&home, "src", &["OPENAI_API_KEY"], &[]);
    assert!(got.stdout.contains("what a command there prints, from ~/src/.env:1\n"), "{got:?}");
    assert!(!home.path("src/pwn").exists());
}

#[test]
fn nothing_anywhere_and_a_wrong_name() {
    let home = Home::new();
    let got = why(&home, "", &[], &[]);
    assert_eq!(
        (got.code, got.stdout.as_str()),
        (
            0,
            "no key and no base URL is set in this shell, in a `.env` file from here up to the home, or in any other place that llmenv knows\n"
        )
    );
    let got = why(&home, "", &["NOT_SET"], &[]);
    assert!(got.stdout.contains("set in   nowhere\n"), "{got:?}");
    assert_eq!(why(&home, "", &["a=b"], &[]).code, 2);
}

/// A password in an address and terminal codes in a file stay out of the terminal.
#[test]
fn t12_what_is_shown_is_safe() {
    let home = Home::new();
    home.write(
        "src/.env",
        "OPENAI_BASE_URL=https://me:hunter2@relay.example.com/v1\nANTHROPIC_BASE_URL='https://x\u{1b}]0;evil\u{7}'\n",
    );
    let got = why(&home, "src", &[], &[]);
    assert!(!got.stdout.contains("hunter2") && !got.stdout.contains('\u{1b}'), "{got:?}");
    assert!(got.stdout.contains("https://relay.example.com/v1, with a password"), "{got:?}");
}

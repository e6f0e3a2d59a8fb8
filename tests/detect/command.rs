//! `llmenv doctor`, as a person calls it.

use std::process::Stdio;

use crate::support::home::finish;
use crate::support::{Home, LLMENV};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "5566778899aabbcc".repeat(4).split_at(60).0)
}

/// Runs it with these variables beside the home's own.
fn doctor(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> crate::support::home::Output {
    let mut command = home.cmd(LLMENV);
    command.arg("doctor").args(args).envs(variables.iter().copied());
    finish(command, None)
}

#[test]
fn a_healthy_shell_is_told_so() {
    let home = Home::new();
    let got = doctor(&home, &[], &[("OPENROUTER_API_KEY", &key(1))]);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""), "{got:?}");
    assert!(got.stdout.starts_with("nothing is wrong in this shell's environment"), "{got:?}");
    // Nothing is started where there is no profile.
    assert_eq!(home.daemon_pid(), None);
}

#[test]
fn what_is_wrong_is_listed_worst_first() {
    let home = Home::new();
    let dirty = format!("{}\r", key(1));
    let variables = [("OPENROUTER_API_KEY", dirty.as_str()), ("OPENAI_API_BASE", "https://openrouter.ai/api/v1/")];
    let got = doctor(&home, &[], &variables);
    assert_eq!((got.code, got.stderr.as_str()), (1, ""));
    let lines: Vec<&str> = got.stdout.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "error: the value of OPENROUTER_API_KEY has a carriage return at the end, of a file with Windows line ends: `source` keeps it, most loaders do not",
            "  --> this shell, openrouter …0001",
            "hint: take that out where OPENROUTER_API_KEY is set"
        ],
        "{got:?}"
    );
    assert!(lines.last().unwrap().starts_with("1 error, 1 warning in this shell's environment"), "{got:?}");
    assert!(!got.stdout.contains(&key(1)[9..]));
    let got = doctor(&home, &["--json"], &variables);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!((got.code, &report["schema"]), (1, &serde_json::json!(1)));
    let first = &report["findings"][0];
    assert_eq!((&first["id"], &first["severity"]), (&"cr-in-env".into(), &"error".into()));
    assert_eq!(
        (&first["variable"], &first["origins"][0]["kind"]),
        (&"OPENROUTER_API_KEY".into(), &"environment".into())
    );
}

#[test]
fn keys_that_were_rotated_away_are_found_in_shells_and_programs() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key(2)).code, 0);
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(3)).code, 0);
    let mut sleeper = home.cmd("sleep");
    sleeper.arg("300").env("GROQ_API_KEY", "x").env("OPENAI_API_KEY", key(2)).stdin(Stdio::null());
    let mut sleeper = sleeper.spawn().unwrap();
    let got = doctor(&home, &[], &[("OPENROUTER_API_KEY", &key(2))]);
    let _ = sleeper.kill();
    let _ = sleeper.wait();
    assert_eq!(got.code, 1);
    assert!(
        got.stdout.contains("error: OPENROUTER_API_KEY in this shell holds a key that was rotated away\n"),
        "{got:?}"
    );
    let told = format!("warning: sleep {}, running for ", sleeper.id());
    assert!(
        got.stdout.contains(&told)
            && got.stdout.contains(", was started with a key in OPENAI_API_KEY that was rotated away\n"),
        "{got:?}"
    );
    assert!(!got.stdout.contains(&key(2)) && !got.stdout.contains(&key(3)));
    // The new one is fine.
    let got = doctor(&home, &[], &[("OPENROUTER_API_KEY", &key(3))]);
    assert_eq!(got.code, 0, "{got:?}");
}

/// As a file with a key should be.
fn private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// Runs it in a directory of the home.
fn doctor_in(home: &Home, dir: &str, args: &[&str], variables: &[(&str, &str)]) -> crate::support::home::Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).current_dir(home.path(dir)).envs(variables.iter().copied());
    finish(command, None)
}

#[test]
fn files_are_read_as_their_loaders_read_them() {
    let home = Home::new();
    home.write("src/.env", format!("# mine\nOPENROUTER_API_KEY={}\r\nOPENAI_BASE_URL=https://openrouter.ai\n", key(1)));
    home.write("src/app/.env.local", "GROQ_API_KEY=your-api-key-here\n");
    home.write("src/app/.env.example", "MISTRAL_API_KEY=your-api-key-here\n");
    let got = doctor_in(&home, "src/app", &["doctor"], &[]);
    assert_eq!((got.code, got.stderr.as_str()), (1, ""));
    for told in [
        "warning: the file has Windows line ends: `source` gives its program values that end in an invisible carriage return, most loaders do not\n  --> ~/src/.env\n",
        "error: GROQ_API_KEY holds a guide's placeholder, not a key\n  --> ~/src/app/.env.local:1:14, 17 characters\n",
        "warning: OPENAI_BASE_URL has the host and not the whole address, `https://openrouter.ai/api/v1`\n  --> ~/src/.env:3:17, https://openrouter.ai\n",
    ] {
        assert!(got.stdout.contains(told), "{told}{got:?}");
    }
    assert!(!got.stdout.contains("MISTRAL") && got.stdout.contains(", 2 `.env` files"), "{got:?}");
    let got = doctor_in(&home, "src/app", &["doctor", "--json"], &[]);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    let origins: Vec<_> = report["findings"].as_array().unwrap().iter().map(|found| &found["origins"][0]).collect();
    assert!(
        origins.iter().any(|at| at["line"] == 2 && at["path"].as_str().unwrap().ends_with("/src/.env")),
        "{report}"
    );
}

#[test]
fn a_shell_that_hides_a_file_is_told() {
    let home = Home::new();
    private(&home.write("src/.env", format!("OPENROUTER_API_KEY={}\n", key(4))));
    let got = doctor_in(&home, "src", &["doctor"], &[("OPENROUTER_API_KEY", &key(5))]);
    assert!(got.stdout.contains("warning: OPENROUTER_API_KEY has another value in this shell, and most programs that load the file keep the shell's\n  --> this shell, openrouter …0005\n  --> ~/src/.env:1:20, openrouter …0004\n"), "{got:?}");
    // The same value, or none: nothing to say.
    assert_eq!(doctor_in(&home, "src", &["doctor"], &[("OPENROUTER_API_KEY", &key(4))]).code, 0);
    assert_eq!(doctor_in(&home, "src", &["doctor"], &[]).code, 0);
}

#[test]
fn healthy_files_are_silent() {
    let home = Home::new();
    home.write("src/.env", "OPENAI_API_KEY=ollama\nOPENAI_BASE_URL=http://localhost:11434/v1\n");
    private(&home.write("src/a/.env", format!("OPENROUTER_API_KEY=\"{}\" # mine\nexport DEBUG=1\n", key(6))));
    home.write("src/a/requirements.txt", "openai\npython-dotenv\n");
    for n in 0..10 {
        home.write(format!("src/a/.env.{n}.example"), "OPENAI_API_KEY=sk-...\n");
    }
    let got = doctor_in(&home, "src/a", &["doctor"], &[]);
    assert_eq!(got.code, 0, "{got:?}");
    assert!(got.stdout.starts_with("nothing is wrong in this shell's environment, 2 `.env` files"), "{got:?}");
}

/// Odd files end in a sentence, and nothing waits for them.
#[test]
fn t09_odd_files_are_told_and_not_read() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("src/.env.d")).unwrap();
    let fifo = std::process::Command::new("mkfifo").arg(home.path("src/.env")).status().unwrap();
    assert!(fifo.success());
    std::os::unix::fs::symlink("/nowhere", home.path("src/.env.local")).unwrap();
    std::fs::File::create(home.path("src/.env.large")).unwrap().set_len(10 << 30).unwrap();
    home.write("src/.env.binary", [0xff, 0xfe, b'O', 0, b'=', 0, 0, 0xd8]);
    let got = doctor_in(&home, "src", &["doctor"], &[]);
    assert_eq!(got.code, 1, "{got:?}");
    for name in [".env", ".env.d", ".env.large", ".env.local"] {
        assert!(got.stdout.contains(&format!("  --> ~/src/{name}\n")), "{name}: {got:?}");
    }
}

#[test]
fn an_old_key_in_a_file_and_the_file_that_was_sent_are_named() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key(7)).code, 0);
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(8)).code, 0);
    home.write("src/.env", format!("A=1\nOPENROUTER_API_KEY='{}'\n", key(7)));
    let got = doctor_in(&home, "src/", &["doctor"], &[]);
    assert!(
        got.stdout.contains(
            "error: OPENROUTER_API_KEY still has a key that was rotated away\n  --> ~/src/.env:2:20, openrouter …0007\n"
        ),
        "{got:?}"
    );
    let masked = "Incorrect API key provided: sk-or-v1-****0007.";
    let got = doctor_in(&home, "src", &["explain", masked], &[]);
    assert!(
        got.stdout.contains("`sk-or-v1-…0007` is in ~/src/.env:2, as `OPENROUTER_API_KEY`, and no profile's key\n"),
        "{got:?}"
    );
    let got = doctor_in(&home, "src", &["explain", "--json", masked], &[]);
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert_eq!(report["sent"][0]["origins"][0]["line"], 2);
    assert!(!got.stdout.contains(&key(7)));
}

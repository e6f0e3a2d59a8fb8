//! What is wrong is told where a person meets it: in a line by `status`, about its variable by `why`, beside the error by `explain`.

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

fn key(n: u8) -> String {
    format!("sk-or-v1-{}{n:04x}", "13579bdf02468ace".repeat(4).split_at(60).0)
}

fn run(home: &Home, args: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).current_dir(home.path("src")).envs(variables.iter().copied());
    finish(command, None)
}

/// The ids in a report for programs.
fn ids(got: &Output) -> Vec<String> {
    let report: serde_json::Value = serde_json::from_str(&got.stdout).unwrap_or_else(|_| panic!("{got:?}"));
    let found = report["findings"].as_array().unwrap().iter();
    found.map(|found| found["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn one_mistake_in_all_four_reports() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("src")).unwrap();
    let dirty = format!("{}\r", key(1));
    let variables = [("OPENAI_API_KEY", dirty.as_str()), ("OPENAI_BASE_URL", "https://api.openai.com/v1")];
    let (told, advice) = (
        "error: the value of OPENAI_API_KEY has a carriage return at the end, of a file with Windows line ends: `source` keeps it, most loaders do not",
        "hint: take that out where OPENAI_API_KEY is set\n",
    );
    let mismatch = "error: OPENAI_API_KEY holds a key of OpenRouter, and OPENAI_BASE_URL sends it to OpenAI: the answer will be 401";
    let doctor = run(&home, &["doctor"], &variables);
    assert!(doctor.stdout.contains(&format!("{told}\n  --> this shell, openrouter …0001\n")), "{doctor:?}");
    let status = run(&home, &["status"], &variables);
    assert_eq!(
        (status.code, status.stdout.as_str()),
        (
            0,
            format!(
                "nothing active here\n{told} (this shell, openrouter …0001)\n{mismatch} (this shell, openrouter …0001)\nhint: `llmenv doctor` shows what to do\n"
            )
            .as_str()
        ),
        "{status:?}"
    );
    let why = run(&home, &["why", "OPENAI_API_KEY"], &variables);
    assert_eq!(why.code, 0);
    assert!(why.stdout.contains(&format!("\n\n{told}\n  --> this shell, openrouter …0001\n{advice}")), "{why:?}");
    // Nothing is wrong with another variable.
    let other = run(&home, &["why", "GROQ_API_KEY"], &variables);
    assert!(!other.stdout.contains("error: "), "{other:?}");
    let explain = run(&home, &["explain", "Incorrect API key provided: sk-or-v1*********0001."], &variables);
    assert!(explain.stdout.contains("\nsent   `sk-or-v1…0001` is in"), "{explain:?}");
    assert!(explain.stdout.contains(mismatch) && explain.stdout.contains(told), "{explain:?}");
    for args in [
        &["doctor", "--json"][..],
        &["status", "--json"],
        &["why", "OPENAI_API_KEY", "--json"],
        &["explain", "--json", "401 Unauthorized"],
    ] {
        let found = ids(&run(&home, args, &variables));
        assert!(
            ["cr-in-env", "provider-mismatch"].iter().all(|id| found.iter().any(|known| known == id)),
            "{args:?}: {found:?}"
        );
    }
}

#[test]
fn status_says_nothing_of_what_is_well_and_little_of_much() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("src")).unwrap();
    let good = key(2);
    let well = run(&home, &["status"], &[("OPENROUTER_API_KEY", &good)]);
    assert_eq!(well.stdout, "nothing active here\n");
    let names = [
        "GROQ_API_KEY",
        "MISTRAL_API_KEY",
        "DEEPSEEK_API_KEY",
        "XAI_API_KEY",
        "OPENROUTER_API_KEY",
        "TOGETHER_API_KEY",
    ];
    let much: Vec<(&str, &str)> = names.iter().map(|name| (*name, "your-api-key-here")).collect();
    let got = run(&home, &["status"], &much);
    assert_eq!(
        got.stdout.matches("holds a guide's placeholder, not a key (this shell, 17 characters)\n").count(),
        4,
        "{got:?}"
    );
    assert!(got.stdout.ends_with("hint: `llmenv doctor` shows 2 more, and what to do about each\n"), "{got:?}");
}

/// The afternoon lost to 401: a start-up file has an old key, the project's `.env` the new one, and the server says "User not found".
#[test]
fn a_stale_key_in_a_start_up_file_is_what_explain_points_to() {
    let home = Home::new();
    home.write(".zshrc", format!("# keys\nexport OPENROUTER_API_KEY={}\n", key(3)));
    home.write("src/.env", format!("OPENROUTER_API_KEY={}\n", key(4)));
    home.write("src/app.py", "from dotenv import load_dotenv\nload_dotenv()\n");
    let stale = key(3);
    let variables = [("OPENROUTER_API_KEY", stale.as_str())];
    let got = run(
        &home,
        &[
            "explain",
            "openai.AuthenticationError: Error code: 401 - {'error': {'message': 'User not found.', 'code': 401}}",
        ],
        &variables,
    );
    assert!(got.stdout.starts_with("from   OpenRouter, status 401\n"), "{got:?}");
    let told = "warning: OPENROUTER_API_KEY has another value in this shell, and most programs that load the file keep the shell's\n  --> this shell, openrouter …0003\n  --> ~/src/.env:1:20, openrouter …0004\n  --> ~/.zshrc:2, openrouter …0003\n";
    assert!(got.stdout.contains(told), "{got:?}");
}

//! Commands as Windows meets them: variables of any case, status codes of 32 bits, lines that end in CR LF.

use super::{add, key, served};
use crate::support::home::finish;
use crate::support::{Home, LLMENV};

#[test]
fn add_list_env_exec() {
    let home = Home::new();
    add(&home, "work", 0);
    assert_eq!(served(&home, "work"), key(0));
    let list: serde_json::Value = serde_json::from_str(&home.llmenv(&["list", "--json"]).stdout).unwrap();
    assert_eq!(list["profiles"][0]["profile"], "work", "{list}");
    // What `env` prints is run by the shell that it is for.
    let script = home.write("pair.cmd", home.llmenv(&["env", "work", "--format", "cmd"]).stdout);
    let mut command = home.cmd("cmd");
    command.args(["/d", "/c"]).arg(format!("call {} & echo %OPENAI_API_KEY% %OPENAI_BASE_URL%", script.display()));
    let got = finish(command, None);
    assert!(got.stdout.contains(&format!("{} https://openrouter.ai/api/v1", key(0))), "{got:?}");
    let got = home.llmenv(&["env", "work", "--format", "powershell"]);
    assert!(got.stdout.contains(&format!("$env:OPENAI_API_KEY = '{}'", key(0))), "{got:?}");
}

#[test]
fn exec_passes_all_bits_of_the_status() {
    let home = Home::new();
    add(&home, "work", 0);
    for status in [0, 7, 300, -1_073_741_510] {
        let got = home.llmenv(&["exec", "work", "--", "cmd", "/d", "/c", &format!("exit {status}")]);
        assert_eq!(got.code, status, "{got:?}");
    }
    assert_eq!(home.llmenv(&["exec", "work", "--", "no-such-program"]).code, 127);
}

#[test]
fn use_says_what_it_does_without_a_hook() {
    let home = Home::new();
    add(&home, "work", 0);
    let got = home.llmenv(&["use", "work"]);
    assert_eq!((got.code, got.stdout.as_str()), (2, ""), "{got:?}");
    assert!(got.stderr.contains("llmenv exec work -- "), "{got:?}");
    assert_eq!(home.llmenv(&["use", "work", "--global"]).code, 0);
    assert!(std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap().contains("default = \"work\""));
    std::fs::create_dir(home.path("project")).unwrap();
    let mut command = home.cmd(LLMENV);
    command.args(["use", "work", "--here"]).current_dir(home.path("project"));
    let got = finish(command, None);
    assert_eq!(got.code, 0, "{got:?}");
    assert!(got.stderr.contains(r"\project\.llmenv.toml") && !got.stderr.contains(r"\\?\"), "{got:?}");
    // Whatever the case in which somebody types the folder's name.
    let mut command = home.cmd(LLMENV);
    command.args(["status", "--json"]).current_dir(home.path("PROJECT"));
    let got = finish(command, None);
    let status: serde_json::Value = serde_json::from_str(&got.stdout).unwrap_or_else(|_| panic!("{got:?}"));
    assert_eq!((&status["reason"], &status["profile"]), (&"pin".into(), &"work".into()), "{status}");
}

#[test]
fn variables_have_no_case() {
    let home = Home::new();
    add(&home, "work", 0);
    let run = |args: &[&str]| {
        let mut command = home.cmd(LLMENV);
        command.args(args).env("Openai_Api_Base", "https://stale.example.com/v1").env("openai_api_key", " \"quoted\" ");
        finish(command, None)
    };
    let got = run(&["exec", "work", "--", "cmd", "/d", "/c", "set"]);
    let lines: Vec<String> = got.stdout.lines().map(str::to_ascii_uppercase).collect();
    let of = |name: &str| lines.iter().filter(|line| line.starts_with(&format!("{name}="))).collect::<Vec<_>>();
    assert_eq!(of("OPENAI_API_BASE"), Vec::<&String>::new(), "a rival under another case: {got:?}");
    assert_eq!(of("OPENAI_API_KEY"), [&format!("OPENAI_API_KEY={}", key(0)).to_ascii_uppercase()], "{got:?}");
    let got = run(&["doctor", "--json"]);
    assert!(got.stdout.contains("\"variable\":\"OPENAI_API_KEY\""), "{got:?}");
    let got = run(&["why", "OPENAI_API_BASE"]);
    assert!(got.stdout.contains("stale.example.com"), "{got:?}");
}

#[test]
fn lines_that_end_in_cr_lf_stay_so() {
    let home = Home::new();
    // A key piped by PowerShell ends in CR LF.
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    let got = home.llmenv_with(&add, format!("{}\r\n", key(0)));
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(served(&home, "work"), key(0));
    let config = home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&config).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
    std::fs::write(&config, format!("# mine\r\n{text}")).unwrap();
    let got = home.llmenv(&["edit", "work", "--account", "me@home"]);
    assert_eq!(got.code, 0, "{got:?}");
    let text = std::fs::read_to_string(&config).unwrap();
    assert!(text.starts_with("# mine\r\n") && text.contains("account = \"me@home\"\r\n"), "{text:?}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    // A pin of an editor of Windows, and a `.env` whose values do not end in the CR.
    home.write("project/.llmenv.toml", "profile = \"work\"\r\n");
    home.write("project/.env", format!("OPENAI_API_KEY={}\r\n", key(1)));
    let run = |args: &[&str]| {
        let mut command = home.cmd(LLMENV);
        command.args(args).current_dir(home.path("project"));
        finish(command, None)
    };
    assert_eq!(run(&["allow"]).code, 0);
    let status: serde_json::Value = serde_json::from_str(&run(&["status", "--json"]).stdout).unwrap();
    assert_eq!((&status["reason"], &status["profile"]), (&"pin".into(), &"work".into()), "{status}");
    let got = run(&["why", "OPENAI_API_KEY"]);
    assert!(got.stdout.contains(".env:1") && !got.stdout.contains('\r'), "{got:?}");
}

#[test]
fn setup_writes_the_profile_and_takes_it_back() {
    let home = Home::new();
    let got = home.llmenv(&["setup", "--yes", "--shell", "powershell", "--store", "file"]);
    assert_eq!(got.code, 0, "{got:?}");
    let said = format!("{}{}", got.stdout, got.stderr);
    assert!(said.contains("profile.ps1"), "{said}");
    let documents = directories::UserDirs::new().and_then(|dirs| dirs.document_dir().map(std::path::Path::to_owned));
    let profile = documents.unwrap_or_else(|| home.path("Documents")).join("PowerShell").join("profile.ps1");
    let text = std::fs::read_to_string(&profile).unwrap_or_else(|err| panic!("{}: {err}\n{said}", profile.display()));
    assert!(text.contains("init powershell) -join") && text.contains(r"\llmenv.exe'"), "{text}");
    let got = home.llmenv(&["setup", "--undo", "--shell", "powershell", "--yes"]);
    assert_eq!(got.code, 0, "{got:?}");
    assert!(!profile.exists(), "there was none before");
    let got = home.llmenv(&["init", "powershell"]);
    assert!(got.code == 0 && got.stdout.contains("function"), "{got:?}");
}

#[test]
fn install_without_a_scheduler_says_so() {
    let home = Home::new();
    let got = home.llmenv(&["daemon", "install", "--print"]);
    assert!(
        got.code == 0 && got.stdout.contains("<Arguments>daemon run --background --by task</Arguments>"),
        "{got:?}"
    );
    let mut command = home.cmd(LLMENV);
    command.args(["daemon", "install"]).env("PATH", home.path("nowhere"));
    let got = finish(command, None);
    assert_eq!((got.code, got.stdout.as_str()), (1, ""), "{got:?}");
    assert!(got.stderr.starts_with("error: there is no `schtasks` on PATH\nhint: nothing needs it"), "{got:?}");
}

//! Where no prompt is drawn: each way gives the right pair in a real run.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;

use llmenv::dotenv::{self, Dialect, Environment};

use super::{alone, home_with_work, key};
use crate::readme::of_kind;
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV, left_out};

const SHOW: &str = "echo ${OPENAI_API_KEY-none} ${OPENAI_BASE_URL-none}";

fn wanted() -> String {
    format!("{} https://openrouter.ai/api/v1\n", key())
}

/// A home with `work`, which the folder `src/app` is pinned to.
fn home_with_pin() -> Home {
    let home = home_with_work();
    std::fs::create_dir_all(home.path("src/app")).unwrap();
    let mut command = home.cmd(LLMENV);
    command.args(["use", "work", "--here"]).env("LLMENV_DAEMON", "off").current_dir(home.path("src/app"));
    assert_eq!(finish(command, None).code, 0);
    home
}

fn run(home: &Home, program: &str, args: &[&str], dir: &str, variables: &[(&str, &str)]) -> Output {
    let mut command = home.cmd(program);
    command.args(args).envs(variables.iter().copied()).current_dir(home.path(dir));
    finish(command, None)
}

/// An agent's `bash -c`: the README's line in the file that `BASH_ENV` names.
#[test]
fn bash_env_gives_what_the_directory_gives() {
    let home = home_with_pin();
    let file = home.write(".bash_env", &of_kind("sh bash_env")[0].text);
    let variables = [("BASH_ENV", file.to_str().unwrap())];
    let got = run(&home, "bash", &["-c", SHOW], "src/app", &variables);
    assert_eq!((got.stdout, got.stderr), (wanted(), String::new()));
    let got = run(&home, "bash", &["-c", SHOW], "src", &variables);
    assert_eq!((got.stdout.as_str(), got.stderr.as_str()), ("none none\n", ""), "nothing is active there");
    // The control: without the line there is no pair.
    assert_eq!(run(&home, "bash", &["-c", SHOW], "src/app", &[]).stdout, "none none\n");
    // What a shell inherited stays, and costs no process.
    let inherited = [variables[0], ("LLMENV_PROFILE", "other"), ("OPENAI_API_KEY", "k"), ("PATH", "/usr/bin:/bin")];
    let got = run(&home, "bash", &["-c", SHOW], "src/app", &inherited);
    assert_eq!((got.stdout.as_str(), got.stderr.as_str()), ("k none\n", ""));
}

#[test]
fn zshenv_gives_what_the_directory_gives() {
    let home = home_with_pin();
    home.write(".zshenv", &of_kind("zsh zshenv")[0].text);
    let got = run(&home, "zsh", &["-c", SHOW], "src/app", &[]);
    assert_eq!((got.stdout, got.stderr), (wanted(), String::new()));
    let got = run(&home, "zsh", &["-c", SHOW], "src", &[]);
    assert_eq!((got.stdout.as_str(), got.stderr.as_str()), ("none none\n", ""));
}

/// A key's program may be a bash script: the line must not call itself for ever.
#[test]
fn bash_env_does_not_call_itself() {
    let home = home_with_pin();
    let file = home.write(".bash_env", &of_kind("sh bash_env")[0].text);
    let script =
        home.write("give", format!("#!/bin/bash\necho run >>'{}'\necho {}\n", home.path("runs").display(), key()));
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let reference = format!("command:{}", script.display());
    assert_eq!(alone(&home, &["add", "script", "--provider", "openrouter", "--key-ref", &reference], "").code, 0);
    let variables = [("BASH_ENV", file.to_str().unwrap()), ("LLMENV_DAEMON", "off")];
    let got = run(&home, LLMENV, &["exec", "script", "--", "bash", "-c", SHOW], "src/app", &variables);
    assert_eq!(got.stdout, wanted(), "{got:?}");
    assert_eq!(std::fs::read_to_string(home.path("runs")).unwrap(), "run\n");
}

#[test]
fn use_llmenv_in_a_real_direnv() {
    let Some(direnv) = ["/usr/bin/direnv", "/usr/local/bin/direnv"].into_iter().find(|path| Path::new(path).exists())
    else {
        return left_out("direnv: `use llmenv` in a .envrc");
    };
    let home = home_with_pin();
    let printed = home.llmenv(&["init", "direnv"]);
    assert_eq!((printed.code, printed.stderr.as_str()), (0, ""));
    home.write(".config/direnv/lib/llmenv.sh", printed.stdout);
    std::fs::create_dir_all(home.path("named")).unwrap();
    home.write("named/.envrc", "use llmenv work\n");
    home.write("src/app/.envrc", "use llmenv\n");
    home.write("missing/.envrc", "use llmenv nobody\n");
    for dir in ["named", "src/app", "missing"] {
        let file = home.path(dir);
        assert_eq!(run(&home, direnv, &["allow", file.to_str().unwrap()], "", &[]).code, 0);
    }
    for dir in ["named", "src/app"] {
        let there = home.path(dir);
        let got = run(&home, direnv, &["exec", there.to_str().unwrap(), "sh", "-c", SHOW], "", &[]);
        assert_eq!(got.stdout, wanted(), "{dir}: {got:?}");
    }
    // A profile that is not there gives nothing, and says so.
    let there = home.path("missing");
    let got = run(&home, direnv, &["exec", there.to_str().unwrap(), "sh", "-c", SHOW], "", &[]);
    assert!(!got.stdout.contains("sk-or-") && got.stderr.contains("there is no profile `nobody`"), "{got:?}");
}

/// crontab(5): `/bin/sh -c LINE`, and no variables but these.
#[test]
fn the_crontab_line_runs_with_cron_s_environment() {
    let home = home_with_work();
    let line = of_kind("crontab")[0].text.lines().find(|line| !line.starts_with('#')).unwrap().to_owned();
    // Five fields of time, then the command, up to a `%` (which would be a line end).
    let command_line = line.splitn(6, ' ').nth(5).unwrap().replace("$HOME/bin/report", "$HOME/report");
    assert!(!command_line.contains('%'), "{command_line}");
    home.write("report", format!("#!/bin/sh\n{SHOW} >\"$HOME/reported\"\n"));
    std::fs::set_permissions(home.path("report"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let program = command_line.split(' ').next().unwrap().to_owned();
    assert!(program.ends_with("/llmenv"), "cron has no PATH to find it by: {command_line}");
    let command_line = command_line.replacen(&program, LLMENV, 1);
    let root = home.path("").display().to_string();
    let mut command = home.cmd("/bin/sh");
    command.env_clear().envs([
        ("HOME", root.trim_end_matches('/')),
        ("LOGNAME", "me"),
        ("SHELL", "/bin/sh"),
        ("PATH", "/usr/bin:/bin"),
    ]);
    command.args(["-c", &command_line]);
    // The daemon of a desktop's shell: the job finds it without being told where.
    assert_eq!(home.llmenv(&["list"]).code, 0);
    let daemon = home.daemon_pid();
    let got = finish(command, None);
    assert_eq!((got.stdout.as_str(), got.stderr.as_str(), got.code), ("", "", 0), "{got:?}");
    assert!(daemon.is_some() && home.daemon_pid() == daemon, "another daemon was started");
    assert_eq!(std::fs::read_to_string(home.path("reported")).unwrap(), wanted());
}

/// The unit of the README: right to systemd, and its command gives the pair with what systemd would pass to it.
#[test]
fn the_systemd_unit_is_right() {
    let home = home_with_work();
    let unit = of_kind("ini unit")[0].text.clone();
    let line = |name: &str| unit.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap().to_owned();
    assert_eq!(line("Environment"), "LLMENV_VAULT_KEY_FILE=%d/llmenv-identity");
    let checked = unit.replace("%h/.cargo/bin/llmenv", LLMENV).replace("%h/bin/report", "/bin/true");
    let path = home.write("report.service", checked);
    if Path::new("/usr/bin/systemd-analyze").exists() {
        let got =
            run(&home, "/usr/bin/systemd-analyze", &["verify", "--user", "--man=no", path.to_str().unwrap()], "", &[]);
        let about_ours: Vec<&str> = got.stderr.lines().filter(|line| line.contains("report.service")).collect();
        assert!(about_ours.is_empty(), "{got:?}");
    } else {
        left_out("systemd-analyze: the unit of the README");
    }
    // As systemd does it: the credential in a folder of its own, no session, no terminal.
    let identity = home.path(".local/share/llmenv/identity");
    std::fs::create_dir_all(home.path("credentials")).unwrap();
    std::fs::rename(&identity, home.path("credentials/llmenv-identity")).unwrap();
    let command =
        line("ExecStart").replace("%h/.cargo/bin/llmenv", LLMENV).replace("%h/bin/report", &format!("sh -c '{SHOW}'"));
    let got = run(
        &home,
        "sh",
        &["-c", &command],
        "",
        &[
            ("LLMENV_VAULT_KEY_FILE", home.path("credentials/llmenv-identity").to_str().unwrap()),
            ("LLMENV_DAEMON", "off"),
        ],
    );
    assert_eq!(got.stdout, wanted(), "{got:?}");
    // The control: without the credential there is no key.
    assert_eq!(run(&home, "sh", &["-c", &command], "", &[("LLMENV_DAEMON", "off")]).code, 125);
}

#[test]
fn docker_s_env_file_by_its_rules_and_by_the_real_client() {
    let home = home_with_work();
    let text = alone(&home, &["env", "work", "--format", "docker"], "").stdout;
    let nothing = |_: &str| None;
    let reading = dotenv::read(text.as_bytes(), Dialect::Docker, &Environment::new(&nothing));
    let value = |name: &str| reading.text(name).map(|value| value.expose().to_owned());
    assert_eq!(value("OPENAI_API_KEY"), Some(key()));
    assert_eq!(value("OPENAI_BASE_URL").as_deref(), Some("https://openrouter.ai/api/v1"));
    assert!(reading.failure.is_none());
    let Some(docker) = ["/usr/local/bin/docker", "/usr/bin/docker"].into_iter().find(|path| Path::new(path).exists())
    else {
        return left_out("docker: the file through the real client");
    };
    // The client reads the file and sends what it read to an engine: ours, which only listens.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let engine = format!("tcp://{}", listener.local_addr().unwrap());
    let (sender, received) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            if let Some(body) = answer(stream) {
                let _ = sender.send(body);
                return;
            }
        }
    });
    let line = "docker run --env-file <(llmenv env work --format docker) IMAGE";
    let line = line.replacen("docker", docker, 1).replace("IMAGE", "image");
    assert!(
        include_str!("../../README.md").contains("`docker run --env-file <(llmenv env NAME --format docker) IMAGE`")
    );
    let got = run(&home, "bash", &["-c", &line], "", &[("DOCKER_HOST", &engine), ("LLMENV_DAEMON", "off")]);
    let body = received.recv_timeout(crate::support::DEADLINE).unwrap_or_else(|_| panic!("no request came: {got:?}"));
    let json: serde_json::Value = serde_json::from_str(&body).unwrap();
    let sent: Vec<&str> = json["Env"].as_array().unwrap().iter().filter_map(|entry| entry.as_str()).collect();
    assert!(sent.contains(&format!("OPENAI_API_KEY={}", key()).as_str()), "{sent:?}");
    assert!(sent.contains(&"OPENAI_BASE_URL=https://openrouter.ai/api/v1"), "{sent:?}");
}

/// Answers one request as an engine would, until a container is to be created: then gives what was asked for.
fn answer(stream: std::net::TcpStream) -> Option<String> {
    stream.set_read_timeout(Some(crate::support::DEADLINE)).ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut first = String::new();
        let (mut length, mut is_chunked) = (0, false);
        for number in 0.. {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            if number == 0 {
                first.clone_from(&line);
            }
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            is_chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
            if line.trim().is_empty() {
                break;
            }
        }
        assert!(!is_chunked, "{first}");
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let is_create = first.contains("/containers/create");
        let (status, text) = if is_create { ("500 Refused", "{\"message\":\"no\"}") } else { ("200 OK", "OK") };
        let text = if first.starts_with("HEAD") { "" } else { text };
        let reply = format!(
            "HTTP/1.1 {status}\r\nApi-Version: 1.41\r\nOstype: linux\r\nServer: Docker\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{text}",
            text.len()
        );
        reader.get_mut().write_all(reply.as_bytes()).ok()?;
        if is_create {
            return String::from_utf8(body).ok();
        }
    }
}

/// Agents save a shell's functions one by one and load them elsewhere: the one that is called `llmenv` works by itself.
#[test]
fn a_function_that_was_copied_alone_is_the_program() {
    let home = home_with_pin();
    for (shell, declare) in [("bash", "declare -f llmenv"), ("zsh", "functions llmenv")] {
        let script = format!("eval \"$(llmenv init {shell})\"; {declare}");
        let copied = run(&home, shell, &["-c", &script], "", &[("LLMENV_HOOK", "1")]);
        assert!(copied.stdout.contains("command llmenv"), "{shell}: {copied:?}");
        let script = format!("{}\nllmenv exec work -- sh -c '{SHOW}'\nllmenv use work; echo $?", copied.stdout);
        let got = run(&home, shell, &["-c", &script], "src/app", &[]);
        assert_eq!(got.stdout, format!("{}2\n", wanted()), "{shell}: {got:?}");
        assert!(got.stderr.contains("llmenv exec work -- COMMAND"), "{shell}: {got:?}");
    }
}

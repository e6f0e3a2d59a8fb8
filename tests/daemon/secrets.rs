//! A key is where it is asked for and nowhere else; what strangers wrote reaches no terminal as it is.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::{Sleeper, add, home_with_daemon, key, read_all, served, state_dir};
use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV};

/// Two marked keys: one is rotated away.
const MARKED: [&str; 2] = [
    "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",
    "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",
];

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks_exact(3) {
        let number = u32::from(chunk[0]) << 16 | u32::from(chunk[1]) << 8 | u32::from(chunk[2]);
        for shift in [18, 12, 6, 0] {
            text.push(LETTERS[(number >> shift & 63) as usize] as char);
        }
    }
    text
}

/// Everything that would give a marked key away: itself, half of it, reversed, hex, base64 at each of three offsets.
fn needles() -> Vec<(String, Vec<u8>)> {
    let mut needles = Vec::new();
    for key in MARKED {
        let reversed: String = key.chars().rev().collect();
        let hex: String = key.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (what, text) in [
            ("the key", key.to_owned()),
            ("its second half", key[41..].to_owned()),
            ("its first half", key[9..41].to_owned()),
            ("reversed", reversed),
            ("hex", hex.clone()),
            ("upper-case hex", hex.to_uppercase()),
            ("base64", base64(key.as_bytes())),
            ("base64 from the second byte", base64(&key.as_bytes()[1..])),
            ("base64 from the third byte", base64(&key.as_bytes()[2..])),
        ] {
            needles.push((format!("{what} of …{}", &key[key.len() - 4..]), text.into_bytes()));
        }
    }
    needles
}

#[track_caller]
fn assert_clean(needles: &[(String, Vec<u8>)], haystack: &[u8], place: &str) {
    assert_eq!(found(needles, haystack), None, "in {place}");
}

/// What of the marked keys is in there.
fn found<'a>(needles: &'a [(String, Vec<u8>)], haystack: &[u8]) -> Option<&'a str> {
    let is_in = |needle: &Vec<u8>| haystack.windows(needle.len()).any(|window| window == needle.as_slice());
    needles.iter().find(|(_, needle)| is_in(needle)).map(|(what, _)| what.as_str())
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => files_below(&entry.path(), found),
            kind if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
}

#[test]
fn t11_canary() {
    let (home, needles) = (Home::new(), needles());
    let traces = tempfile::tempdir().unwrap();
    let mut number = 0;
    // Every command is traced: no program, the daemon's own start among them, gets a key as an argument. The daemon's
    // tracer stays as long as the daemon does, so it is started by itself.
    let mut tracer = home.cmd("strace");
    tracer.args(["-f", "-q", "-e", "trace=execve", "-s", "65536", "-o"]).arg(traces.path().join("daemon"));
    tracer.arg(LLMENV).args(["daemon", "start"]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut tracer = tracer.spawn().unwrap();
    super::wait_until("the daemon runs", || home.daemon_pid().is_some());
    let mut traced = |args: &[&str], stdin: &str| {
        number += 1;
        let mut command = home.cmd("strace");
        command.args(["-f", "-q", "-e", "trace=execve", "-s", "65536", "-o"]);
        command.arg(traces.path().join(number.to_string())).arg(LLMENV).args(args);
        command.env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1").env("LLMENV_LOG", "trace");
        finish(command, Some(stdin.into()))
    };
    let clean = |got: &Output, args: &[&str]| {
        assert_clean(&needles, got.stdout.as_bytes(), &format!("the output of {args:?}"));
        assert_clean(&needles, got.stderr.as_bytes(), &format!("the errors of {args:?}"));
    };
    home.write("new-key", MARKED[0]);
    std::fs::create_dir(home.path("src")).unwrap();
    let steps: &[(&[&str], &str, i32)] = &[
        (&["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"], MARKED[0], 0),
        (&["add", "again", "--provider", "openrouter", "--key-file", "new-key"], "", 0),
        (&["add", "more", "--key-stdin"], "\u{feff}export OPENROUTER_API_KEY=“MARK0”\r\n", 0),
        (&["add", "wrong", "--provider", "openai", "--key-stdin"], MARKED[0], 1),
        (&["add", "wrong", "--provider", "anthropic", "--key-stdin"], MARKED[1], 1),
        (&["add", "wrong", "--provider", "openrouter", "--key-stdin"], "MARK0 MARK1", 1),
        (&["add", "wrong", "--provider", "openrouter", "--key-stdin"], "https://x.example/?key=MARK0", 1),
        (&["add", "work", "--provider", "openrouter", "--key-stdin"], MARKED[1], 1),
        (&["add", "wrong", "--provider", "no-such", "--key-stdin"], MARKED[1], 2),
        (&["rotate", "work", "--key-stdin"], MARKED[0], 1),
        (&["rotate", "work", "--key-stdin"], MARKED[1], 0),
        (&["rotate", "nobody", "--key-stdin"], MARKED[1], 1),
        (&["edit", "work", "--model", "m"], "", 0),
        (&["edit", "work", "--base-url", "https://other.example/v1"], "", 2),
        (&["rename", "more", "less"], "", 0),
        (&["remove", "again", "--yes"], "", 0),
        (&["list"], "", 0),
        (&["list", "--json"], "", 0),
        (&["show", "work"], "", 0),
        (&["show", "work", "--json"], "", 0),
        (&["show", "work", "--reveal"], "", 2),
        (&["use", "work", "--global"], "", 0),
        (&["status"], "", 0),
        (&["status", "--json"], "", 0),
        (&["exec", "work", "--", "true"], "", 0),
        (&["exec", "work", "--", "/no/such/program"], "", 127),
        (&["env", "work", "--format", "no-such"], "", 2),
        (&["providers"], "", 0),
        (&["providers", "openrouter"], "", 0),
        (&["daemon", "status", "--json"], "", 0),
        (&["daemon", "log"], "", 0),
        (&["completions", "bash"], "", 0),
        (&["init", "bash"], "", 0),
        (&["hook", "complete", "profiles"], "", -1),
        (&["lock"], "", 0),
        (&["exec", "work", "--", "true"], "", 125),
        (&["unlock"], "", 2),
    ];
    for (args, stdin, code) in steps {
        let stdin = stdin.replace("MARK0", MARKED[0]).replace("MARK1", MARKED[1]);
        let got = traced(args, &stdin);
        assert!(*code == -1 || got.code == *code, "{args:?}: {got:?}");
        clean(&got, args);
    }
    // What a person typed in the wrong place is not repeated either. It is in their arguments already.
    for args in [&["add", MARKED[0]][..], &["use", MARKED[0]], &["show", MARKED[1]], &["exec", MARKED[1], "--", "true"]]
    {
        let got = home.llmenv(args);
        assert_ne!(got.code, 0);
        clean(&got, &["(a key)"]);
    }
    // Unlocked again, where a terminal is: by taking the lock away as `unlock` does.
    let mut terminal = crate::support::Terminal::start(&home, crate::support::Shell::Bash, "", home.path("src"));
    assert_eq!(terminal.run("llmenv unlock"), "unlocked\n");
    // Files in which a key stands in a wrong place.
    let config = home.path(".config/llmenv/config.toml");
    let good = std::fs::read_to_string(&config).unwrap();
    for wrong in [
        format!("{good}\n[profiles.x]\nprovider = \"openrouter\"\nkey = \"{}\"\n", MARKED[0]),
        format!("{good}\n[profiles.x]\n{} = 1\n", MARKED[0]),
        format!("{good}\nx = {}\n", MARKED[0]),
        format!("{good}\n[profiles.\"{}\"]\nprovider = \"openrouter\"\n", MARKED[0]),
        format!("default = \"{}\"\n{}", MARKED[0], good.replace("default = \"work\"\n", "")),
    ] {
        std::fs::write(&config, wrong).unwrap();
        for args in [&["list"][..], &["status", "--json"], &["use", "work", "--global"], &["daemon", "status"]] {
            clean(&traced(args, ""), args);
        }
    }
    std::fs::write(&config, &good).unwrap();
    home.write("src/.llmenv.toml", format!("profile = \"work\"\nkey = \"{}\"\n", MARKED[0]));
    let shell = Sleeper::start();
    let hook = shell.hook(&home, "src", &["why=start", "reason=none"]);
    assert_clean(&needles, hook.stdout.as_bytes(), "a hook's answer about a pin with a key");
    std::fs::remove_file(home.path("src/.llmenv.toml")).unwrap();
    // Where a key is asked for it is, and a hook's answer has it in its lines of data alone.
    super::wait_until("the mended file is read", || {
        let status = home.llmenv(&["daemon", "status", "--json"]).stdout;
        serde_json::from_str::<serde_json::Value>(&status).unwrap()["config_error"].is_null()
    });
    let (revealed, env) = (["show", "work", "--reveal", "--force"], ["env", "work", "--format", "json"]);
    assert_eq!(traced(&revealed, "").stdout, format!("{}\n", MARKED[1]));
    assert!(traced(&env, "").stdout.contains(MARKED[1]));
    assert_eq!(served(&home, "work"), MARKED[1]);
    let hook = shell.hook(&home, "src", &["why=choose", "reason=shell", "profile=work"]);
    let data = |line: &&str| line.starts_with("set\t");
    assert!(hook.stdout.lines().filter(data).any(|line| line.contains(MARKED[1])), "{hook:?}");
    for line in hook.stdout.lines().filter(|line| !data(line)) {
        assert_clean(&needles, line.as_bytes(), "a hook's answer");
    }
    assert_clean(&needles, hook.stderr.as_bytes(), "a hook's errors");
    // The daemon ends by itself, and by force.
    super::kill(home.daemon_pid().unwrap());
    assert_eq!(served(&home, "work"), MARKED[1]);
    tracer.wait().unwrap();
    assert_eq!(home.llmenv(&["daemon", "restart"]).code, 0);
    assert_eq!(traced(&["daemon", "stop"], "").code, 0);
    std::fs::remove_file(home.path("new-key")).unwrap();
    drop(terminal);

    let mut files = Vec::new();
    files_below(&home.path(""), &mut files);
    assert!(files.iter().any(|file| file.ends_with("vault")) && files.iter().any(|file| file.ends_with("daemon.log")));
    files_below(traces.path(), &mut files);
    let execs: usize = files
        .iter()
        .map(|file| {
            let content = read_all(file);
            // A key of our own making for the terminal's harness would be found here as well.
            assert_clean(&needles, &content, &file.display().to_string());
            String::from_utf8_lossy(&content).matches("execve(").count()
        })
        .sum();
    assert!(execs > steps.len(), "nothing was traced: {execs}");
    println!("{} commands, {execs} programs started, {} files searched", steps.len(), files.len());
    // A control: the search finds what is there.
    for text in [MARKED[0].to_owned(), base64(MARKED[1].as_bytes())] {
        assert!(found(&needles, format!("x{text}y").as_bytes()).is_some());
    }
}

#[test]
fn t12_terminal_escapes() {
    let evil = "e\u{1b}]0;pwn\u{7}\u{1b}[2Jx\u{202e}\u{200b}y\r";
    let (home, _) = home_with_daemon();
    let dir = format!("src/{evil}");
    std::fs::create_dir_all(home.path(&dir)).unwrap();
    let check = |got: &Output, what: &str| {
        for text in [&got.stdout, &got.stderr] {
            let bad = text.chars().find(|&c| llmenv::printable::is_unprintable(c) && c != '\n' && c != '\t');
            assert_eq!(bad, None, "{what}: {text:?}");
        }
    };
    let config = home.path(".config/llmenv/config.toml");
    let good = std::fs::read_to_string(&config).unwrap();
    let toml =
        |text: &str| serde_json::to_string(text).unwrap().replace('\u{202e}', "\\u202e").replace('\u{200b}', "\\u200b");
    let account = format!("{good}account = {0}\nmodel = {0}\n", toml("a\u{202e}b"));
    let configs = [
        account,
        format!("{good}base_url = {}\n", toml(&format!("https://{evil}.example/v1"))),
        format!("include = [{}]\n{good}", toml(&format!("/tmp/{evil}.toml"))),
        format!("default = {}\n{good}", toml(evil)),
        format!("{good}[profiles.{}]\nprovider = \"openrouter\"\n", toml(evil)),
        format!("{good}\n[profiles.x]\nprovider = {}\n", toml(evil)),
        format!("{good}\n{} = 1\n", toml(evil)),
        format!("{good}\n[[directory]]\npath = {}\nprofile = {}\n", toml(&format!("~/src/{evil}/**")), toml(evil)),
        format!("{good}\nx = \u{1b}[2J\n"),
    ];
    let shell = Sleeper::start();
    let mut seen = String::new();
    for text in configs.iter().chain([&good]) {
        std::fs::write(&config, text).unwrap();
        for args in [
            &["list"][..],
            &["status"],
            &["status", "--json"],
            &["show", "work"],
            &["exec", "work", "--", "true"],
            &["use", evil, "--global"],
            &["add", evil, "--provider", evil],
            &["daemon", "status"],
            &["daemon", "log"],
            &["exec", "--", "true"],
        ] {
            let mut command = home.cmd(LLMENV);
            command.args(args).current_dir(home.path(&dir));
            let got = finish(command, None);
            check(&got, &format!("{args:?}"));
            seen += &got.stderr;
        }
        check(&shell.hook(&home, &dir, &["why=start", "reason=none"]), "hook");
    }
    home.write(format!("{dir}/.llmenv.toml"), format!("profile = {}\n", toml(evil)));
    check(&shell.hook(&home, &dir, &["why=start", "reason=none"]), "a pin that is wrong");
    home.write(format!("{dir}/.llmenv.toml"), "profile = \"work\"\n");
    let got = shell.hook(&home, &dir, &["why=start", "reason=none"]);
    check(&got, "a pin that waits");
    // A control: the names were there to be shown, and were shown in a harmless form.
    assert!(seen.contains("\\u{1b}"), "{seen}");
    assert!(got.stdout.contains("\\u{1b}") && got.stdout.contains("\\u{202e}"), "{got:?}");
}

#[test]
fn t24_fingerprints_salted() {
    let fingerprint = |home: &Home| {
        let got = home.llmenv(&["show", "work", "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
        assert_eq!(shown["key"]["shown"], "openrouter …cdef");
        shown["key"]["fingerprint"].as_str().unwrap().to_owned()
    };
    let (first, _) = home_with_daemon();
    let (second, _) = home_with_daemon();
    let (one, two) = (fingerprint(&first), fingerprint(&second));
    assert!(one.len() == 8 && one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
    assert_ne!(one, two, "the same key, two machines");
    let plain: String = Sha256::digest(key(0)).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!plain.starts_with(&one) && !plain.starts_with(&two));
    // The same on the next day, and a key that is gone is remembered by nothing that could be looked up in a table.
    first.end_daemon();
    assert_eq!(fingerprint(&first), one);
    assert_eq!(first.llmenv_with(&["rotate", "work", "--key-stdin"], key(1)).code, 0);
    let rotated = std::fs::read_to_string(state_dir(&first).join("rotated")).unwrap();
    assert!(rotated.starts_with(&one) && rotated.lines().count() == 1 && !rotated.contains(&plain), "{rotated}");
}

#[test]
fn t10_files_of_our_own_are_not_written_through_links() {
    let (home, pid) = home_with_daemon();
    let victim = home.write("victim", "precious\n");
    let (state, shell) = (state_dir(&home), Sleeper::start());
    super::kill(pid);
    let id = format!("{}.{}", shell.pid(), llmenv::process::start_time(shell.pid()).unwrap());
    for name in ["daemon.log".to_owned(), format!("shells/{id}"), "daemon".into(), "rotated".into(), "locked".into()] {
        let path = state.join(&name);
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let got = home.llmenv(&["list"]);
        assert!(got.code == 0 || got.stderr.starts_with("error: "), "{name}: {got:?}");
        let _ = shell.hook(&home, "", &["why=choose", "reason=shell", "profile=work"]);
        let _ = home.llmenv_with(&["rotate", "work", "--key-stdin"], key(1));
        let _ = home.llmenv(&["lock"]);
        let _ = home.llmenv(&["daemon", "stop"]);
        assert_eq!(std::fs::read(&victim).unwrap(), b"precious\n", "{name}");
        let _ = std::fs::remove_file(&path);
        let _ = std::fs::remove_file(state.join("locked"));
    }
    for name in ["daemon.lock", "start.lock"] {
        let path = state.join(name);
        let _ = std::fs::remove_file(&path);
        std::os::unix::fs::symlink(&victim, &path).unwrap();
        let got = home.llmenv(&["list"]);
        assert_eq!(got.code, 1, "{name}: {got:?}");
        assert_eq!(std::fs::read(&victim).unwrap(), b"precious\n", "{name}");
        std::fs::remove_file(&path).unwrap();
    }
    add(&home, "more", 3);
    assert_eq!(served(&home, "more"), key(3));
    let linked = Command::new("find").arg(home.path("")).args(["-type", "l"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&linked.stdout), "");
}

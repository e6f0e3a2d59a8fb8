//! `check`, and what `add`, `rotate` and `doctor --online` make of it: the whole program, with every provider played on loopback.

use serde_json::Value;

use crate::support::home::{Output, finish};
use crate::support::upstream::play::{self, Sort, openai_key, openrouter_key};
use crate::support::upstream::{Authority, Reply, Seen, Upstream};
use crate::support::{Home, LLMENV, Shell, Terminal};

/// A home whose configuration leads through a proxy that plays every host.
struct Scene {
    home: Home,
    proxy: Upstream,
}

impl Scene {
    fn new() -> Self {
        Self::with(play::providers)
    }

    fn with(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let (home, authority) = (Home::new(), Authority::new());
        let proxy = Upstream::proxy(&authority, script);
        let network = proxy.network(&authority.write(&home.path("")));
        home.write(".config/llmenv/config.toml", network);
        let scene = Self { home, proxy };
        // Makes the encrypted file.
        let key = openai_key(Sort::Good);
        let made =
            scene.run(&["add", "first", "--provider", "openai", "--key-stdin", "--no-check", "--store", "file"], key);
        assert_eq!(made.code, 0, "{made:?}");
        assert_eq!(scene.run(&["remove", "first", "--yes"], "").code, 0);
        scene
    }

    fn run(&self, args: &[&str], stdin: impl AsRef<[u8]>) -> Output {
        self.run_with(args, stdin, &[])
    }

    fn run_with(&self, args: &[&str], stdin: impl AsRef<[u8]>, env: &[(&str, &str)]) -> Output {
        let mut command = self.home.cmd(LLMENV);
        command.args(args).env("LLMENV_DAEMON", "off").env_remove("LLMENV_CHECK").envs(env.iter().copied());
        finish(command, Some(stdin.as_ref().to_vec()))
    }

    fn add(&self, name: &str, provider: &str, key: &str) -> Output {
        self.run(&["add", name, "--provider", provider, "--key-stdin"], key)
    }

    fn key_of(&self, name: &str) -> String {
        self.run(&["show", name, "--reveal", "--force"], "").stdout.trim_end().to_owned()
    }

    fn edit_config(&self, from: &str, to: &str) {
        let path = self.home.path(".config/llmenv/config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// From here on nobody answers.
    fn unplug(&self) {
        let free = crate::support::quiet_address();
        self.edit_config(&self.proxy.at(""), &format!("http://{free}"));
    }
}

#[test]
fn a_key_that_works_is_added_and_its_account_told() {
    let scene = Scene::new();
    let added = scene.add("work", "openrouter", &openrouter_key(Sort::Good));
    assert_eq!(added.code, 0, "{added:?}");
    assert!(
        added.stderr.contains(
            "OpenRouter takes the key: limit $3.20 of $10.00 left, monthly, used $6.80, expires 2099-12-31\n"
        ),
        "{added:?}"
    );
    let empty = scene.add("empty", "openrouter", &openrouter_key(Sort::NoCredit));
    assert_eq!(empty.code, 0, "a key without credit is a key: {empty:?}");
    assert!(
        empty.stderr.contains("warning: OpenRouter knows the key, but the limit that this key has is used up"),
        "{empty:?}"
    );
}

#[test]
fn a_key_that_is_refused_is_not_added_unless_a_flag_says_so() {
    let scene = Scene::new();
    let key = openrouter_key(Sort::Expired);
    let refused = scene.add("work", "openrouter", &key);
    assert_eq!((refused.code, refused.stdout.as_str()), (1, ""), "{refused:?}");
    assert!(
        refused.stderr.contains("error: OpenRouter does not take this key: The words mislead: this is about the key"),
        "{refused:?}"
    );
    assert!(refused.stderr.contains("(`User not found.`)\n"), "{refused:?}");
    assert!(refused.stderr.ends_with("hint: `--no-check` stores it all the same\n"), "{refused:?}");
    assert_ne!(scene.run(&["show", "work"], "").code, 0, "nothing was added");
    let asked = scene.proxy.seen().len();
    let added = scene.run(&["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check"], &key);
    assert_eq!(added.code, 0, "{added:?}");
    let off = [("LLMENV_CHECK", "off")];
    let added = scene.run_with(&["add", "other", "--provider", "openrouter", "--key-stdin"], &key, &off);
    assert_eq!(added.code, 0, "{added:?}");
    assert_eq!(scene.proxy.seen().len(), asked, "whoever says no check gets none");
}

#[test]
fn being_offline_stops_no_adding_but_a_rotation() {
    let scene = Scene::new();
    let (good, other) = (openrouter_key(Sort::Good), openrouter_key(Sort::Busy));
    scene.unplug();
    let added = scene.add("work", "openrouter", &good);
    assert_eq!(added.code, 0, "{added:?}");
    assert!(
        added.stderr.contains("the key was not checked: the proxy of `[network]`: cannot connect to `http://127."),
        "{added:?}"
    );
    let kept = scene.run(&["rotate", "work", "--key-stdin"], &other);
    assert_eq!(kept.code, 1, "{kept:?}");
    assert!(
        kept.stderr.contains("error: the new key could not be checked, so the old one stays: the proxy of"),
        "{kept:?}"
    );
    assert!(kept.stderr.ends_with("hint: `--no-check` puts the new one in its place unchecked\n"), "{kept:?}");
    assert_eq!(scene.key_of("work"), good);
    assert_eq!(scene.run(&["rotate", "work", "--key-stdin", "--no-check"], &other).code, 0);
    assert_eq!(scene.key_of("work"), other);
}

#[test]
fn a_key_is_swapped_only_for_one_that_works() {
    let scene = Scene::new();
    let (first, second) = (openrouter_key(Sort::NoCredit), openrouter_key(Sort::Good));
    assert_eq!(scene.add("work", "openrouter", &first).code, 0);
    for (sort, says) in [
        (Sort::Expired, "error: OpenRouter does not take the new key: The words mislead"),
        (Sort::Busy, "error: the new key could not be checked, so the old one stays: "),
    ] {
        let kept = scene.run(&["rotate", "work", "--key-stdin"], openrouter_key(sort));
        assert_eq!((kept.code, kept.stderr.contains(says)), (1, true), "{kept:?}");
        assert_eq!(scene.key_of("work"), first);
    }
    let rotated = scene.run(&["rotate", "work", "--key-stdin", "--json"], &second);
    assert_eq!(rotated.code, 0, "{rotated:?}");
    let json: Value = serde_json::from_str(&rotated.stdout).unwrap();
    assert_eq!(json["check"], "works");
    assert_eq!(scene.key_of("work"), second);
}

#[test]
fn at_a_terminal_what_could_not_be_found_out_is_a_question() {
    let scene = Scene::new();
    let (old, new) = (openrouter_key(Sort::Good), openrouter_key(Sort::Busy));
    assert_eq!(scene.add("work", "openrouter", &old).code, 0);
    let builder = Terminal::builder(&scene.home, Shell::Bash).env_remove("LLMENV_CHECK").env("LLMENV_DAEMON", "off");
    let mut terminal = builder.start();
    for (answer, code) in [("", 1), ("y", 0)] {
        terminal.type_line("llmenv rotate work; echo done=$?");
        terminal.wait_for(|text| text.contains("(hidden): "));
        terminal.answer(&new);
        terminal.wait_for(|text| text.contains("put it in the old one's place all the same? [y/N]"));
        assert_eq!(scene.key_of("work"), old);
        terminal.answer(answer);
        let printed = terminal.wait_prompt();
        assert!(printed.ends_with(&format!("done={code}\n")), "{printed}");
    }
    assert_eq!(scene.key_of("work"), new);
    terminal.type_line("llmenv add bad --provider openrouter; echo done=$?");
    terminal.wait_for(|text| text.contains("(hidden): "));
    terminal.answer(&openrouter_key(Sort::Expired));
    terminal.wait_for(|text| text.contains("store it all the same? [y/N]"));
    terminal.answer("n");
    let printed = terminal.wait_prompt();
    assert!(printed.ends_with("error: nothing was added\ndone=1\n"), "{printed}");
}

#[test]
fn check_shows_a_table_and_ends_with_1_where_a_profile_does_not_work() {
    let scene = Scene::new();
    for (name, provider, key) in [
        ("work", "openrouter", openrouter_key(Sort::Good)),
        ("old", "openrouter", openrouter_key(Sort::Expired)),
        ("oa", "openai", openai_key(Sort::Good)),
    ] {
        let added = scene.run(&["add", name, "--provider", provider, "--key-stdin", "--no-check"], key);
        assert_eq!(added.code, 0, "{added:?}");
    }
    let good = scene.run(&["check", "work"], "");
    assert_eq!((good.code, good.stderr.as_str()), (0, ""), "{good:?}");
    assert_eq!(
        good.stdout,
        "PROFILE  PROVIDER    KEY               RESULT  ACCOUNT\n\
         work     OpenRouter  openrouter …900d  works   limit $3.20 of $10.00 left, monthly, used $6.80, expires 2099-12-31\n"
    );
    let all = scene.run(&["check", "--all"], "");
    assert_eq!(all.code, 1);
    let lines: Vec<&str> = all.stdout.lines().collect();
    assert_eq!(
        lines[1..3],
        ["oa       OpenAI      openai …900d      works", "old      OpenRouter  openrouter …dead  refused"]
    );
    assert!(
        lines[4].starts_with("error: `old`: The words mislead: this is about the key, not about a user."),
        "{all:?}"
    );
    assert!(lines[5].starts_with("hint: Make a new key at openrouter.ai/keys"), "{all:?}");

    let json: Value = serde_json::from_str(&scene.run(&["check", "old", "--json"], "").stdout).unwrap();
    assert_eq!(json["schema"], 1);
    let profile = &json["profiles"][0];
    assert_eq!(profile["asked"], "https://openrouter.ai/api/v1/key");
    assert_eq!((&profile["verdict"], &profile["status"]), (&Value::from("refused"), &Value::from(401)));
    assert_eq!(profile["through"], scene.proxy.at(""));
    assert_eq!(json["findings"][0]["id"], "key-unknown-or-expired");
    assert_eq!(json["findings"][0]["severity"], "error");

    let none = scene.run(&["check"], "");
    assert_eq!(none.code, 1);
    assert!(
        none.stderr.starts_with("error: no profile is active here\nhint: name one: `llmenv check NAME`"),
        "{none:?}"
    );
    assert_eq!(scene.run(&["check", "work", "--all"], "").code, 2);
    for printed in [good, all, none] {
        assert!(!format!("{printed:?}").contains("0123456789abcdef"), "{printed:?}");
    }
}

#[test]
fn a_server_of_ones_own_needs_no_key_and_is_asked_without_one() {
    let scene = Scene::new();
    let server = Upstream::plain(|_| Reply::json(200, r#"{"object":"list","data":[]}"#));
    for (name, provider) in [("local", "ollama"), ("other", "vllm")] {
        let added =
            scene.run(&["add", name, "--provider", provider, "--base-url", &server.at("/v1"), "--auth", "none"], "");
        assert_eq!(added.code, 0, "{added:?}");
    }
    let lab = ["add", "lab", "--provider", "custom", "--dialect", "openai-chat", "--auth", "none", "--base-url"];
    assert_eq!(scene.run(&[&lab[..], &[&server.at("/v1")]].concat(), "").code, 0);
    // As `add` leaves it without the flag: nothing is said about a key at all.
    let path = scene.home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&path).unwrap().replacen("auth = \"none\"\n", "", 1);
    std::fs::write(&path, text).unwrap();
    let checked = scene.run(&["check", "--all"], "");
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{checked:?}");
    let lines: Vec<&str> = checked.stdout.lines().collect();
    assert!(lines.len() == 4 && lines[1..].iter().all(|line| line.ends_with("works")), "{checked:?}");
    assert!(lines[1].starts_with("lab      custom "), "{checked:?}");
    assert_eq!(server.seen().len(), 3);
    assert!(server.seen().iter().all(|seen| seen.header("authorization").is_none()));
    assert_eq!(scene.proxy.connections(), 0, "this machine is reached without the proxy");

    let port = server.address;
    drop(server);
    let away = scene.run(&["check", "local"], "");
    assert_eq!(away.code, 1, "{away:?}");
    let says = format!(
        "warning: `local`: cannot connect to `{port}`: connection refused\nhint: start it, or look at the port in its base URL\n"
    );
    assert!(away.stdout.ends_with(&says), "{away:?}");
}

#[test]
fn t17_a_key_goes_to_no_host_that_it_is_not_bound_to() {
    let scene = Scene::new();
    assert_eq!(scene.add("work", "openrouter", &openrouter_key(Sort::Good)).code, 0);
    let before = scene.proxy.connections();
    let elsewhere = Upstream::plain(|_| Reply::json(200, "{}"));
    scene.edit_config(
        "provider = \"openrouter\"",
        &format!("provider = \"openrouter\"\nbase_url = \"{}\"", elsewhere.at("/api/v1")),
    );
    let checked = scene.run(&["check", "work"], "");
    assert_eq!(checked.code, 1, "{checked:?}");
    let says = format!(
        "warning: `work`: its key was stored for https://openrouter.ai, but its base URL now points to http://{}\n",
        elsewhere.address
    );
    assert!(checked.stdout.contains("not tried") && checked.stdout.contains(&says), "{checked:?}");
    assert_eq!((scene.proxy.connections(), elsewhere.connections()), (before, 0));
}

#[test]
fn t06_variables_of_the_environment_lead_no_key_anywhere_and_are_named() {
    let scene = Scene::new();
    assert_eq!(scene.add("work", "openrouter", &openrouter_key(Sort::Good)).code, 0);
    let other = Upstream::plain(|_| Reply::json(200, "{}"));
    let proxy = format!("http://me:pass-word@{}", other.address);
    let env: Vec<(&str, &str)> = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .into_iter()
        .map(|name| (name, proxy.as_str()))
        .chain([("SSL_CERT_FILE", "/dev/null"), ("SSL_CERT_DIR", "/dev/null"), ("NETRC", "/dev/null")])
        .collect();
    let checked = scene.run_with(&["check", "work"], "", &env);
    assert_eq!(checked.code, 0, "{checked:?}");
    assert_eq!(
        checked.stderr,
        format!(
            "programs started here reach openrouter.ai through `http://{}` (https_proxy); llmenv asked through `{}`, for \
             `[network]` alone decides its road\n",
            other.address,
            scene.proxy.at("")
        )
    );
    assert_eq!(other.connections(), 0);
    let json: Value = serde_json::from_str(&scene.run_with(&["check", "work", "--json"], "", &env).stdout).unwrap();
    assert_eq!(json["profiles"][0]["programs_through"]["variable"], "https_proxy");
    // The same way round without a proxy of its own: nobody to lead it, so that nothing is reached either.
    let mut env = env;
    env.push(("no_proxy", "openrouter.ai"));
    assert_eq!(scene.run_with(&["check", "work"], "", &env).stderr, "");
}

#[test]
fn doctor_online_adds_the_check_to_its_findings() {
    let scene = Scene::new();
    let key = openrouter_key(Sort::Expired);
    assert_eq!(scene.run(&["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check"], key).code, 0);
    assert_eq!(scene.run(&["doctor"], "").code, 0);
    assert_eq!(scene.proxy.connections(), 0, "nobody is asked unless somebody says so");
    let online = scene.run(&["doctor", "work", "--online"], "");
    assert_eq!(online.code, 1);
    assert!(online.stdout.starts_with("error: `work`: The words mislead"), "{online:?}");
    let json: Value = serde_json::from_str(&scene.run(&["doctor", "work", "--online", "--json"], "").stdout).unwrap();
    assert_eq!(json["findings"][0]["id"], "key-unknown-or-expired");
    assert_eq!(scene.run(&["doctor", "--online"], "").code, 1, "nothing is active here, and that is said");
}

#[test]
fn what_takes_long_is_shown_on_a_terminal_and_gone_afterwards() {
    let scene = Scene::with(|seen| match seen.host.as_str() {
        "openrouter.ai" => {
            let body = br#"{"data":{"limit":null,"limit_remaining":null,"usage":1}}"#.to_vec();
            Reply::Pieces { pieces: vec![body], pause: std::time::Duration::from_millis(1_500) }
        }
        _ => play::providers(seen),
    });
    let key = openrouter_key(Sort::Good);
    assert_eq!(scene.run(&["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check"], key).code, 0);
    let builder = Terminal::builder(&scene.home, Shell::Bash).env("LLMENV_DAEMON", "off");
    let mut terminal = builder.start();
    terminal.type_line("llmenv check work");
    terminal.wait_for(|text| text.contains("asking openrouter.ai …"));
    let printed = terminal.wait_prompt();
    assert!(printed.contains("works   limit none of its own; the account's credit counts, used $1.00"), "{printed}");
    let piped = scene.run(&["check", "work"], "");
    assert_eq!(piped.stderr, "", "nobody watches");
}

#[test]
fn a_system_without_certificate_authorities_is_told_what_it_lacks() {
    if std::env::var("LLMENV_TEST_LEAVE_OUT").is_ok_and(|list| list.split(',').any(|word| word == "tmpfs")) {
        println!("left out by name: tmpfs");
        return;
    }
    let scene = Scene::new();
    let key = openrouter_key(Sort::Good);
    assert_eq!(scene.run(&["add", "work", "--provider", "openrouter", "--key-stdin", "--no-check"], key).code, 0);
    let path = scene.home.path(".config/llmenv/config.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let without: String =
        text.lines().filter(|line| !line.starts_with("ca_file")).map(|line| format!("{line}\n")).collect();
    std::fs::write(&path, without).unwrap();
    let script = r#"
        for dir in /etc/ssl /etc/pki /usr/local/etc/ssl /usr/local/share/certs; do
            [ ! -d "$dir" ] || mount -t tmpfs -o size=64k small "$dir" || exit 77
        done
        exec "$0" check work
    "#;
    let mut command = scene.home.cmd("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script, LLMENV]).env("LLMENV_DAEMON", "off");
    let bare = finish(command, None);
    assert_eq!(bare.code, 1, "{bare:?}");
    assert!(
        bare.stdout.contains(
            "warning: `work`: this system has no certificate authorities to judge a server by: \
             /etc/ssl/certs/ca-certificates.crt is not there\nhint: install the package `ca-certificates`"
        ),
        "{bare:?}"
    );
    assert!(scene.proxy.seen().is_empty());
}

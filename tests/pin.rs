//! Which profile a directory names, and what cannot make it name one.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use llmenv::allow::AllowList;
use llmenv::config::{Pattern, Rule};
use llmenv::pin::{self, Pin, PinKind, PinOrigin, PinOutcome};

/// A home with a list of what is allowed, both private.
struct Place {
    dir: tempfile::TempDir,
    allow: AllowList,
    rules: Vec<Rule>,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let allow = AllowList::new(&dir.path().join("state"));
        std::fs::create_dir(dir.path().join("home")).expect("created");
        Self { dir, allow, rules: Vec::new() }
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.home().join(name);
        std::fs::create_dir_all(&folder).expect("created");
        folder
    }

    /// Writes a pin into a folder of the home.
    fn pin(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder(name).join(pin::FILE_NAME);
        std::fs::write(&path, text).expect("written");
        path
    }

    fn allowed_pin(&self, name: &str, profile: &str) -> PathBuf {
        let path = self.pin(name, &format!("profile = \"{profile}\"\n"));
        let (path, bytes) = pin::read_to_allow(&path).expect("good");
        self.allow.allow(&path, &bytes).expect("allowed");
        path
    }

    fn rule(&mut self, pattern: &str, profile: &str) {
        let line = self.rules.len() + 1;
        self.rules.push(Rule {
            pattern: Pattern::parse(pattern, &self.home()).expect("a pattern"),
            profile: profile.into(),
            defined_at: ("/c/config.toml".into(), line),
        });
    }

    fn outcome(&self, dir: &Path) -> PinOutcome {
        pin::find(dir, &self.home(), &self.rules, &self.allow, rustix::process::geteuid().as_raw())
    }

    fn find(&self, name: &str) -> Pin {
        let outcome = self.outcome(&self.folder(name));
        assert_eq!(outcome.findings, []);
        outcome.pin
    }

    /// The profile that is active there.
    fn active(&self, name: &str) -> Option<String> {
        match self.find(name) {
            Pin::Active { profile, .. } => Some(profile),
            _ => None,
        }
    }
}

fn active(profile: &str, kind: PinKind, path: impl Into<PathBuf>, line: usize) -> Pin {
    Pin::Active { profile: profile.into(), model: None, origin: PinOrigin { kind, path: path.into(), line } }
}

#[test]
fn the_nearest_allowed_pin_holds_for_everything_below() {
    let place = Place::new();
    let outer = place.allowed_pin("work", "outer");
    let inner = place.allowed_pin("work/a", "inner");
    assert_eq!(place.find("work"), active("outer", PinKind::File, &outer, 1));
    assert_eq!(place.find("work/b/c/d"), active("outer", PinKind::File, &outer, 1));
    assert_eq!(place.find("work/a/deep"), active("inner", PinKind::File, &inner, 1));
    assert_eq!(place.find("elsewhere"), Pin::None);
}

#[test]
fn a_pin_may_name_a_model_and_the_line_is_told() {
    let place = Place::new();
    let path = place.pin("p", "# ours\n\nmodel = \"gpt-5\"\nprofile = \"work\"   # the account\n");
    let (path, bytes) = pin::read_to_allow(&path).expect("good");
    place.allow.allow(&path, &bytes).expect("allowed");
    assert_eq!(
        place.find("p"),
        Pin::Active {
            profile: "work".into(),
            model: Some("gpt-5".into()),
            origin: PinOrigin { kind: PinKind::File, path, line: 4 },
        }
    );
}

#[test]
fn rules_and_pins_by_depth_and_the_rule_on_a_tie() {
    let mut place = Place::new();
    place.allowed_pin("work", "pin-work");
    place.allowed_pin("work/a/b", "pin-b");
    place.rule("~/work/**", "rule-work");
    assert_eq!(place.active("work").as_deref(), Some("rule-work"), "a tie is the rule's");
    assert_eq!(place.active("work/a").as_deref(), Some("rule-work"));
    assert_eq!(place.active("work/a/b/c").as_deref(), Some("pin-b"), "the deeper one wins");
    place.rule("~/work/a/b/c", "rule-c");
    assert_eq!(place.find("work/a/b/c/d"), active("rule-c", PinKind::Rule, "/c/config.toml", 2));
    assert_eq!(place.active("work/a/b").as_deref(), Some("pin-b"));
    // A star counts for nothing: the depth is that of the literal part.
    place.allowed_pin("x/y/z", "pin-z");
    place.rule("~/x/*/z", "rule-z");
    assert_eq!(place.active("x/y/z").as_deref(), Some("pin-z"));
    assert_eq!(place.active("x/other/z").as_deref(), Some("rule-z"));
    assert_eq!(place.find("x/other"), Pin::None);
    // Of two rules with the same literal part the more exact one, then the earlier one.
    place.rule("~/r/**", "wide");
    place.rule("~/r/*/secret", "exact");
    place.rule("~/r/**", "late");
    assert_eq!(place.active("r/q/secret").as_deref(), Some("exact"));
    assert_eq!(place.active("r/q").as_deref(), Some("wide"));
}

#[test]
fn a_rule_for_the_whole_home_is_the_users_own_word() {
    let mut place = Place::new();
    place.rule("~/**", "home");
    place.allowed_pin("work", "work");
    assert_eq!(place.active("").as_deref(), Some("home"));
    assert_eq!(place.active("x/y").as_deref(), Some("home"));
    assert_eq!(place.active("work/y").as_deref(), Some("work"));
}

#[test]
fn the_way_there_makes_no_difference() {
    let mut place = Place::new();
    let data = place.dir.path().join("data");
    std::fs::create_dir_all(data.join("acme/src")).expect("created");
    symlink(&data, place.home().join("work")).expect("linked");
    place.rule("~/work/acme/**", "acme");
    let profile = |dir: &Path| match place.outcome(dir).pin {
        Pin::Active { profile, .. } => profile,
        other => panic!("{other:?}"),
    };
    assert_eq!(profile(&place.home().join("work/acme/src")), "acme");
    assert_eq!(profile(&data.join("acme/src")), "acme");
    assert_eq!(profile(&data.join("acme/../acme/src")), "acme");
}

#[test]
fn t03_pin_only_names_a_profile() {
    let place = Place::new();
    let path = place.folder("p").join(pin::FILE_NAME);
    let shown = path.display().to_string();
    let said = |text: &str| {
        std::fs::write(&path, text).expect("written");
        assert!(pin::read_to_allow(&path).is_err(), "it cannot be allowed either");
        match place.find("p") {
            Pin::Wrong { error, .. } => error.to_string(),
            other => panic!("{other:?} for {text}"),
        }
    };
    for (line, key) in [
        ("base_url = \"https://evil.example\"", "base_url"),
        ("key = \"x\"", "key"),
        ("key = { command = [\"/bin/sh\", \"-c\", \"id\"] }", "key"),
        ("env = { PATH = \"/evil\" }", "env"),
        ("provider = \"custom\"", "provider"),
        ("proxy = true", "proxy"),
        ("models = { big = \"x\" }", "models"),
        ("serve = [\"anthropic\"]", "serve"),
        ("include = [\"/x\"]", "include"),
        ("OPENAI_BASE_URL = \"https://evil.example\"", "OPENAI_BASE_URL"),
        ("[profiles.work]\nbase_url = \"https://evil.example\"", "profiles"),
    ] {
        assert_eq!(
            said(&format!("profile = \"work\"\n\n{line}\n")),
            format!(
                "`{key}` cannot be set here: a pin can only name a profile\n  --> {shown}:3\n\
                 hint: keep `profile` (and `model`) and remove the rest; everything else belongs in your own `config.toml`"
            )
        );
    }
    for (text, expected) in [
        (
            "profle = \"work\"\n",
            format!(
                "unknown key `profle`; did you mean `profile`?\n  --> {shown}:1\n\
                 hint: a pin can only name a profile and a model"
            ),
        ),
        ("", format!("this pin names no profile\n  --> {shown}:1\nhint: write `profile = \"NAME\"`")),
        ("profile = [\"a\"]\n", format!("`profile` must be a text in quotes, not a list\n  --> {shown}:1")),
        (
            "profile = \"$(id)\"\n",
            format!(
                "`$(id)` cannot be a profile name\n  --> {shown}:1\n\
                 hint: use up to 32 of a-z, 0-9, `-` and `_`, starting with a letter or digit"
            ),
        ),
        (
            "\nprofile = work\n",
            format!("a text must stand in quotes\n  --> {shown}:2\nhint: write it as `name = \"value\"`"),
        ),
        (
            "profile = \"work\"\nmodel = \"a\\u001bb\"\n",
            format!("`model` must be one line without control characters\n  --> {shown}:2"),
        ),
    ] {
        assert_eq!(said(text), expected);
    }
    std::fs::write(&path, b"profile = \"w\xffrk\"\n").expect("written");
    let Pin::Wrong { error, .. } = place.find("p") else { panic!("it is no text") };
    assert_eq!(error.to_string(), format!("the file is not valid UTF-8\n  --> {shown}:1"));
    // The control.
    place.allowed_pin("p", "work");
    assert_eq!(place.active("p").as_deref(), Some("work"));
}

#[test]
fn t03_a_pin_asks_and_meanwhile_nothing_is_active() {
    let mut place = Place::new();
    place.allowed_pin("work", "outer");
    place.rule("~/**", "home");
    let path = place.pin("work/clone", "profile = \"theirs\"\n");
    let needs = |changed| Pin::NeedsAllow { path: path.clone(), profile: "theirs".into(), changed };
    assert_eq!(place.find("work/clone/src"), needs(false), "neither the outer pin nor the rule steps in");
    place.allowed_pin("work/clone", "theirs");
    assert_eq!(place.find("work/clone/src"), active("theirs", PinKind::File, &path, 1));
    std::fs::write(&path, "profile = \"theirs\" \n").expect("one byte more");
    assert_eq!(place.find("work/clone/src"), needs(true));
    // Denied, it is as if it were not there, whatever it holds.
    place.allow.deny(&path).expect("denied");
    assert_eq!(place.active("work/clone/src").as_deref(), Some("outer"));
    std::fs::write(&path, "base_url = 1").expect("written");
    assert_eq!(place.active("work/clone/src").as_deref(), Some("outer"));
    // A wrong one blocks like one that waits.
    let path = place.pin("work/wrong", "profile = \n");
    assert!(matches!(place.find("work/wrong/src"), Pin::Wrong { path: at, .. } if at == path));
    // A user's rule at the same place or deeper is not blocked by somebody's file.
    place.rule("~/work/wrong", "mine");
    assert_eq!(place.active("work/wrong/src").as_deref(), Some("mine"));
}

#[test]
fn t03_allowing_one_copy_allows_no_other() {
    let place = Place::new();
    place.allowed_pin("a", "work");
    let copy = place.pin("b", "profile = \"work\"\n");
    assert_eq!(place.find("b"), Pin::NeedsAllow { path: copy, profile: "work".into(), changed: false });
    // Another folder moved to the name that was allowed brings its own content.
    place.pin("c", "profile = \"other\"\n");
    std::fs::rename(place.home().join("a"), place.home().join("old")).expect("moved");
    std::fs::rename(place.home().join("c"), place.home().join("a")).expect("moved");
    assert!(matches!(place.find("a"), Pin::NeedsAllow { changed: true, .. }));
}

#[test]
fn a_pin_in_the_home_directory_is_ignored_and_told() {
    let place = Place::new();
    let path = place.allowed_pin("", "everywhere");
    let outcome = place.outcome(&place.folder("x/y"));
    assert_eq!(outcome.pin, Pin::None);
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.findings[0].id, "pin-ignored");
    assert_eq!(outcome.findings[0].path, path);
    assert_eq!(
        outcome.findings[0].message,
        format!(
            "`{}` is ignored: a pin in the home directory would hold everywhere; use `llmenv use NAME --global`",
            path.display()
        )
    );
    // The walk ends there: what lies further out is never looked at.
    std::fs::write(place.dir.path().join(pin::FILE_NAME), "profile = \"above\"\n").expect("written");
    assert_eq!(place.outcome(&place.folder("x")).pin, Pin::None);
    // Beside the home it would be found.
    let beside = place.dir.path().join("beside");
    std::fs::create_dir(&beside).expect("created");
    assert!(matches!(place.outcome(&beside).pin, Pin::NeedsAllow { .. }));
}

#[test]
fn what_is_no_file_of_ours_is_ignored_and_cannot_hang() {
    let place = Place::new();
    place.allowed_pin("", "unused");
    std::fs::remove_file(place.home().join(pin::FILE_NAME)).expect("removed");
    place.allowed_pin("out", "outer");
    let path = place.folder("out/in").join(pin::FILE_NAME);
    let ignored = |reason: &str| {
        let outcome = place.outcome(&place.folder("out/in/deep"));
        assert!(matches!(&outcome.pin, Pin::Active { profile, .. } if profile == "outer"), "{:?}", outcome.pin);
        let messages: Vec<_> = outcome.findings.iter().map(|finding| finding.message.clone()).collect();
        assert_eq!(messages, [format!("`{}` is ignored: {reason}", path.display())]);
        assert_eq!(outcome.findings[0].id, "pin-ignored");
    };
    assert!(Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
    ignored("it is a pipe, not a file");
    std::fs::remove_file(&path).expect("removed");

    std::fs::create_dir(&path).expect("created");
    ignored("it is a folder, not a file");
    std::fs::remove_dir(&path).expect("removed");

    symlink(place.home().join("out").join(pin::FILE_NAME), &path).expect("linked");
    ignored("it is a symbolic link");
    std::fs::remove_file(&path).expect("removed");
    symlink("/dev/zero", &path).expect("linked");
    ignored("it is a symbolic link");
    std::fs::remove_file(&path).expect("removed");

    let socket = std::os::unix::net::UnixListener::bind(&path);
    if socket.is_ok() {
        ignored("it is a socket, not a file");
        std::fs::remove_file(&path).expect("removed");
    }
    if rustix::process::geteuid().is_root() {
        assert!(Command::new("mknod").arg(&path).args(["c", "1", "5"]).status().expect("mknod runs").success());
        ignored("it is a device, not a file");
        std::fs::remove_file(&path).expect("removed");

        std::fs::write(&path, "profile = \"theirs\"\n").expect("written");
        std::os::unix::fs::chown(&path, Some(12345), None).expect("root may");
        ignored("it belongs to user 12345, not to you");
        assert!(pin::read_to_allow(&path).is_err());
        std::fs::remove_file(&path).expect("removed");
    }

    // Ours and too large: not ignored, and not read.
    let file = std::fs::File::create(&path).expect("created");
    file.set_len(1 << 40).expect("a hole");
    let Pin::Wrong { error, .. } = place.find("out/in/deep") else { panic!("it is too large") };
    assert_eq!(error.message, format!("`{}` is larger than 64 KiB", path.display()));
}

#[test]
fn another_users_pin_is_ignored_seen_from_their_side() {
    // Without root: our own file, looked at as somebody else.
    let place = Place::new();
    let path = place.allowed_pin("p", "mine");
    let uid = rustix::process::geteuid().as_raw();
    let outcome = pin::find(&place.folder("p"), &place.home(), &[], &place.allow, uid + 1);
    assert_eq!(outcome.pin, Pin::None);
    assert_eq!(
        outcome.findings[0].message,
        format!("`{}` is ignored: it belongs to user {uid}, not to you", path.display())
    );
}

#[test]
fn the_walk_ends_where_another_file_system_begins() {
    if std::env::var("LLMENV_TEST_LEAVE_OUT").is_ok_and(|list| list.split(',').any(|word| word == "tmpfs")) {
        println!("left out by name: tmpfs");
        return;
    }
    let place = Place::new();
    place.allowed_pin("out", "outer");
    place.folder("out/mounted");
    let script = r#"
        mount -t tmpfs -o size=64k small "$1/home/out/mounted" || exit 77
        mkdir "$1/home/out/mounted/in"
        exec "$0" --ignored --exact --nocapture pin::child_finds
    "#;
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().expect("a program"))
        .arg(place.dir.path())
        .env("LLMENV_TEST_CHILD_FILE", place.dir.path())
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let problems = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("mounted/in: None\n"), "{said}{problems}");
    assert!(said.contains("beside: Some(\"outer\")\n"), "{said}{problems}");
    assert!(said.contains("mounted/in with a rule: Some(\"ruled\")\n"), "{said}{problems}");
}

#[test]
#[ignore = "started by another test as a process of its own"]
fn child_finds() {
    let root = PathBuf::from(std::env::var_os("LLMENV_TEST_CHILD_FILE").expect("started by another test"));
    let (home, allow) = (root.join("home"), AllowList::new(&root.join("state")));
    std::fs::create_dir_all(home.join("out/beside")).expect("created");
    let rule = Rule {
        pattern: Pattern::parse("~/out/**", &home).expect("a pattern"),
        profile: "ruled".into(),
        defined_at: ("/c".into(), 1),
    };
    let find = |dir: &str, rules: &[Rule]| match pin::find(
        &home.join(dir),
        &home,
        rules,
        &allow,
        rustix::process::geteuid().as_raw(),
    )
    .pin
    {
        Pin::Active { profile, .. } => Some(profile),
        _ => None,
    };
    println!("mounted/in: {:?}", find("out/mounted/in", &[]));
    println!("beside: {:?}", find("out/beside", &[]));
    println!("mounted/in with a rule: {:?}", find("out/mounted/in", &[rule]));
}

#[test]
fn a_directory_that_is_gone_is_no_trouble() {
    let place = Place::new();
    place.allowed_pin("out", "outer");
    let gone = place.home().join("out/gone/deeper");
    assert!(matches!(place.outcome(&gone).pin, Pin::Active { profile, .. } if profile == "outer"));
    assert_eq!(place.outcome(Path::new("relative")).pin, Pin::None);
    assert_eq!(place.outcome(Path::new("")).pin, Pin::None);
}

#[test]
fn odd_names_of_directories_are_only_names() {
    let mut place = Place::new();
    for name in ["$(touch pwn)", "a\nb", "\u{202e}x", "-rf", "a*b"] {
        place.allowed_pin(name, "odd");
        assert_eq!(place.active(name).as_deref(), Some("odd"), "{name:?}");
    }
    let bytes = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"not \xff text");
    let dir = place.home().join(bytes);
    std::fs::create_dir(&dir).expect("created");
    std::fs::write(dir.join(pin::FILE_NAME), "profile = \"odd\"\n").expect("written");
    assert!(matches!(place.outcome(&dir).pin, Pin::NeedsAllow { .. }));
    let (path, content) = pin::read_to_allow(&dir.join(pin::FILE_NAME)).expect("good");
    place.allow.allow(&path, &content).expect("allowed");
    assert!(matches!(place.outcome(&dir).pin, Pin::Active { .. }));
    place.rule("~/not*", "starred");
    std::fs::remove_file(dir.join(pin::FILE_NAME)).expect("removed");
    assert!(matches!(place.outcome(&dir).pin, Pin::Active { profile, .. } if profile == "starred"));
}

#[test]
fn writing_a_pin_allows_it_and_keeps_comments() {
    let place = Place::new();
    let dir = place.folder("p");
    let path = pin::write(&dir, &place.home(), "work", None, &place.allow).expect("written");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "profile = \"work\"\n");
    assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o644);
    assert_eq!(place.active("p/src").as_deref(), Some("work"));
    assert_eq!(pin::read(&dir).expect("good").1.profile, "work");

    std::fs::write(&path, "# ours\nprofile = \"work\"   # why\nmodel = \"m\"\n").expect("written");
    pin::write(&dir, &place.home(), "other", Some("n"), &place.allow).expect("written");
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "# ours\nprofile = \"other\"   # why\nmodel = \"n\"\n");
    assert_eq!(place.active("p").as_deref(), Some("other"));

    // A file that says more than a pin may is somebody's work: it is not overwritten.
    std::fs::write(&path, "profile = \"a\"\nbase_url = \"x\"\n").expect("written");
    assert!(pin::write(&dir, &place.home(), "work", None, &place.allow).is_err());
    assert_eq!(std::fs::read_to_string(&path).expect("there"), "profile = \"a\"\nbase_url = \"x\"\n");
    let error = pin::write(&place.home(), &place.home(), "work", None, &place.allow).expect_err("not there");
    assert_eq!(error.exit_code(), 2);
    assert!(!place.home().join(pin::FILE_NAME).exists());
    std::fs::remove_file(&path).expect("removed");
    symlink("/nowhere", &path).expect("linked");
    assert!(pin::write(&dir, &place.home(), "work", None, &place.allow).is_err());
    assert_eq!(pin::read_to_allow(&place.home().join("other.toml")).expect_err("not a pin").exit_code(), 2);
}

//! Changing the file: comments stay, nothing is lost, whoever else writes.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use llmenv::config::edit::{AlsoChanged, ConfigFile, FieldValue};
use llmenv::config::{Config, ProviderCheck, parse};
use llmenv::profile::{Billing, Dialect, Family, KeySource, Profile};

/// A home with a configuration in a folder of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn empty() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn with(text: &str) -> Self {
        let place = Self::empty();
        std::fs::create_dir(place.path().parent().expect("a folder")).expect("created");
        std::fs::write(place.path(), text).expect("written");
        place
    }

    fn home(&self) -> &Path {
        self.0.path()
    }

    fn path(&self) -> PathBuf {
        self.home().join("llmenv/config.toml")
    }

    fn open(&self) -> ConfigFile {
        ConfigFile::open(&self.path(), self.home(), &self.home().join("state")).expect("good")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).expect("there")
    }

    fn config(&self) -> Config {
        parse(&self.text(), &self.path(), self.home(), &ProviderCheck::in_catalogue).expect("good")
    }

    /// Edits, saves, and gives the text.
    fn edited(&self, edit: impl FnOnce(&mut ConfigFile)) -> String {
        let mut file = self.open();
        edit(&mut file);
        let preview = file.text();
        file.save().expect("saved");
        assert_eq!(preview, self.text());
        preview
    }
}

fn profile(name: &str) -> Profile {
    Profile { name: name.into(), provider: "openai".into(), ..Profile::default() }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).expect("there").permissions().mode() & 0o7777
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_first_profile_makes_a_private_file() {
    let place = Place::empty();
    let text = place.edited(|file| {
        file.add_profile(&profile("work")).expect("added");
        file.set_default(Some("work")).expect("set");
        file.set_store("keyring").expect("set");
    });
    assert_eq!(text, "default = \"work\"\nstore = \"keyring\"\n\n[profiles.work]\nprovider = \"openai\"\n");
    assert_eq!(mode(&place.path()), 0o600);
    assert_eq!(mode(place.path().parent().expect("a folder")), 0o700);
    assert_eq!(mode(&place.home().join("state/config.lock")), 0o600);
    assert_eq!(names(place.path().parent().expect("a folder")), ["config.toml"]);
}

#[test]
fn a_profile_reads_back_as_it_was_added() {
    let place = Place::empty();
    let full = Profile {
        name: "full".into(),
        provider: "custom".into(),
        base_url: Some("http://127.0.0.1:8000/v1".into()),
        dialect: Some(Dialect::OpenaiChat),
        auth: Some(llmenv::profile::Auth::ApiKey),
        model: Some("a\"b\\c".into()),
        models: [("big", "B"), ("middle", "M"), ("small", "S")].map(|(k, v)| (k.into(), v.into())).into(),
        serve: vec![Family::Anthropic, Family::Openai],
        upstream: Some(Dialect::Gemini),
        account: Some("me@home".into()),
        billing: Some(Billing::Local),
        proxy: true,
        key: KeySource::Command {
            argv: vec!["/usr/bin/op".into(), "it's".into()],
            ttl: Some(std::time::Duration::from_secs(90_061)),
            interactive: false,
            pass_env: vec!["OP_TOKEN".into()],
        },
        headers: BTreeMap::from([("HTTP-Referer".into(), "https://x.example".into())]),
        organization: Some("o".into()),
        project: Some("p".into()),
        api_version: Some("2024-10-21".into()),
        deployment: Some("d".into()),
        env: BTreeMap::from([("A".into(), "$(x)".into()), ("B".into(), String::new())]),
        secrets: vec!["C".into()],
        also: vec!["GITHUB_TOKEN".into()],
        defined_at: None,
    };
    place.edited(|file| file.add_profile(&full).expect("added"));
    let mut read = place.config().profiles["full"].clone();
    assert_eq!(read.defined_at.take(), Some((place.path(), 1)));
    assert_eq!(read, full);
    for key in [KeySource::File("/run/secrets/key".into()), KeySource::Stored] {
        let other = Profile { key: key.clone(), ..profile(if key == KeySource::Stored { "b" } else { "c" }) };
        place.edited(|file| file.add_profile(&other).expect("added"));
        assert_eq!(place.config().profiles[&other.name].key, key);
    }
}

const OWN: &str = r#"# The head of the file.
# It stays.

default = "work"   # mine

# about work
[profiles.work]
provider   = "openai"     # as I like it
model = 'gpt-5'  # the good one

  [profiles.work.models]
  # sizes
  big = "x"

# about home
[profiles.home]
provider = "groq"

# where
[[directory]]
path = "~/work/**"
profile = "work"

[[directory]]
path = "~/home/**"   # here
profile = "home"

[network]
no_proxy = ["10.0.0.0/8"] # net

# the end
"#;

#[test]
fn an_edit_changes_its_own_line_alone() {
    let place = Place::with(OWN);
    let text = place.edited(|file| {
        file.set("work", "model", FieldValue::Text("gpt-6".into())).expect("set");
    });
    assert_eq!(text, OWN.replace("'gpt-5'", "\"gpt-6\""));
    let text = place.edited(|file| {
        file.set("work", "model", FieldValue::Text("gpt-5".into())).expect("set");
        file.set_default(Some("home")).expect("set");
        file.set("home", "proxy", FieldValue::Flag(true)).expect("set");
        file.set("home", "serve", FieldValue::List(vec!["openai".into()])).expect("set");
        let models = BTreeMap::from([("big".to_owned(), "y".to_owned())]);
        file.set("work", "models", FieldValue::Map(models)).expect("set");
    });
    assert_eq!(
        text,
        OWN.replace("'gpt-5'", "\"gpt-5\"")
            .replace("default = \"work\"", "default = \"home\"")
            .replace("provider = \"groq\"\n", "provider = \"groq\"\nproxy = true\nserve = [\"openai\"]\n")
            .replace("big = \"x\"", "big = \"y\"")
    );
    let text = place.edited(|file| {
        file.set("home", "proxy", FieldValue::Unset).expect("set");
        file.set("home", "serve", FieldValue::Unset).expect("set");
        file.set("home", "also", FieldValue::Unset).expect("nothing to do");
    });
    assert!(text.contains("[profiles.home]\nprovider = \"groq\"\n\n# where\n"), "{text}");
}

#[test]
fn an_edit_that_changes_nothing_writes_nothing() {
    let place = Place::with(OWN);
    let before = std::fs::metadata(place.path()).expect("there").ino();
    place.edited(|file| file.set_default(Some("work")).expect("set"));
    place.edited(|_| {});
    assert_eq!(place.text(), OWN);
    assert_eq!(std::fs::metadata(place.path()).expect("there").ino(), before);
}

#[test]
fn a_new_profile_stands_below_the_others() {
    let place = Place::with(OWN);
    let text = place.edited(|file| file.add_profile(&profile("new")).expect("added"));
    assert_eq!(
        text,
        OWN.replace("provider = \"groq\"\n", "provider = \"groq\"\n\n[profiles.new]\nprovider = \"openai\"\n")
    );
}

#[test]
fn removing_takes_the_default_and_the_rules_along_and_leaves_comments_of_the_file() {
    let place = Place::with(OWN);
    let mut file = place.open();
    assert_eq!(
        file.remove_profile("work").expect("removed"),
        AlsoChanged { default: true, rules: vec!["~/work/**".into()] }
    );
    assert_eq!(
        file.remove_profile("home").expect("removed"),
        AlsoChanged { default: false, rules: vec!["~/home/**".into()] }
    );
    file.save().expect("saved");
    assert_eq!(
        place.text(),
        "# The head of the file.\n# It stays.\n\n[network]\nno_proxy = [\"10.0.0.0/8\"] # net\n\n# the end\n"
    );
    let error = file.remove_profile("work").expect_err("gone");
    assert_eq!(error.message, "there is no profile `work`");
}

#[test]
fn the_head_of_the_file_survives_its_first_section() {
    let head = "# Mine.\n\n# about a\n[profiles.a]\nprovider = \"openai\"\n";
    let place = Place::with(head);
    place.edited(|file| {
        file.remove_profile("a").expect("removed");
    });
    assert_eq!(place.text(), "# Mine.\n");
    let place = Place::with(head);
    let text = place.edited(|file| file.set_default(Some("a")).expect("set"));
    assert_eq!(text, "# Mine.\n\ndefault = \"a\"\n\n# about a\n[profiles.a]\nprovider = \"openai\"\n");
    let text = place.edited(|file| file.set_default(None).expect("set"));
    assert_eq!(text, head);
}

#[test]
fn renaming_follows_the_name_everywhere_and_keeps_the_place() {
    let place = Place::with(OWN);
    let mut file = place.open();
    assert_eq!(
        file.rename_profile("work", "acme").expect("renamed"),
        AlsoChanged { default: true, rules: vec!["~/work/**".into()] }
    );
    file.save().expect("saved");
    assert_eq!(place.text(), OWN.replace("profiles.work", "profiles.acme").replace("\"work\"", "\"acme\""));
    assert_eq!(
        file.rename_profile("acme", "home").expect_err("taken").to_string(),
        "there is a profile `home` already\n\
         hint: `llmenv rotate home` gives it a new key, `llmenv edit home` changes the rest"
    );
    assert_eq!(
        file.rename_profile("acm", "x").expect_err("unknown").message,
        "there is no profile `acm`; did you mean `acme`?"
    );
    assert!(file.rename_profile("acme", "No").is_err());
    assert_eq!(file.text(), place.text(), "what failed left nothing behind");
}

#[test]
fn rules_come_and_go() {
    let place = Place::with("[profiles.a]\nprovider = \"openai\"\n");
    let home = place.home().to_owned();
    let text = place.edited(|file| {
        file.add_rule(&home.join("work/acme"), "a").expect("added");
        file.add_rule(Path::new("/srv/x"), "a").expect("added");
    });
    assert_eq!(
        text,
        "[profiles.a]\nprovider = \"openai\"\n\n[[directory]]\npath = \"~/work/acme/**\"\nprofile = \"a\"\n\n\
         [[directory]]\npath = \"/srv/x/**\"\nprofile = \"a\"\n"
    );
    let config = place.config();
    assert!(config.rules[0].pattern.depth_in(&home.join("work/acme/src")).is_some());
    assert!(config.rules[0].pattern.depth_in(&home.join("work/other")).is_none());
    // The same folder again changes its rule.
    let text = place.edited(|file| {
        file.add_profile(&profile("b")).expect("added");
        file.add_rule(&home.join("work/acme"), "b").expect("changed");
    });
    assert_eq!(text.matches("[[directory]]").count(), 2);
    assert!(text.contains("path = \"~/work/acme/**\"\nprofile = \"b\"\n"), "{text}");
    place.edited(|file| {
        assert!(file.remove_rule(Path::new("/srv/x")).expect("removed"));
        assert!(!file.remove_rule(Path::new("/srv/x")).expect("nothing left"));
        assert!(file.remove_rule(&home.join("work/acme")).expect("removed"));
    });
    assert!(!place.text().contains("directory"), "{}", place.text());
    let mut file = place.open();
    assert_eq!(
        file.add_rule(Path::new("/srv/*"), "a").expect_err("a star").message,
        "`/srv/*` holds a star, which a rule reads as a pattern"
    );
    assert!(file.add_rule(Path::new("relative"), "a").is_err());
    assert!(file.add_rule(Path::new("/a\nb"), "a").is_err());
    assert!(file.add_rule(&home, "a").is_ok());
    assert!(file.text().contains("path = \"~/**\""), "{}", file.text());
}

#[test]
fn other_ways_of_writing_the_same_are_edited_too() {
    let place = Place::with(
        "default = \"a\"\nprofiles.a = { provider = \"openai\" } # one line\nprofiles.b.provider = \"groq\"\n\
         directory = [{ path = \"~/x\", profile = \"a\" }]\n",
    );
    let home = place.home().to_owned();
    place.edited(|file| {
        file.set("a", "model", FieldValue::Text("m".into())).expect("set");
        file.set("b", "model", FieldValue::Text("n".into())).expect("set");
        file.add_profile(&profile("c")).expect("added");
        file.rename_profile("a", "d").expect("renamed");
        file.add_rule(&home.join("y"), "b").expect("added");
    });
    let config = place.config();
    assert_eq!(config.profiles.keys().collect::<Vec<_>>(), ["b", "c", "d"]);
    assert_eq!(config.profiles["d"].model.as_deref(), Some("m"));
    assert_eq!(config.profiles["b"].model.as_deref(), Some("n"));
    assert_eq!(config.default.as_deref(), Some("d"));
    assert_eq!(config.rules.iter().map(|rule| rule.profile.as_str()).collect::<Vec<_>>(), ["d", "b"]);
    place.edited(|file| {
        assert_eq!(file.remove_profile("d").expect("removed").rules, ["~/x"]);
        file.remove_profile("b").expect("removed");
    });
    assert_eq!(place.config().profiles.keys().collect::<Vec<_>>(), ["c"]);
    assert!(place.config().rules.is_empty());
}

#[test]
fn what_would_be_wrong_is_not_written() {
    let place = Place::with(OWN);
    let mut file = place.open();
    for (field, value, expected) in [
        ("modle", FieldValue::Text("x".into()), "a profile has no `modle`; did you mean `model`?"),
        (
            "base_url",
            FieldValue::Text("nothing".into()),
            "`base_url` must be an address such as `https://api.example.com/v1`",
        ),
        ("provider", FieldValue::Unset, "profile `work` names no provider"),
        ("proxy", FieldValue::Text("yes".into()), "`proxy` must be `true` or `false`, not a text"),
        ("also", FieldValue::List(vec!["PATH".into()]), "`also` may not set `PATH`"),
    ] {
        assert_eq!(file.set("work", field, value).expect_err("refused").message, expected);
    }
    assert_eq!(file.add_profile(&profile("work")).expect_err("taken").message, "there is a profile `work` already");
    assert!(file.add_profile(&profile("Not A Name")).is_err());
    assert!(file.set_store("nowhere").is_err());
    assert!(file.set_default(Some("v1")).is_err());
    assert_eq!(file.text(), OWN);
    // A file that is wrong already is not touched, and the line is told.
    std::fs::write(place.path(), "default = work\n").expect("written");
    let error = ConfigFile::open(&place.path(), place.home(), &place.home().join("state")).err().expect("wrong");
    assert_eq!(error.at, [format!("{}:1", place.path().display())]);
    file.set_default(Some("home")).expect("set");
    assert_eq!(file.save().expect_err("wrong by now").message, "a text must stand in quotes");
    assert_eq!(place.text(), "default = work\n");
}

#[test]
fn line_ends_and_the_mark_of_other_editors_stay() {
    let place = Place::with("\u{feff}# x\r\n[profiles.a]\r\nprovider = \"openai\"\r\n");
    let mut file = place.open();
    file.set("a", "model", FieldValue::Text("m".into())).expect("set");
    file.save().expect("saved");
    assert_eq!(place.text(), "\u{feff}# x\r\n[profiles.a]\r\nprovider = \"openai\"\r\nmodel = \"m\"\r\n");
}

#[test]
fn an_edit_is_applied_to_what_the_file_holds_by_then() {
    let place = Place::with(OWN);
    let (mut one, mut two) = (place.open(), place.open());
    one.set("work", "account", FieldValue::Text("one".into())).expect("set");
    two.set("home", "account", FieldValue::Text("two".into())).expect("set");
    one.save().expect("saved");
    two.save().expect("saved");
    let config = place.config();
    assert_eq!(config.profiles["work"].account.as_deref(), Some("one"));
    assert_eq!(config.profiles["home"].account.as_deref(), Some("two"));
    // What cannot be applied any more says so and changes nothing.
    let mut three = place.open();
    three.set("home", "account", FieldValue::Text("three".into())).expect("set");
    two.remove_profile("home").expect("removed");
    two.save().expect("saved");
    let before = place.text();
    assert_eq!(three.save().expect_err("gone").message, "there is no profile `home`");
    assert_eq!(place.text(), before);
}

#[test]
fn twenty_processes_at_once_lose_nothing() {
    let place = Place::with("# kept\n\n[profiles.first]\nprovider = \"openai\" # kept too\n");
    let children: Vec<_> = (0..20)
        .map(|i| {
            Command::new(std::env::current_exe().expect("a program"))
                .args(["--ignored", "--exact", "--nocapture", "config::edit::child_adds_profiles"])
                .env("LLMENV_TEST_CHILD_FILE", place.home())
                .env("LLMENV_TEST_CHILD_NAME", format!("p{i}"))
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("starts")
        })
        .collect();
    for child in children {
        let output = child.wait_with_output().expect("ours");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let config = place.config();
    assert_eq!(config.profiles.len(), 61);
    assert_eq!(config.rules.len(), 20);
    assert!(place.text().starts_with("# kept\n\n[profiles.first]\nprovider = \"openai\" # kept too\n"));
    assert_eq!(names(place.path().parent().expect("a folder")), ["config.toml"]);
}

#[test]
#[ignore = "started by another test as a process of its own"]
fn child_adds_profiles() {
    let home = PathBuf::from(std::env::var_os("LLMENV_TEST_CHILD_FILE").expect("started by another test"));
    let name = std::env::var("LLMENV_TEST_CHILD_NAME").expect("started by another test");
    let path = home.join("llmenv/config.toml");
    for suffix in ["a", "b", "c"] {
        let mut file = ConfigFile::open(&path, &home, &home.join("state")).expect("good at any time");
        file.add_profile(&profile(&format!("{name}-{suffix}"))).expect("added");
        file.save().expect("saved");
    }
    let mut file = ConfigFile::open(&path, &home, &home.join("state")).expect("good at any time");
    file.add_rule(&home.join(&name), &format!("{name}-a")).expect("added");
    file.save().expect("saved");
}

#[test]
fn a_link_of_a_dotfile_manager_is_written_through() {
    let place = Place::with("");
    std::fs::create_dir(place.home().join("dotfiles")).expect("created");
    let target = place.home().join("dotfiles/llmenv.toml");
    std::fs::write(&target, OWN).expect("written");
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o644)).expect("ours");
    std::fs::remove_file(place.path()).expect("removed");
    symlink("../dotfiles/llmenv.toml", place.path()).expect("linked");
    place.edited(|file| file.set_default(Some("home")).expect("set"));
    assert!(place.path().is_symlink());
    assert_eq!(mode(&target), 0o644);
    assert_eq!(
        std::fs::read_to_string(&target).expect("there"),
        OWN.replace("default = \"work\"", "default = \"home\"")
    );
    assert_eq!(names(&place.home().join("dotfiles")), ["llmenv.toml"]);

    std::fs::remove_file(&target).expect("removed");
    let error = ConfigFile::open(&place.path(), place.home(), &place.home().join("state")).err().expect("dangling");
    assert_eq!(
        error.message,
        format!("`{}` is a symbolic link to `../dotfiles/llmenv.toml`, which does not exist", place.path().display())
    );
}

#[test]
fn what_is_protected_or_not_ours_is_refused_with_the_reason() {
    const HINT: &str = "change it where it is generated, or make it a file of your own that can be written";
    let place = Place::with(OWN);
    let shown = place.path().display().to_string();
    let save = || {
        let mut file = place.open();
        file.set_default(Some("home")).expect("set");
        file.save().map_err(|error| error.to_string())
    };
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o444)).expect("ours");
    assert_eq!(save(), Err(format!("`{shown}` is read-only\nhint: {HINT}")));
    assert_eq!(place.text(), OWN);
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o600)).expect("ours");
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(place.path(), Some(12345), None).expect("root may");
        assert_eq!(save(), Err(format!("`{shown}` belongs to user 12345, not to you\nhint: {HINT}")));
        assert_eq!(place.text(), OWN);
        std::os::unix::fs::chown(place.path(), Some(0), None).expect("root may");
    }
    // The control.
    assert_eq!(save(), Ok(()));
}

#[test]
fn a_folder_that_cannot_be_written_leaves_the_file() {
    let place = Place::with(OWN);
    // A read-only mount stops root, too; the namespace ends with the process.
    let script = r#"
        mount --bind "$1/llmenv" "$1/llmenv" && mount -o remount,bind,ro "$1/llmenv" || exit 77
        exec "$0" --ignored --exact --nocapture config::edit::child_sets_default
    "#;
    if std::env::var("LLMENV_TEST_LEAVE_OUT").is_ok_and(|list| list.split(',').any(|word| word == "tmpfs")) {
        println!("left out by name: tmpfs");
        return;
    }
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(std::env::current_exe().expect("a program"))
        .arg(place.home())
        .env("LLMENV_TEST_CHILD_FILE", place.home())
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = format!(
        "cannot write `{}`: Read-only file system (os error 30)\n\
         hint: the file is as it was; it is on a read-only file system\n",
        place.path().display()
    );
    assert!(said.contains(&expected), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.text(), OWN);
}

#[test]
#[ignore = "started by another test as a process of its own"]
fn child_sets_default() {
    let home = PathBuf::from(std::env::var_os("LLMENV_TEST_CHILD_FILE").expect("started by another test"));
    let mut file = ConfigFile::open(&home.join("llmenv/config.toml"), &home, &home.join("state")).expect("good");
    file.set_default(Some("home")).expect("set");
    match file.save() {
        Ok(()) => println!("saved"),
        Err(error) => println!("{error}"),
    }
}

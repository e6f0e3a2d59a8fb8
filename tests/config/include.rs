//! Included files: nothing before it is allowed, nothing but what they may say, the last allowed content meanwhile.

use std::path::PathBuf;

use llmenv::allow::AllowList;
use llmenv::config::{Config, IncludeState, ProviderCheck, load, read_include};

/// A configuration that includes `team.toml`, in a private place.
struct Place {
    dir: tempfile::TempDir,
    allow: AllowList,
}

impl Place {
    fn new(own: &str, team: &str) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let allow = AllowList::new(&dir.path().join("state"));
        std::fs::write(dir.path().join("config.toml"), format!("include = [\"~/team.toml\"]\n{own}")).expect("written");
        let place = Self { dir, allow };
        place.write(team);
        place
    }

    fn team(&self) -> PathBuf {
        self.dir.path().join("team.toml")
    }

    fn write(&self, team: &str) {
        std::fs::write(self.team(), team).expect("written");
    }

    fn allow(&self) {
        let (path, bytes) = read_include(&self.team(), &ProviderCheck::in_catalogue).expect("good");
        self.allow.allow(&path, &bytes).expect("allowed");
    }

    fn load(&self) -> (Config, IncludeState) {
        let config =
            load(&self.dir.path().join("config.toml"), self.dir.path(), &ProviderCheck::in_catalogue, &self.allow)
                .expect("the first file is good");
        let state = config.include[0].state.clone();
        (config, state)
    }

    fn account(&self) -> Option<String> {
        self.load().0.profiles.get("acme").and_then(|profile| profile.account.clone())
    }
}

const TEAM: &str = "[profiles.acme]\nprovider = \"openai\"\naccount = \"one\"\n";

#[test]
fn it_takes_effect_once_allowed_and_a_change_asks_again() {
    let place = Place::new("", TEAM);
    assert_eq!(place.load().1, IncludeState::NeedsAllow { changed: false });
    assert_eq!(place.account(), None);

    place.allow();
    let (config, state) = place.load();
    assert_eq!(state, IncludeState::Applied);
    assert_eq!(config.profiles["acme"].defined_at, Some((place.team(), 1)));
    assert_eq!(config.files(), [config.path.clone(), place.team()]);
    assert_eq!(place.account().as_deref(), Some("one"));

    // One byte is enough; the last allowed content keeps serving.
    place.write(&TEAM.replace("one", "onf"));
    assert_eq!(place.load().1, IncludeState::NeedsAllow { changed: true });
    assert_eq!(place.account().as_deref(), Some("one"));
    place.allow();
    assert_eq!(place.load().1, IncludeState::Applied);
    assert_eq!(place.account().as_deref(), Some("onf"));

    // Back on the other branch: that content was allowed before.
    place.write(TEAM);
    assert_eq!(place.load().1, IncludeState::Applied);
    assert_eq!(place.account().as_deref(), Some("one"));

    std::fs::remove_file(place.team()).expect("removed");
    assert_eq!(place.load().1, IncludeState::Missing);
    assert_eq!(place.account(), None);
}

#[test]
fn a_denied_file_gives_nothing_and_asks_nothing() {
    let place = Place::new("", TEAM);
    place.allow();
    place.allow.deny(&place.team().canonicalize().expect("there")).expect("denied");
    assert_eq!(place.load().1, IncludeState::Denied);
    assert_eq!(place.account(), None);
    place.write(&TEAM.replace("one", "two"));
    assert_eq!(place.load().1, IncludeState::Denied);
    place.allow();
    assert_eq!(place.account().as_deref(), Some("two"));
}

#[test]
fn a_wrong_one_is_told_and_the_last_allowed_content_serves() {
    let place = Place::new("", TEAM);
    place.allow();
    place.write("[profiles.acme]\nprovider = openai\n");
    let IncludeState::Wrong(error) = place.load().1 else { panic!("it is wrong") };
    assert_eq!(
        error.to_string(),
        format!(
            "a text must stand in quotes\n  --> {}:2\nhint: write it as `name = \"value\"`",
            place.team().display()
        )
    );
    assert_eq!(place.account().as_deref(), Some("one"));
    assert!(read_include(&place.team(), &ProviderCheck::in_catalogue).is_err(), "it cannot be allowed");
}

#[test]
fn own_profiles_win() {
    let place = Place::new("[profiles.acme]\nprovider = \"groq\"\n", TEAM);
    place.allow();
    let (config, state) = place.load();
    assert_eq!(state, IncludeState::Applied);
    assert_eq!(config.profiles["acme"].provider, "groq");
    assert!(config.problems.is_empty());
}

#[test]
fn of_two_files_the_first_wins_and_it_is_told() {
    let place = Place::new("", TEAM);
    let other = place.dir.path().join("other.toml");
    std::fs::write(&other, TEAM.replace("one", "two")).expect("written");
    std::fs::write(place.dir.path().join("config.toml"), "include = [\"~/team.toml\", \"~/other.toml\"]\n")
        .expect("written");
    place.allow();
    place.allow.allow(&other.canonicalize().expect("there"), TEAM.replace("one", "two").as_bytes()).expect("allowed");
    let (config, _) = place.load();
    assert_eq!(config.profiles["acme"].account.as_deref(), Some("one"));
    let problems: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [format!(
            "two included files define `acme`; the first is used\n  --> {}:1\n  --> {}:1",
            place.team().display(),
            other.display()
        )]
    );
}

#[test]
fn t03_an_included_file_cannot_run_name_or_serve_anything() {
    let place = Place::new("", TEAM);
    let shown = place.team().display().to_string();
    let said = |text: &str| {
        place.write(text);
        read_include(&place.team(), &ProviderCheck::in_catalogue).expect_err("refused").to_string()
    };
    for (line, key) in [
        ("serve = [\"anthropic\"]", "serve"),
        ("proxy = true", "proxy"),
        ("key = { command = [\"/bin/sh\"] }", "key"),
        ("key = { file = \"/etc/shadow\" }", "key"),
        ("headers = { X = \"y\" }", "headers"),
        ("env = { A = \"b\" }", "env"),
        ("secrets = [\"A\"]", "secrets"),
        ("also = [\"GITHUB_TOKEN\"]", "also"),
        ("upstream = \"gemini\"", "upstream"),
        ("api_version = \"1\"", "api_version"),
        ("deployment = \"d\"", "deployment"),
    ] {
        assert_eq!(
            said(&format!("{TEAM}{line}\n")),
            format!(
                "an included file may not set `{key}`\n  --> {shown}:4\n\
                 hint: put it into a profile of your own `config.toml`"
            )
        );
    }
    for (line, key) in [
        ("default = \"acme\"", "default"),
        ("include = [\"~/other.toml\"]", "include"),
        ("store = \"file\"", "store"),
        ("quiet = true", "quiet"),
        ("network = { https_proxy = \"http://evil:1\" }", "network"),
        ("proxy = { port = 2000 }", "proxy"),
        ("directory = [{ path = \"/\", profile = \"acme\" }]", "directory"),
    ] {
        assert_eq!(
            said(&format!("{line}\n{TEAM}")),
            format!(
                "an included file may not set `{key}`\n  --> {shown}:1\n\
                 hint: it may hold `[profiles.NAME]` sections alone"
            )
        );
    }
    assert!(said(&format!("{TEAM}api_key = \"x\"\n")).starts_with("`api_key`: keys are not kept in this file\n"));
    // The control: all that it may say.
    place.write(
        "[profiles.acme]\nprovider = \"custom\"\nbase_url = \"https://llm.acme.example/v1\"\ndialect = \"openai-chat\"\n\
         auth = \"bearer\"\nmodel = \"m\"\nmodels = { big = \"b\" }\norganization = \"o\"\nproject = \"p\"\n\
         account = \"a\"\nbilling = \"metered\"\n",
    );
    place.allow();
    assert_eq!(place.load().1, IncludeState::Applied);
}

//! Files change while it runs: what is right takes effect, what is wrong takes nothing away, and only those hear of it
//! whom it concerns.

use std::time::Duration;

use super::{Raw, Sleeper, add, home_with_daemon, key, served, wait_until};
use crate::support::Home;

const CONFIG: &str = ".config/llmenv/config.toml";

fn config(home: &Home) -> String {
    std::fs::read_to_string(home.path(CONFIG)).unwrap()
}

/// Saves as editors do: a new file, renamed over the old one.
fn save_by_rename(home: &Home, text: &str) {
    home.write(".config/llmenv/.config.toml.swp", text);
    std::fs::rename(home.path(".config/llmenv/.config.toml.swp"), home.path(CONFIG)).unwrap();
}

fn hello(home: &Home) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(&Raw::connect(home).ask(r#"{"op":"hello"}"#)).unwrap()["hello"].take()
}

/// The profile that holds in a directory, as the daemon has it.
fn active(home: &Home, dir: &str) -> Option<String> {
    let request = serde_json::json!({"op": "resolve", "cwd": home.path(dir), "state": null});
    let answer: serde_json::Value = serde_json::from_str(&Raw::connect(home).ask(&request.to_string())).unwrap();
    answer["resolved"]["profile"].as_str().map(str::to_owned)
}

#[test]
fn a_wrong_file_keeps_the_last_good_state() {
    let (home, pid) = home_with_daemon();
    let good = config(&home);
    home.write(CONFIG, format!("{good}\nmodle = \"x\"\n[profiles\n"));
    wait_until("the daemon has seen it", || !hello(&home)["config_error"].is_null());
    assert_eq!(served(&home, "work"), key(0));
    let line = good.lines().count() + 3;
    let got = home.llmenv(&["status"]);
    assert!(got.stdout.contains(&format!("~/{CONFIG}:{line}")), "{got:?}");
    let got = home.llmenv(&["daemon", "status"]);
    assert!(got.stderr.contains(&format!("  --> ~/{CONFIG}:{line}")), "{got:?}");
    save_by_rename(&home, &format!("default = \"work\"\n{good}"));
    wait_until("the daemon has seen the mended one", || hello(&home)["config_error"].is_null());
    assert_eq!(active(&home, "").as_deref(), Some("work"));
    // Touched and saved again in the same way: still watched.
    save_by_rename(&home, &good);
    wait_until("the default is gone", || active(&home, "").is_none());
    std::fs::remove_file(home.path(CONFIG)).unwrap();
    wait_until("all is gone", || {
        Raw::connect(&home).ask(r#"{"op":"key-get","profile":"work"}"#).contains("there is no profile")
    });
    save_by_rename(&home, &good);
    wait_until("it is back", || Raw::connect(&home).ask(r#"{"op":"key-get","profile":"work"}"#).contains(&key(0)));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn a_folder_that_comes_later_is_seen() {
    let (home, _) = home_with_daemon();
    let good = config(&home);
    // A link into a folder of dotfiles, the folder itself replaced, and the whole configuration folder made anew.
    home.write("dotfiles/llmenv.toml", &good);
    std::fs::remove_file(home.path(CONFIG)).unwrap();
    std::os::unix::fs::symlink(home.path("dotfiles/llmenv.toml"), home.path(CONFIG)).unwrap();
    assert_eq!(served(&home, "work"), key(0));
    for round in 0..3 {
        std::fs::remove_dir_all(home.path("dotfiles")).unwrap();
        home.write("dotfiles/llmenv.toml", format!("default = \"work\"\n{good}"));
        wait_until("the default is there", || active(&home, "").is_some());
        home.write("dotfiles/llmenv.toml", &good);
        wait_until("the default is gone", || active(&home, "").is_none());
        println!("round {round}");
    }
    std::fs::remove_dir_all(home.path(".config/llmenv")).unwrap();
    home.write(CONFIG, format!("default = \"work\"\n{good}"));
    wait_until("the new folder's file is read", || active(&home, "").is_some());
}

#[test]
fn only_the_shells_concerned_are_told() {
    let (home, _) = home_with_daemon();
    add(&home, "other", 1);
    std::fs::create_dir(home.path("pinned")).unwrap();
    std::fs::create_dir(home.path("plain")).unwrap();
    for name in ["a", "b"] {
        std::fs::create_dir(home.path(format!("pinned/{name}"))).unwrap();
    }
    let use_work = ["why=choose", "reason=shell", "profile=work"];
    let use_other = ["why=choose", "reason=shell", "profile=other"];
    let nothing = ["why=start", "reason=none"];
    let shells: Vec<(&str, Sleeper)> =
        ["work", "other", "pinned", "plain"].into_iter().map(|name| (name, Sleeper::start())).collect();
    for ((_, shell), (dir, fields)) in shells.iter().zip([
        ("plain", &use_work[..]),
        ("plain", &use_other),
        ("pinned/a", &nothing),
        ("plain", &nothing),
    ]) {
        let got = shell.hook(&home, dir, fields);
        assert!(got.code == 0 && got.stdout.contains("\nend\t"), "{got:?}");
    }
    let generations = || shells.iter().map(|(_, shell)| shell.generation(&home)).collect::<Vec<_>>();
    // Asks again as every concerned shell does at its next prompt, and waits until the daemon has nothing more to tell.
    let told = |what: &str, change: &dyn Fn(), concerned: &[&str], again: &[&[&str]]| {
        let before = generations();
        change();
        for (number, (name, shell)) in shells.iter().enumerate().filter(|(_, (name, _))| concerned.contains(name)) {
            wait_until(&format!("{what}: {name} is told"), || shell.generation(&home) != before[number]);
        }
        // A second look after everything the daemon had to do for the change: a shell told by mistake is told by now.
        Raw::connect(&home).ask(r#"{"op":"reload"}"#);
        std::thread::sleep(Duration::from_millis(300));
        for (number, (name, shell)) in shells.iter().enumerate() {
            let is_told = shell.generation(&home) != before[number];
            assert_eq!(is_told, concerned.contains(name), "{what}: {name}");
        }
        for (name, fields) in concerned.iter().zip(again) {
            let shell = &shells.iter().find(|(shell, _)| shell == name).unwrap().1;
            assert_eq!(shell.hook(&home, if *name == "pinned" { "pinned/a" } else { "plain" }, fields).code, 0);
        }
    };
    let rotate = || assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], key(5)).code, 0);
    told("a rotation", &rotate, &["work"], &[&["why=prompt", "reason=shell", "profile=work"]]);
    let edit = || {
        let text = config(&home).replace("[profiles.other]", "[profiles.other]\nenv = { MY_TOOL_REGION = \"eu\" }");
        save_by_rename(&home, &text);
    };
    told("an edit", &edit, &["other"], &[&["why=prompt", "reason=shell", "profile=other"]]);
    let pin = || {
        let mut command = home.cmd(crate::support::LLMENV);
        command.args(["use", "work", "--here"]).current_dir(home.path("pinned"));
        let got = crate::support::home::finish(command, None);
        assert_eq!(got.code, 0, "{got:?}");
    };
    told("a pin", &pin, &["pinned"], &[&["why=prompt", "reason=none"]]);
    let default = || assert_eq!(home.llmenv(&["use", "other", "--global"]).code, 0);
    told("a default", &default, &["plain"], &[&["why=prompt", "reason=none"]]);
    let unpin = || std::fs::remove_file(home.path("pinned/.llmenv.toml")).unwrap();
    told("a pin that goes", &unpin, &["pinned"], &[&["why=prompt", "reason=pin", "profile=work"]]);
    told("a comment", &|| save_by_rename(&home, &format!("# mine\n{}", config(&home))), &[], &[]);
    let lock = || assert_eq!(home.llmenv(&["lock"]).code, 0);
    told("the lock", &lock, &["work", "other", "pinned", "plain"], &[]);
}

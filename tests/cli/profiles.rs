//! The life of a profile: added, rotated, edited, renamed, removed.

use serde_json::Value;

use super::{alone, failed, home_with_work, key, other_key};
use crate::support::Home;

fn json(home: &Home, args: &[&str]) -> Value {
    let got = alone(home, args, "");
    assert_eq!((got.stderr.as_str(), got.code), ("", 0), "{args:?}");
    serde_json::from_str(&got.stdout).unwrap()
}

#[test]
fn listed_and_shown_masked() {
    let home = home_with_work();
    let got = alone(&home, &["list"], "");
    assert_eq!(
        got.stdout,
        "  NAME  PROVIDER    KEY               SERVES  ACCOUNT\n  work  openrouter  openrouter …cdef  openai\n"
    );
    let shown = json(&home, &["show", "work", "--json"]);
    assert_eq!(shown["key"]["shown"], "openrouter …cdef");
    assert_eq!(shown["origin"], "https://openrouter.ai");
    assert_eq!(shown["base_url"], "https://openrouter.ai/api/v1");
    assert_eq!(shown["store"], "file");
    assert_eq!(json(&home, &["list", "--json"])["profiles"][0]["profile"], "work");
    for args in [&["list"][..], &["list", "--json"], &["show", "work"], &["show", "work", "--json"], &["status"]] {
        let got = alone(&home, args, "");
        assert!(!format!("{got:?}").contains("0123456789abcdef"), "{args:?}");
    }
}

#[test]
fn rotated_to_another_key_only() {
    let home = home_with_work();
    assert_eq!(
        alone(&home, &["rotate", "work", "--key-stdin"], key()),
        failed(
            1,
            "error: that is the key already stored\n  --> profile `work`\n\
             hint: create a new key at the provider, then rotate to it\n"
        )
    );
    let got = alone(&home, &["rotate", "work", "--key-stdin"], other_key());
    assert_eq!((got.stdout.as_str(), got.code), ("work has a new key: key openrouter …3210\n", 0), "{got:?}");
    let shown = alone(&home, &["show", "work", "--reveal", "--force"], "");
    assert_eq!(shown.stdout, format!("{}\n", other_key()));
}

#[test]
fn edited_by_flags() {
    let home = home_with_work();
    let got = alone(&home, &["edit", "work", "--model", "openai/gpt-5", "--account", "me@home"], "");
    assert_eq!((got.stdout.as_str(), got.stderr.as_str(), got.code), ("changed work\n", "", 0));
    assert_eq!(json(&home, &["show", "work", "--json"])["account"], "me@home");
    assert_eq!(alone(&home, &["edit", "work", "--unset", "account"], "").code, 0);
    assert_eq!(json(&home, &["show", "work", "--json"])["account"], Value::Null);
    assert_eq!(
        alone(&home, &["edit", "work", "--unset", "modle"], ""),
        failed(2, "error: there is no field `modle` to unset\nhint: did you mean `model`?\n")
    );
}

#[test]
fn t10_a_key_goes_to_another_host_only_after_a_word() {
    let home = home_with_work();
    let url = "https://relay.example.com/v1";
    let before = std::fs::read(home.path(".config/llmenv/config.toml")).unwrap();
    assert_eq!(
        alone(&home, &["edit", "work", "--base-url", url], ""),
        failed(
            2,
            "error: the key of `work` is bound to `https://openrouter.ai`, and would now go to `https://relay.example.com`\n\
             hint: `--bind-to relay.example.com` lets it go there\n\
             hint: `llmenv add` makes a profile of its own for another account\n"
        )
    );
    assert_eq!(std::fs::read(home.path(".config/llmenv/config.toml")).unwrap(), before);
    let wrong = alone(&home, &["edit", "work", "--base-url", url, "--bind-to", "openrouter.ai"], "");
    assert_eq!(wrong.code, 2, "{wrong:?}");
    assert_eq!(alone(&home, &["edit", "work", "--base-url", url, "--bind-to", "relay.example.com"], "").code, 0);
    let shown = json(&home, &["show", "work", "--json"]);
    assert_eq!((&shown["origin"], &shown["base_url"]), (&"https://relay.example.com".into(), &url.into()));
}

#[test]
fn t10_a_base_url_changed_by_hand_is_not_served_until_bound() {
    let home = home_with_work();
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    home.write(".config/llmenv/config.toml", format!("{config}base_url = \"https://relay.example.com/v1\"\n"));
    let got = alone(&home, &["exec", "work", "--", "env"], "");
    assert_eq!((got.stdout.as_str(), got.code), ("", 125), "{got:?}");
    assert_eq!(alone(&home, &["edit", "work", "--bind-to", "relay.example.com"], "").code, 0);
    let got = alone(&home, &["exec", "work", "--", "env"], "");
    assert!(got.stdout.contains("\nOPENAI_BASE_URL=https://relay.example.com/v1\n"), "{got:?}");
}

#[test]
fn renamed_with_what_names_it() {
    let home = home_with_work();
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    home.write(
        ".config/llmenv/config.toml",
        format!("default = \"work\" # mine\n{config}\n[[directory]]\npath = \"~/src/**\"\nprofile = \"work\"\n"),
    );
    let got = alone(&home, &["rename", "work", "home"], "");
    assert_eq!((got.stdout.as_str(), got.code), ("work is now home\n", 0), "{got:?}");
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    assert!(config.starts_with("default = \"home\" # mine\n") && !config.contains("work"), "{config}");
    let shown = alone(&home, &["show", "home", "--reveal", "--force"], "");
    assert_eq!(shown.stdout, format!("{}\n", key()));
    assert_eq!(alone(&home, &["rename", "home", "home"], "").code, 1);
}

#[test]
fn removed_with_its_key() {
    let home = home_with_work();
    let got = alone(&home, &["remove", "work", "--yes"], "");
    assert_eq!(
        (got.stdout.as_str(), got.stderr.as_str(), got.code),
        ("removed work\n", "hint: the provider still takes the key until you revoke it there\n", 0)
    );
    let got = alone(&home, &["list"], "");
    assert_eq!((got.stdout.as_str(), got.code), ("", 0));
    assert_eq!(alone(&home, &["add", "work", "--provider", "openrouter", "--key-stdin"], other_key()).code, 0);
    let shown = alone(&home, &["show", "work", "--reveal", "--force"], "");
    assert_eq!(shown.stdout, format!("{}\n", other_key()));
}

#[test]
fn references_are_kept_as_references() {
    let home = home_with_work();
    let file = home.write("secret", format!("{}\n", key()));
    let reference = format!("file:{}", file.display());
    let got = alone(&home, &["add", "filed", "--provider", "openrouter", "--key-ref", &reference], "");
    assert_eq!(got.code, 0, "{got:?}");
    let got = alone(&home, &["exec", "filed", "--", "printenv", "OPENAI_API_KEY"], "");
    assert_eq!((got.stdout, got.code), (format!("{}\n", key()), 0));
    let told = alone(&home, &["rotate", "filed", "--key-stdin"], other_key());
    assert_eq!(
        told,
        failed(
            1,
            "error: the key of `filed` is kept in the file `~/secret`, not by llmenv\n\
             hint: change it there; llmenv serves the new one from then on\n"
        )
    );
    let relative = alone(&home, &["add", "x", "--provider", "openrouter", "--key-ref", "command:pass show openai"], "");
    assert!(relative.code == 2 && relative.stderr.starts_with("error: the program `pass` is not an absolute path\n"));
    let got =
        alone(&home, &["add", "asked", "--provider", "openrouter", "--key-ref", "command:/bin/cat '/dev/null'"], "");
    assert_eq!(got.code, 0, "{got:?}");
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    assert!(config.contains("/bin/cat") && config.contains("\"/dev/null\"") && !config.contains("0123"), "{config}");
}

#[test]
fn the_same_through_the_daemon() {
    let home = Home::new();
    let add = ["add", "work", "--provider", "openrouter", "--key-stdin", "--store", "file"];
    assert_eq!(home.llmenv_with(&add, key()).code, 0);
    let pid = home.daemon_pid().unwrap();
    assert_eq!(home.llmenv_with(&["rotate", "work", "--key-stdin"], other_key()).code, 0);
    let got = home.llmenv(&["exec", "work", "--", "printenv", "OPENAI_API_KEY"]);
    assert_eq!(got.stdout, format!("{}\n", other_key()));
    assert_eq!(home.llmenv(&["rename", "work", "home"]).code, 0);
    assert_eq!(home.llmenv(&["lock"]).code, 0);
    assert_eq!(home.llmenv(&["exec", "home", "--", "true"]).code, 125);
    assert_eq!(home.daemon_pid(), Some(pid));
    let got = home.llmenv(&["daemon", "stop"]);
    assert_eq!(got.stdout, format!("stopped the daemon (process {pid})\n"));
    assert_eq!(home.daemon_pid(), None);
    assert_eq!(home.llmenv(&["daemon", "stop"]).stdout, "no daemon runs\n");
}

#[cfg(unix)]
#[test]
fn a_stopped_daemon_is_replaced_by_restart() {
    let home = Home::new();
    assert_eq!(home.llmenv(&["daemon", "start"]).code, 0);
    let pid = home.daemon_pid().unwrap();
    assert!(std::process::Command::new("kill").args(["-STOP", &pid.to_string()]).status().unwrap().success());
    let got = home.llmenv(&["daemon", "restart"]);
    assert_eq!(got.code, 0, "{got:?}");
    assert!(home.daemon_pid().is_some_and(|new| new != pid), "{pid}, then {:?}: {got:?}", home.daemon_pid());
}

#[test]
fn many_adds_at_once_all_count() {
    let home = Home::new();
    assert_eq!(
        alone(&home, &["add", "p0", "--provider", "openrouter", "--key-stdin", "--store", "file"], key()).code,
        0
    );
    std::thread::scope(|scope| {
        for n in 1..8 {
            let home = &home;
            scope.spawn(move || {
                let name = format!("p{}", n % 4);
                alone(
                    home,
                    &["add", &name, "--provider", "openrouter", "--key-stdin"],
                    format!("{}{n}{n}", &key()[..71]),
                )
            });
        }
    });
    let listed = json(&home, &["list", "--json"]);
    let names: Vec<_> = listed["profiles"].as_array().unwrap().iter().map(|item| item["profile"].clone()).collect();
    assert_eq!(names, ["p0", "p1", "p2", "p3"]);
    assert!(listed["profiles"].as_array().unwrap().iter().all(|item| !item["key"].is_null()), "{listed}");
}

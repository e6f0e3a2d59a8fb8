//! `--format systemd`: by the documented rules of `EnvironmentFile=`, and by systemd's own parser of such files where its
//! generator for `environment.d` is installed.

use super::{Env, Room, assert_received, env, left_out, run, values, written};

const GENERATOR: &str = "/usr/lib/systemd/user-environment-generators/30-systemd-environment-d-generator";

/// systemd.exec(5), `EnvironmentFile=`, for files of comments and double-quoted values: a backslash before `"`, `\`, `` ` ``
/// and `$` goes, any other stays (before systemd 240 it went too: none may be there).
fn read(text: &str) -> Env {
    let mut vars = Env::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
        let (name, rest) = line.split_once('=').unwrap();
        let inner = rest.strip_prefix('"').unwrap().strip_suffix('"').unwrap();
        let mut value = String::new();
        let mut chars = inner.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' => value.push(chars.next().filter(|c| "\"\\`$".contains(*c)).expect("a lone backslash")),
                '"' => panic!("the value ends early"),
                c => value.push(c),
            }
        }
        assert!(vars.insert(name.to_owned(), value).is_none());
    }
    vars
}

fn carries(value: &str) -> bool {
    !value.contains(|c| matches!(u32::from(c), 0xfdd0..=0xfdef) || u32::from(c) & 0xfffe == 0xfffe)
}

fn all_values() -> [Vec<String>; 2] {
    [values::awkward(), values::random(0x7379_7374, 600)]
}

#[test]
fn t13_quote_systemd() {
    for values in all_values() {
        let vars = super::numbered("systemd", &values, carries);
        assert!(read(&written("systemd", &vars, &["GONE"]).text) == vars);
    }
}

/// The same text is a shell script that sets the same values.
#[test]
fn t13_quote_systemd_sourced_by_a_shell() {
    let room = Room::new();
    for values in all_values() {
        let vars = super::numbered("systemd", &values, carries);
        room.write("text", &written("systemd", &vars, &["GONE"]).text);
        for shell in ["bash", "sh"] {
            run(room.command(shell).args(["-c", "set -a; . ./text; env -0 >child"]));
            assert_received(&room.dumped("child"), &vars);
            room.assert_nothing_ran();
        }
    }
}

/// The generator reads with the function that reads a unit's `EnvironmentFile=`, then expands `$` (so values with one are
/// left out here; so are empty ones, which it takes for a mistake, and `~`, which it prints without quotes).
#[test]
fn t13_quote_systemd_by_its_own_parser() {
    if !std::path::Path::new(GENERATOR).is_file() {
        left_out("t13_quote_systemd_by_its_own_parser: systemd's generator for environment.d is not installed");
        return;
    }
    let room = Room::new();
    for values in all_values() {
        let values: Vec<_> =
            values.into_iter().filter(|value| !value.is_empty() && !value.contains(['$', '~'])).collect();
        let vars = super::numbered("systemd", &values, carries);
        let folder = room.path("config/environment.d");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("10.conf"), &**written("systemd", &vars, &["GONE"]).text).unwrap();
        let output = run(room.command(GENERATOR).env("XDG_CONFIG_HOME", room.path("config")));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        std::fs::write(room.path("printed"), &output.stdout).unwrap();
        run(room.command("bash").args(["-c", "set -a; . ./printed; env -0 >child"]));
        assert_received(&room.dumped("child"), &vars);
    }
}

#[test]
fn systemd_says_in_a_comment_how_a_unit_unsets() {
    let out = written("systemd", &env(&[("A_KEY", "k\"$")]), &["B_KEY", "C_KEY"]);
    assert_eq!(*out.text, "# llmenv: for the unit: UnsetEnvironment=B_KEY C_KEY\nA_KEY=\"k\\\"\\$\"\n");
    assert_eq!(out.not_unset, ["B_KEY", "C_KEY"]);
}

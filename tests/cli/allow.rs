//! `allow` and `deny`: what came with a repository counts only after a word.

use super::{alone, failed, home_with_work};

#[test]
fn the_nearest_pin_is_shown_and_remembered() {
    let home = home_with_work();
    home.write("src/a/b/x", "");
    home.write("src/.llmenv.toml", "profile = \"work\"\n");
    let run = |args: &[&str]| {
        let mut command = home.cmd(crate::support::LLMENV);
        command.args(args).env("LLMENV_DAEMON", "off").current_dir(home.path("src/a/b"));
        crate::support::home::finish(command, None)
    };
    let got = run(&["allow"]);
    assert_eq!(
        (got.stdout.as_str(), got.stderr.as_str(), got.code),
        ("allowed ~/src/.llmenv.toml\n", "  profile = \"work\"\n", 0)
    );
    assert_eq!(run(&["deny", "../.."]).stdout, "denied ~/src/.llmenv.toml\n");
    home.write("src/.llmenv.toml", "profile = \"work\"\nkey = \"x\"\n");
    let wrong = run(&["allow"]);
    assert_eq!((wrong.stdout.as_str(), wrong.code), ("", 1), "{wrong:?}");
    assert!(wrong.stderr.contains("\n  --> ~/src/.llmenv.toml:2\n"), "{wrong:?}");
}

#[test]
fn where_there_is_no_pin() {
    let home = home_with_work();
    assert_eq!(
        alone(&home, &["allow"], ""),
        failed(
            1,
            "error: there is no `.llmenv.toml` here or above\n  --> ~\nhint: `llmenv use NAME --here` makes one and allows it\n"
        )
    );
}

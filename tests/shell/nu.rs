//! `--format nu` in a real Nushell where there is one (npm's `@nushell/linux-x64` carries its binary).

use std::path::PathBuf;

use super::{Room, assert_received, env, find, left_out, run, values, written};

fn nu(test: &str) -> Option<PathBuf> {
    let found = find("LLMENV_TEST_NU", "nu");
    if found.is_none() {
        left_out(&format!("{test}: no nu on PATH and LLMENV_TEST_NU is not set"));
    }
    found
}

#[test]
fn t13_quote_nu() {
    let Some(nu) = nu("t13_quote_nu") else { return };
    let room = Room::new();
    for values in [values::awkward(), values::random(0x6e75, 600)] {
        let vars = super::numbered("nu", &values, |_| true);
        room.write("text", &written("nu", &vars, &["GONE", "NEVER_THERE"]).text);
        let script = "source text\n^/bin/sh -c 'env -0 >child'";
        let output = run(room.command(&nu).args(["-n", "-c", script]).env("GONE", "old"));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert_received(&room.dumped("child"), &vars);
        assert!(!room.dumped("child").contains_key("GONE"));
        room.assert_nothing_ran();
    }
}

/// One file a cut: `source` is resolved when the script is parsed, before anything of it runs.
#[test]
fn t13_nu_text_cut_off_applies_nothing() {
    let Some(nu) = nu("t13_nu_text_cut_off_applies_nothing") else { return };
    let room = Room::new();
    let vars = env(&[("OPENAI_API_KEY", "new'key"), ("OPENAI_BASE_URL", "https://new.example.com/v1")]);
    let text = written("nu", &vars, &["OPENAI_API_BASE"]).text;
    let old = env(&[("OPENAI_API_KEY", "old"), ("OPENAI_BASE_URL", "https://old"), ("OPENAI_API_BASE", "x")]);
    for at in (0..=text.len()).step_by(7).chain([text.len() - 2, text.len() - 1, text.len()]) {
        room.write("text", &text[..at]);
        let _ = std::fs::remove_file(room.path("child"));
        let mut command = room.command(&nu);
        command.args(["-n", "-c", "source text\n^/bin/sh -c 'env -0 >child'"]).envs(&old);
        let output = command.output().unwrap();
        if at + 1 >= text.len() {
            assert!(output.status.success());
            assert_received(&room.dumped("child"), &vars);
        } else if room.path("child").exists() {
            assert_received(&room.dumped("child"), &old);
        } else {
            assert!(!output.status.success());
        }
    }
}

#[test]
fn nu_refuses_names_it_sets_itself() {
    let mut patch = llmenv::env_patch::EnvPatch::default();
    patch.set("FILE_PWD", "x".to_owned());
    let err = super::emit(super::format("nu").unwrap(), &patch).err().unwrap();
    assert_eq!(err.message, "`FILE_PWD` cannot be written exactly in the format `nu`: nu sets that variable itself");
}

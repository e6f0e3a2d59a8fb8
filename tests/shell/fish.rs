//! `--format fish` in real fish.

use super::{Env, Room, assert_received, env, refusal, run, values, written};

fn values_come_back(values: &[String], apply: &str, locale: &str) {
    let room = Room::new();
    let vars = super::numbered("fish", values, |_| true);
    room.write("text", &written("fish", &vars, &["GONE", "NEVER_THERE"]).text);
    room.write("names", &vars.keys().map(|name| format!("{name}\n")).collect::<String>());
    let script = format!(
        "{apply}; or exit 9\nwhile read n; printf '%s=%s\\0' $n $$n; end <names >shell\n/usr/bin/env -0 >child\n"
    );
    let output =
        run(room.command("fish").args(["--no-config", "-c", &script]).env("GONE", "old").env("LC_ALL", locale));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    for dump in ["shell", "child"] {
        assert_received(&room.dumped(dump), &vars);
    }
    assert!(!room.dumped("child").contains_key("GONE"));
    room.assert_nothing_ran();
}

#[test]
fn t13_quote_fish() {
    for locale in ["C.UTF-8", "C"] {
        values_come_back(&values::awkward(), "cat text | source", locale);
        values_come_back(&values::random(0x6669_7368, 600), "cat text | source", locale);
    }
}

/// `eval (…)` joins the lines with blanks.
#[test]
fn t13_quote_fish_by_eval() {
    values_come_back(&values::awkward(), "eval (cat text)", "C.UTF-8");
}

fn pair() -> Env {
    env(&[("OPENAI_API_KEY", "new'key"), ("OPENAI_BASE_URL", "https://new.example.com/v1")])
}

#[test]
fn t13_fish_text_cut_off_applies_nothing() {
    let room = Room::new();
    let text = written("fish", &pair(), &["OPENAI_API_BASE"]).text;
    let cuts: Vec<&str> = (0..=text.len()).map(|at| &text[..at]).collect();
    room.write("cuts", &cuts.iter().map(|cut| format!("{cut}\0")).collect::<String>());
    let script = "while read -z t
        set -gx OPENAI_API_KEY old; set -gx OPENAI_BASE_URL https://old; set -gx OPENAI_API_BASE x
        printf '%s' $t | source >/dev/null 2>&1
        echo @$OPENAI_API_KEY,$OPENAI_BASE_URL,(set -q OPENAI_API_BASE; and echo $OPENAI_API_BASE; or echo unset)
    end <cuts";
    let output = String::from_utf8(run(room.command("fish").args(["--no-config", "-c", script])).stdout).unwrap();
    // A lone `if` shows its manual page.
    let lines: Vec<&str> = output.lines().filter_map(|line| line.strip_prefix('@')).collect();
    assert_eq!(lines.len(), cuts.len());
    for (at, line) in lines.iter().enumerate() {
        let whole = at + 1 >= text.len();
        let expected = if whole { "new'key,https://new.example.com/v1,unset" } else { "old,https://old,x" };
        assert_eq!(*line, expected, "cut after {at} of {} bytes", text.len());
    }
}

/// A universal variable of a name to set is hidden by the global one, and still there for other sessions.
#[test]
fn fish_universal_variables_are_hidden_and_kept() {
    let room = Room::new();
    room.write("text", &written("fish", &pair(), &["OPENAI_API_BASE"]).text);
    let script = "set -Ux OPENAI_API_KEY rival; set -U OPENAI_API_BASE not-exported
        cat text | source; or exit 9
        /usr/bin/env -0 >child";
    run(room.command("fish").args(["-c", script]).env("OPENAI_API_BASE", "https://rival"));
    assert_received(&room.dumped("child"), &pair());
    assert!(!room.dumped("child").contains_key("OPENAI_API_BASE"));
    let output = run(room.command("fish").args(["-c", "echo $OPENAI_API_BASE $OPENAI_API_KEY"]));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "not-exported rival\n");
}

/// One of a name to unset cannot be hidden: nothing is changed.
#[test]
fn fish_universal_rivals_refuse_the_whole() {
    let room = Room::new();
    room.write("text", &written("fish", &pair(), &["OPENAI_API_BASE", "OPENAI_ORG_ID"]).text);
    let script = "set -Ux OPENAI_ORG_ID rival
        if cat text | source; echo applied; else; echo $status; end
        /usr/bin/env -0 >child";
    let old = env(&[("OPENAI_API_KEY", "old"), ("OPENAI_BASE_URL", "https://old"), ("OPENAI_API_BASE", "x")]);
    let output = run(room.command("fish").args(["-c", script]).envs(&old));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "llmenv: nothing was changed, because one of these is a universal variable (set -eU takes one away): \
         OPENAI_API_BASE OPENAI_ORG_ID\n"
    );
    assert_received(&room.dumped("child"), &old);
}

#[test]
fn fish_refuses_names_it_computes_itself() {
    for name in ["history", "version", "hostname"] {
        let mut patch = llmenv::env_patch::EnvPatch::default();
        patch.set(name, "x".to_owned());
        let err = super::emit(super::format("fish").unwrap(), &patch).err().unwrap();
        assert_eq!(
            err.message,
            format!("`{name}` cannot be written exactly in the format `fish`: fish computes that variable itself")
        );
    }
    assert_eq!(refusal("fish", "x"), None);
}

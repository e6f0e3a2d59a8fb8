//! What bash and zsh have to pass alike; called by their files.

use super::{Env, Room, assert_received, env, run, values, written};

/// One way to start a shell: program, options, and statements that run before.
pub struct Way {
    pub program: &'static str,
    pub options: &'static [&'static str],
    pub before: &'static str,
}

/// Evaluates values in the shell and reads them back from the shell itself and from a child.
pub fn values_come_back(format: &str, way: &Way, values: &[String]) {
    let room = Room::new();
    let vars = super::numbered(format, values, |_| true);
    room.write("text", &written(format, &vars, &["GONE", "NEVER_THERE"]).text);
    room.write("names", &vars.keys().map(|name| format!("{name}\n")).collect::<String>());
    let script = format!(
        "{}\neval \"$(cat text)\" || exit 9\nwhile read -r n; do eval \"printf '%s=%s\\\\0' $n \\\"\\$$n\\\"\"; done <names >shell\nenv -0 >child\n",
        way.before
    );
    for locale in ["C.UTF-8", "C"] {
        let mut command = room.command(way.program);
        command.args(way.options).arg("-c").arg(&script).env("GONE", "old").env("LC_ALL", locale);
        let output = run(&mut command);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        assert!(output.stdout.is_empty());
        for dump in ["shell", "child"] {
            assert_received(&room.dumped(dump), &vars);
        }
        assert!(!room.dumped("child").contains_key("GONE"));
        room.assert_nothing_ran();
    }
}

/// The awkward values, then random ones in one batch.
pub fn all_values_come_back(format: &str, way: &Way) {
    values_come_back(format, way, &values::awkward());
    values_come_back(format, way, &values::random(0x6c6c_6d65_6e76, 600));
}

fn pair() -> Env {
    env(&[("OPENAI_API_KEY", "new'key"), ("OPENAI_BASE_URL", "https://new.example.com/v1")])
}

/// A read-only variable refuses the whole pair, with one line that names no value.
pub fn read_only_refuses_the_whole(format: &str, way: &Way) {
    let room = Room::new();
    room.write("text", &written(format, &pair(), &["OPENAI_API_BASE"]).text);
    for frozen in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"] {
        let script = format!(
            "{}\nreadonly {frozen}\nif eval \"$(cat text)\"; then echo applied; else echo $?; fi\nenv -0 >child\n",
            way.before
        );
        let mut command = room.command(way.program);
        command.args(way.options).arg("-c").arg(&script);
        let old = env(&[("OPENAI_API_KEY", "old"), ("OPENAI_BASE_URL", "https://old"), ("OPENAI_API_BASE", "x")]);
        let output = run(command.envs(&old));
        assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n");
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            "llmenv: nothing was changed, because one of these is read-only: OPENAI_API_BASE OPENAI_BASE_URL OPENAI_API_KEY\n"
        );
        assert_received(&room.dumped("child"), &old);
    }
}

/// Text that ends early, at any byte, applies nothing; whole, without its last line feed, it applies everything.
pub fn cut_off_text_applies_nothing(format: &str, way: &Way) {
    let room = Room::new();
    let text = written(format, &pair(), &["OPENAI_API_BASE"]).text;
    let script = format!(
        "{}\nwhile IFS= read -r -d '' t; do ( eval \"$t\" >/dev/null 2>&1\nprintf '%s,%s,%s\\n' \"$OPENAI_API_KEY\" \"$OPENAI_BASE_URL\" \"${{OPENAI_API_BASE-unset}}\" ) || :; done <cuts\n",
        way.before
    );
    let cuts: Vec<&str> = (0..=text.len()).map(|at| &text[..at]).collect();
    room.write("cuts", &cuts.iter().map(|cut| format!("{cut}\0")).collect::<String>());
    let mut command = room.command(way.program);
    command.args(way.options).arg("-c").arg(&script);
    let old = env(&[("OPENAI_API_KEY", "old"), ("OPENAI_BASE_URL", "https://old"), ("OPENAI_API_BASE", "x")]);
    let output = String::from_utf8(run(command.envs(&old)).stdout).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), cuts.len(), "a subshell ended before it reported");
    for (at, line) in lines.iter().enumerate() {
        let whole = at + 1 >= text.len();
        let expected = if whole { "new'key,https://new.example.com/v1,unset" } else { "old,https://old,x" };
        assert_eq!(*line, expected, "cut after {at} of {} bytes", text.len());
    }
}

/// Attributes of a variable neither change a value nor run it.
pub fn declared_types_do_not_matter(format: &str, way: &Way, declarations: &[&str]) {
    let room = Room::new();
    let vars = env(&[("MY_VALUE", "a[$(touch pwn)]Bc")]);
    room.write("text", &written(format, &vars, &[]).text);
    for declaration in declarations {
        let script = format!("{}\n{declaration} MY_VALUE\neval \"$(cat text)\"\nenv -0 >child\n", way.before);
        run(room.command(way.program).args(way.options).arg("-c").arg(&script));
        assert_received(&room.dumped("child"), &vars);
        room.assert_nothing_ran();
    }
}

/// `eval $(…)` without quotes joins the lines; what has no blanks of its own still means the same.
pub fn unquoted_eval_works(format: &str, way: &Way) {
    let room = Room::new();
    room.write("text", &written(format, &pair(), &["OPENAI_API_BASE"]).text);
    let script = format!("{}\neval $(cat text)\nenv -0 >child\n", way.before);
    run(room.command(way.program).args(way.options).arg("-c").arg(&script).env("OPENAI_API_BASE", "x"));
    assert_received(&room.dumped("child"), &pair());
    assert!(!room.dumped("child").contains_key("OPENAI_API_BASE"));
}

/// A control: the same values in the quoting that comes to mind first do run code.
pub fn naive_quoting_runs_code(way: &Way) {
    for (open, value, close) in [("\"", "$(touch pwn)", "\""), ("'", "'; touch pwn; true '", "'")] {
        let room = Room::new();
        room.write("text", &format!("export A={open}{value}{close}\n"));
        run(room.command(way.program).args(way.options).args(["-c", "eval \"$(cat text)\""]));
        assert!(room.path("pwn").exists());
    }
}

/// Asks an interactive shell, which has more of them, for its integer variables.
pub fn integers_are_denied(way: &Way, script: &str) {
    let room = Room::new();
    let output = run(room.command(way.program).args(way.options).args(["-i", "-c", script]));
    let names = String::from_utf8(output.stdout).unwrap();
    assert!(names.lines().any(|name| name == "OPTIND"), "{names}");
    for name in names.lines() {
        assert!(!llmenv::env_patch::is_allowed_name(name), "`{name}` is an integer of {}", way.program);
    }
}

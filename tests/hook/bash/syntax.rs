//! The script keeps to what bash 3.2 understands.

const SCRIPT: &str = include_str!("../../../shell/hook.bash");

/// How a part begins that only newer versions read; it ends with `else` or `fi` at the margin.
const GUARD: &str = "if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= ";

/// The lines that are read by every version, without comments.
fn lines() -> impl Iterator<Item = (usize, &'static str)> {
    let mut is_guarded = false;
    SCRIPT.lines().enumerate().map(|(n, line)| (n + 1, line)).filter(move |(_, line)| {
        if line.starts_with(GUARD) {
            is_guarded = true;
        } else if *line == "else" || *line == "fi" {
            is_guarded = false;
        }
        !is_guarded && !line.trim_start().starts_with('#')
    })
}

/// The parts whose guard names this version or a later one, as 404 for 4.4, together.
fn guarded(version: u32) -> String {
    let parts = SCRIPT.split(GUARD).skip(1).filter(|part| part[..3].parse::<u32>().unwrap() >= version);
    parts.map(|part| part.split("\nelse\n").next().unwrap().split("\nfi\n").next().unwrap()).collect()
}

#[test]
fn nothing_newer_than_bash_3_2_outside_version_guards() {
    // What came with 4.0 and later, by what it looks like in a script.
    const NEWER: &[&str] = &[
        "declare -A",
        "local -A",
        "declare -n",
        "local -n",
        "declare -g",
        "local -",
        "mapfile",
        "readarray",
        "coproc",
        "&>>",
        "|&",
        ";;&",
        ";&",
        "^^}",
        ",,}",
        "^}",
        "[[ -v",
        "test -v",
        "@Q}",
        "@P}",
        "@E}",
        "@A}",
        "@K}",
        "@U}",
        "wait -n",
        "read -N",
        "read -i",
        "%(",
        "{1..",
        "**/",
        "BASHPID",
        "EPOCHREALTIME",
        "SRANDOM",
        "inherit_errexit",
        "printf -v __llmenv_names[",
        "[-1]",
        ": -1}",
        "${!__llmenv_@}",
        "exec {",
        "shopt -s globstar",
        "BASH_ARGV0",
        "${ ",
        "${|",
    ];
    for (n, line) in lines() {
        for newer in NEWER {
            let found = line.match_indices(newer).any(|(at, _)| {
                // `local -a` is old.
                *newer != "local -"
                    || line[at + newer.len()..].starts_with([' ', ';'])
                    || line.len() == at + newer.len()
            });
            assert!(!found, "shell/hook.bash:{n}: `{newer}` is newer than bash 3.2: {line}");
        }
    }
    // `${x@a}` is 4.4 and stands behind a guard; EPOCHSECONDS is a plain variable before 5.0 and needs a default.
    assert_eq!(SCRIPT.matches("@a}").count(), guarded(404).matches("@a}").count());
    assert_eq!(SCRIPT.matches("BASHPID").count(), guarded(400).matches("BASHPID").count());
    assert_eq!(SCRIPT.matches(" -N ").count(), guarded(401).matches(" -N ").count());
    assert_eq!(SCRIPT.matches("EPOCHSECONDS").count(), SCRIPT.matches("${EPOCHSECONDS-0}").count());
}

#[test]
fn no_empty_array_is_expanded_bare() {
    // Before 4.4 `"${empty[@]}"` is an unbound variable under `set -u`.
    for (n, line) in lines() {
        let mut rest = line;
        while let Some(at) = rest.find("[@]}\"") {
            let name = rest[..at].rsplit("${").next().unwrap();
            let is_full = ["__llmenv_fields", "!PROMPT_COMMAND"].contains(&name);
            assert!(is_full || line.contains(&format!("${{{name}[@]+")), "shell/hook.bash:{n}: {line}");
            rest = &rest[at + 5..];
        }
    }
}

#[test]
fn no_array_is_assigned_as_a_whole() {
    // `while :; do a=(1 2 3); done` and Ctrl-C: bash 5.2 prints `exit` and is gone.
    for (n, line) in SCRIPT.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with('#')) {
        let found = line.match_indices("=(").any(|(at, _)| {
            let name = line[..at].trim_end_matches('+');
            name.ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
        });
        assert!(!found, "shell/hook.bash:{}: an interrupt here ends bash: {line}", n + 1);
    }
}

#[test]
fn nothing_received_is_evaluated() {
    // The one `eval` puts together the user's own DEBUG trap, as bash printed it.
    let evals: Vec<(usize, &str)> =
        lines().filter(|(_, line)| line.contains("eval") || line.contains("source ")).collect();
    assert_eq!(evals.len(), 1, "{evals:?}");
    assert!(evals[0].1.contains("DEBUG"), "{evals:?}");
}

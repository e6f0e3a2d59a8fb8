//! `--format bash` in real bash, and in the system's `sh`, which scripts use it with as well.

use super::posix::{self, Way};

const BASH: Way = Way { program: "bash", options: &["--norc", "--noprofile"], before: "" };

#[test]
fn t13_quote_bash() {
    posix::all_values_come_back("bash", &BASH);
}

#[test]
fn t13_quote_bash_under_odd_options() {
    let posix_mode = Way { program: "bash", options: &["--posix"], before: "set -eu" };
    let interactive = Way {
        program: "bash",
        options: &["--norc", "--noprofile"],
        before: "set -Hf; shopt -s extglob xpg_echo; set -euo pipefail; trap 'echo trapped' ERR",
    };
    for way in [posix_mode, interactive] {
        posix::values_come_back("bash", &way, &super::values::awkward());
    }
}

#[test]
fn t13_quote_bash_in_sh() {
    posix::values_come_back("bash", &Way { program: "sh", options: &[], before: "set -eu" }, &super::values::awkward());
}

#[test]
fn bash_read_only_refuses_the_whole_pair() {
    for program in ["bash", "sh"] {
        for before in ["", "set -eu"] {
            posix::read_only_refuses_the_whole("bash", &Way { program, options: &[], before });
        }
    }
}

#[test]
fn t13_bash_text_cut_off_applies_nothing() {
    posix::cut_off_text_applies_nothing("bash", &BASH);
}

#[test]
fn t13_bash_declared_types_do_not_matter() {
    posix::declared_types_do_not_matter(
        "bash",
        &BASH,
        &["declare -i", "declare -u", "declare -l", "declare -a", "declare -A"],
    );
}

#[test]
fn bash_unquoted_eval_works() {
    posix::unquoted_eval_works("bash", &BASH);
}

#[test]
fn t13_bash_naive_quoting_runs_code() {
    posix::naive_quoting_runs_code(&BASH);
}

/// bash's own integers evaluate what is assigned to them: none may be a name of ours, for the hook's sake too.
#[test]
fn t13_bash_integers_are_no_names_of_ours() {
    let script = "declare -ip | sed 's/^declare -[a-z]* //; s/=.*//'";
    posix::integers_are_denied(&BASH, script);
}

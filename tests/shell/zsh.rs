//! `--format zsh` in real zsh.

use super::posix::{self, Way};

const ZSH: Way = Way { program: "zsh", options: &["-f"], before: "" };

#[test]
fn t13_quote_zsh() {
    posix::all_values_come_back("zsh", &ZSH);
}

#[test]
fn t13_quote_zsh_under_odd_options() {
    let odd = "setopt rcquotes cshjunkiequotes shwordsplit ksharrays nounset errexit banghist extendedglob globsubst nullglob";
    let sh = "emulate sh; setopt errexit";
    for before in [odd, sh, "emulate ksh"] {
        let way = Way { program: "zsh", options: &["-f"], before };
        posix::values_come_back("zsh", &way, &super::values::awkward());
    }
}

#[test]
fn zsh_read_only_refuses_the_whole_pair() {
    for before in ["", "set -eu"] {
        posix::read_only_refuses_the_whole("zsh", &Way { program: "zsh", options: &["-f"], before });
    }
}

#[test]
fn t13_zsh_text_cut_off_applies_nothing() {
    posix::cut_off_text_applies_nothing("zsh", &ZSH);
}

#[test]
fn t13_zsh_declared_types_do_not_matter() {
    posix::declared_types_do_not_matter(
        "zsh",
        &ZSH,
        &[
            "typeset -i",
            "typeset -F",
            "typeset -u",
            "typeset -l",
            "typeset -a",
            "typeset -A",
            "typeset -U",
            "typeset -L3",
        ],
    );
}

#[test]
fn zsh_unquoted_eval_works() {
    posix::unquoted_eval_works("zsh", &ZSH);
}

#[test]
fn t13_zsh_naive_quoting_runs_code() {
    posix::naive_quoting_runs_code(&ZSH);
}

/// zsh's own integers evaluate what is assigned to them: none may be a name of ours, for the hook's sake too.
#[test]
fn t13_zsh_integers_are_no_names_of_ours() {
    let script = "for k in ${(k)parameters}; do [[ ${parameters[$k]} == (integer|float)* && ${parameters[$k]} != *readonly* && $k == [A-Za-z_]* ]] && print -r -- $k; done";
    posix::integers_are_denied(&ZSH, script);
}

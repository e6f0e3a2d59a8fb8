//! What changes beside a shell, as the other shells are told of it (`hook::watching`).

use crate::hook::watching;
use crate::support::Shell;

#[test]
fn a_file_that_competes_is_told_once() {
    watching::a_file_that_competes_is_told_once(Shell::Bash);
}

#[test]
fn whom_it_does_not_concern_is_not_told() {
    watching::whom_it_does_not_concern_is_not_told(Shell::Bash);
}

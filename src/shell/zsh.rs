//! For `eval "$(llmenv env NAME --format zsh)"`; the notation is `posix`'s.

use super::{Emitted, Format, Vars, posix};

/// The format `zsh`.
pub struct Zsh;

impl Format for Zsh {
    fn name(&self) -> &'static str {
        "zsh"
    }

    fn refuses(&self, _name: &str, _value: &str) -> Option<String> {
        None
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        posix::write(vars, out);
    }
}

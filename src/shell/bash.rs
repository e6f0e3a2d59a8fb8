//! For `eval "$(llmenv env NAME --format bash)"`; the notation is `posix`'s.

use super::{Emitted, Format, Vars, posix};

/// The format `bash`.
pub struct Bash;

impl Format for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn refuses(&self, _name: &str, _value: &str) -> Option<String> {
        None
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        posix::write(vars, out);
    }
}

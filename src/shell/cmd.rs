//! For `for /f "delims=" %i in ('llmenv env NAME --format cmd') do @%i`, or a batch file that is called.
//!
//! `set "NAME=value"` takes everything between the first `=` and the last quote, but four things have no notation that is
//! exact in both uses, at every setting of delayed expansion and in every code page: `%` (doubled in a batch file, single
//! outside), `!`, a quote (it ends the protection of `& | < > ^`), and what is not ASCII. They are refused. An empty value
//! unsets.
//!
//! There is no compound command here, so every name is unset before the first is set: a text that is cut off leaves a
//! pair that is incomplete, never one that is mixed. The console echoes the lines of a batch file unless `echo off` is set;
//! `@` before each line would not survive `for /f`.

use super::{Emitted, Format, Vars, has};

/// The format `cmd`.
pub struct Cmd;

/// Below the 8,191 characters of a command line (Microsoft, "Command prompt line string limitation").
const MAX_LINE_BYTES: usize = 8_000;

impl Format for Cmd {
    fn name(&self) -> &'static str {
        "cmd"
    }

    fn folds_case(&self) -> bool {
        true
    }

    fn refuses(&self, name: &str, value: &str) -> Option<String> {
        if value.is_empty() {
            return Some("it is empty, which unsets a variable there".into());
        }
        if name.len() + value.len() > MAX_LINE_BYTES {
            return Some("it is longer than a command line may be there".into());
        }
        value.chars().find(|c| !c.is_ascii() || matches!(c, '%' | '!' | '"')).map(has)
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        for name in vars.names() {
            push_set(name, "", &mut out.text);
        }
        for (name, value) in &vars.set {
            push_set(name, value, &mut out.text);
        }
    }
}

fn push_set(name: &str, value: &str, text: &mut String) {
    for part in ["set \"", name, "=", value, "\"\r\n"] {
        text.push_str(part);
    }
}

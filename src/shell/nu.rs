//! For a file that Nushell sources: `llmenv env NAME --format nu | save -f pair.nu; source pair.nu`. Without a file,
//! `llmenv env NAME --format json | from json | load-env` sets the same values (and unsets nothing).
//!
//! One closure whose environment stays (`do --env`), so that a text that is cut off does not parse. Values are raw strings,
//! `r#'…'#`, in which nothing is an escape (Nushell book, "Working with strings"): one `#` more than stand
//! after any `'`, the opening one included.

use super::{Emitted, Format, Vars};

/// The format `nu`.
pub struct Nu;

impl Format for Nu {
    fn name(&self) -> &'static str {
        "nu"
    }

    fn refuses(&self, name: &str, _value: &str) -> Option<String> {
        // `load-env` fails as a whole on these.
        let taken = ["FILE_PWD", "CURRENT_FILE"].iter().any(|taken| name.eq_ignore_ascii_case(taken));
        taken.then(|| "nu sets that variable itself".into())
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        let text = &mut *out.text;
        text.push_str("do --env {\n");
        if !vars.unset.is_empty() {
            text.push_str("hide-env -i");
            for name in &vars.unset {
                text.push(' ');
                text.push_str(name);
            }
            text.push('\n');
        }
        if !vars.set.is_empty() {
            text.push_str("load-env {\n");
            for (name, value) in &vars.set {
                // Quoted: a bare `true` or `null` would be no text.
                for part in ["\"", name, "\": "] {
                    text.push_str(part);
                }
                push_raw(value, text);
                text.push('\n');
            }
            text.push_str("}\n");
        }
        text.push_str("}\n");
    }
}

fn push_raw(value: &str, text: &mut String) {
    // The opening quote counts as well: `r#'#x'#` ends before the x.
    let hashes = value.split('\'').map(|rest| rest.bytes().take_while(|b| *b == b'#').count()).max();
    let hashes = hashes.unwrap_or(0) + 1;
    text.push('r');
    text.extend(std::iter::repeat_n('#', hashes));
    text.push('\'');
    text.push_str(value);
    text.push('\'');
    text.extend(std::iter::repeat_n('#', hashes));
}

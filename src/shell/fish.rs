//! For `llmenv env NAME --format fish | source`: one block, which fish runs only when it has read its `end`.
//!
//! Many fish users keep keys in universal variables, which come to light when the global of that name is erased. Erasing
//! those too would change every other session for good, so a global one that is empty and not exported hides them.

use super::{Emitted, Format, Vars};

/// The format `fish`.
pub struct Fish;

impl Format for Fish {
    fn name(&self) -> &'static str {
        "fish"
    }

    fn refuses(&self, name: &str, _value: &str) -> Option<String> {
        // Computed by fish itself: setting one fails after others have been set.
        const COMPUTED: [&str; 6] = ["history", "hostname", "pipestatus", "status", "umask", "version"];
        COMPUTED.contains(&name).then(|| "fish computes that variable itself".into())
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        let text = &mut *out.text;
        text.push_str("begin;\n");
        for name in &vars.unset {
            for part in ["set -eg ", name, "; set -q ", name, "; and set -gu ", name, ";\n"] {
                text.push_str(part);
            }
        }
        // `set` hands on the status of what ran before it.
        text.push_str("true;\n");
        for (name, value) in &vars.set {
            for part in ["set -gx ", name, " "] {
                text.push_str(part);
            }
            push_quoted(value, text);
            text.push_str(";\n");
        }
        text.push_str("end\n");
    }
}

/// Single quotes, inside of which `\'` and `\\` are the only escapes (fish manual, "Quotes").
fn push_quoted(value: &str, text: &mut String) {
    text.push('\'');
    for c in value.chars() {
        if matches!(c, '\'' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
    text.push('\'');
}

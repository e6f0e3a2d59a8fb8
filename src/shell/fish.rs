//! For `llmenv env NAME --format fish | source`: one compound command, which fish runs only when it has read its `end`.
//!
//! Many fish users keep keys in exported universal variables. A global hides one from children only by its own value:
//! erased, or set and not exported, it lets the universal one through (fish 3.6, tried), and erasing that would change
//! every other session for good. So where a name to unset is one, nothing is changed, and the message says what to type.

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
        if vars.unset.is_empty() {
            text.push_str("begin;\n");
        } else {
            push_guarded_unset(&vars.unset, text);
        }
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

fn push_guarded_unset(names: &[&str], text: &mut String) {
    let all = names.join(" ");
    for (at, name) in names.iter().enumerate() {
        text.push_str(if at == 0 { "if set -qUx " } else { "; or set -qUx " });
        text.push_str(name);
    }
    text.push_str(
        ";\necho 'llmenv: nothing was changed, because one of these is a universal variable (set -eU takes one away): ",
    );
    // `set` hands on the status of what ran before it, and erasing what is not there is a failure.
    for part in [&all, "' >&2; false;\nelse;\nset -eg ", &all, ";\ntrue;\n"] {
        text.push_str(part);
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

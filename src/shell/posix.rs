//! What bash and zsh have in common: one compound command that sets everything or nothing. Used by `bash` and `zsh`.
//!
//! ```text
//! if (unset -v NAMES) 2>/dev/null; then       read-only variables refuse here, in a subshell
//! unset -v NAMES;
//! export OPENAI_BASE_URL='…';
//! export OPENAI_API_KEY='…';
//! else
//! printf '%s\n' 'llmenv: …' >&2; false;
//! fi
//! ```
//! - Line by line, a read-only key would leave one account's key with another's URL.
//! - A variable is unset before it is set: what was declared an integer would evaluate the value as arithmetic, and
//!   subscripts in arithmetic run commands (`export HISTSIZE='a[$(…)]'` does in zsh); upper-casing and array attributes
//!   would change it.
//! - Every line ends in `;`, so that `eval $(llmenv env …)` without quotes, which joins the lines, means the same.

use super::{Emitted, Vars};

/// Writes the compound command.
pub fn write(vars: &Vars<'_>, out: &mut Emitted) {
    let text = &mut *out.text;
    text.push_str("if (unset -v");
    push_names(vars, text);
    text.push_str(") 2>/dev/null; then\nunset -v");
    push_names(vars, text);
    text.push_str(";\n");
    for (name, value) in &vars.set {
        text.push_str("export ");
        text.push_str(name);
        text.push('=');
        push_quoted(value, text);
        text.push_str(";\n");
    }
    text.push_str("else\nprintf '%s\\n' 'llmenv: nothing was changed, because one of these is read-only:");
    push_names(vars, text);
    text.push_str("' >&2; false;\nfi\n");
}

fn push_names(vars: &Vars<'_>, text: &mut String) {
    for name in vars.names() {
        text.push(' ');
        text.push_str(name);
    }
}

/// Single quotes, inside of which nothing but a single quote means anything (POSIX shell, 2.2.2).
fn push_quoted(value: &str, text: &mut String) {
    text.push('\'');
    for c in value.chars() {
        if c == '\'' { text.push_str("'\\''") } else { text.push(c) }
    }
    text.push('\'');
}

//! `NAME=value` lines in the one form that every loader of `.env` files reads alike.
//!
//! No quotes, no blanks, no `$`, no `#`: loaders disagree about all of them, and quotes arrive as part of the value in
//! some. Measured for 16 loaders with values of `[A-Za-z0-9_./:@+=%-]`; anything else is refused rather than read
//! differently by Python, Node and `source`. Loaders cannot unset: a comment names what would have to go.

use super::{Emitted, Format, Vars, comment_unset, has};

/// The format `dotenv`.
pub struct Dotenv;

impl Format for Dotenv {
    fn name(&self) -> &'static str {
        "dotenv"
    }

    fn refuses(&self, _name: &str, value: &str) -> Option<String> {
        if value.is_empty() {
            return Some("it is empty, which some loaders read as not set".into());
        }
        // zsh, sourcing the file, replaces `=word` at the start and after a colon by the path of a program.
        if value.starts_with('=') || value.contains(":=") {
            return Some("it has a `=` at its start or after a `:`".into());
        }
        value
            .chars()
            .find(|c| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '.' | '/' | ':' | '@' | '+' | '=' | '%' | '-'))
            .map(has)
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        comment_unset(vars, out, "# llmenv: not to be set anywhere else: ");
        for (name, value) in &vars.set {
            for part in [name, "=", value, "\n"] {
                out.text.push_str(part);
            }
        }
    }
}

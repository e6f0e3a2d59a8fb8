//! For a step of a GitHub workflow: `llmenv env NAME --format github >> "$GITHUB_ENV"`.
//!
//! The text is what belongs into that file, one here-document a variable:
//! ```text
//! OPENAI_API_KEY<<llmenv_5f0c…
//! value
//! llmenv_5f0c…
//! ```
//! The delimiter is random, so that no value can end its own document and go on with another variable (GitHub Docs,
//! "Workflow commands", "Multiline strings").
//!
//! The runner masks only secrets that it knows, so [`Emitted::log`] holds an `::add-mask::` command for each; the runner
//! reads commands from stderr as well as from stdout (actions/runner, `ScriptHandler.cs`, read 2026-11-20) and does not
//! echo these. stdout is redirected into the file; stderr it has to be, and only there: `GITHUB_ACTIONS=true`.
//!
//! The file cannot unset. An empty value would be worse than none (clients take an empty base URL for the default one), so
//! nothing is written for those names.

use super::{Emitted, Format, Vars, is_address};

/// The format `github`.
pub struct Github;

/// A shorter value is no key, and masking it would blot out half the log.
const MIN_MASKED_BYTES: usize = 8;

impl Format for Github {
    fn name(&self) -> &'static str {
        "github"
    }

    fn needs_direct(&self) -> bool {
        true
    }

    fn refuses(&self, name: &str, _value: &str) -> Option<String> {
        let upper = name.to_ascii_uppercase();
        let taken = upper != "GITHUB_TOKEN" && (upper.starts_with("GITHUB_") || upper.starts_with("RUNNER_"));
        taken.then(|| "the runner keeps names that start with `GITHUB_` or `RUNNER_` to itself".into())
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        out.not_unset.extend(vars.unset.iter().map(|name| (*name).to_owned()));
        let end = delimiter(vars);
        for (name, value) in &vars.set {
            for part in [name, "<<", &end, "\n", value, "\n", &end, "\n"] {
                out.text.push_str(part);
            }
            if is_secret(name, value) {
                out.log.push_str("::add-mask::");
                push_command_data(value, &mut out.log);
                out.log.push('\n');
            }
        }
    }
}

fn is_secret(name: &str, value: &str) -> bool {
    value.len() >= MIN_MASKED_BYTES && (!is_address(name) || value.contains(['@', '?']))
}

/// A line that no value has. Where the system has no random numbers it is still one that no value has.
fn delimiter(vars: &Vars<'_>) -> String {
    use std::fmt::Write as _;
    let mut random = [0; 16];
    let _ = getrandom::fill(&mut random);
    let mut line = String::from("llmenv_");
    for byte in random {
        let _ = write!(line, "{byte:02x}");
    }
    while vars.set.iter().any(|(_, value)| value.contains(&line)) {
        line.push('_');
    }
    line
}

/// The data of a workflow command: `%`, CR and LF are escapes; the latter two never come here.
fn push_command_data(value: &str, text: &mut String) {
    for c in value.chars() {
        if c == '%' { text.push_str("%25") } else { text.push(c) }
    }
}

//! For `docker run --env-file`: `NAME=value`, everything after the first `=` as it stands.
//!
//! docker/cli, `pkg/kvfile` (read 2026-11-20): UTF-8; leading blanks of a line go, trailing ones stay; lines starting with
//! `#` are comments; nothing is expanded. Releases differ about a value in quotes (some take them off, podman reads on to
//! the next line), so one that starts with a quote is refused. A line is at most 64 KiB. Compose's `env_file` is another
//! language: it expands `$`.

use super::{Emitted, Format, Vars, comment_unset, has};

/// The format `docker`.
pub struct Docker;

/// Go's `bufio.MaxScanTokenSize`, which has to hold the line and its end.
const MAX_LINE_BYTES: usize = 64 * 1024;

impl Format for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn needs_direct(&self) -> bool {
        true
    }

    fn refuses(&self, name: &str, value: &str) -> Option<String> {
        if name.len() + value.len() + 2 >= MAX_LINE_BYTES {
            return Some("it is longer than a line may be there".into());
        }
        value.chars().next().filter(|c| matches!(c, '"' | '\'')).map(|c| format!("{} at its start", has(c)))
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        comment_unset(vars, out, "# llmenv: not to be set by the image or another --env: ");
        for (name, value) in &vars.set {
            for part in [name, "=", value, "\n"] {
                out.text.push_str(part);
            }
        }
    }
}

//! For a unit's `EnvironmentFile=`: `NAME="value"`.
//!
//! systemd.exec(5), "EnvironmentFile=": the rules of a POSIX shell without expansion. Inside double quotes a backslash
//! before `"`, `\`, `` ` `` or `$` is taken away, in old and new releases alike, and the shell's `source` agrees. Values
//! have to be UTF-8 without Unicode's noncharacters, or the line is ignored with a warning. A file cannot unset, a unit can:
//! the comment holds the line for it.

use super::{Emitted, Format, Vars, comment_unset, has};

/// The format `systemd`.
pub struct Systemd;

impl Format for Systemd {
    fn name(&self) -> &'static str {
        "systemd"
    }

    fn needs_direct(&self) -> bool {
        true
    }

    fn refuses(&self, _name: &str, value: &str) -> Option<String> {
        let is_noncharacter = |c: &char| matches!(u32::from(*c), 0xFDD0..=0xFDEF) || u32::from(*c) & 0xFFFE == 0xFFFE;
        value.chars().find(is_noncharacter).map(has)
    }

    fn write(&self, vars: &Vars<'_>, out: &mut Emitted) {
        comment_unset(vars, out, "# llmenv: for the unit: UnsetEnvironment=");
        for (name, value) in &vars.set {
            for part in [name, "=\""] {
                out.text.push_str(part);
            }
            for c in value.chars() {
                if matches!(c, '"' | '\\' | '`' | '$') {
                    out.text.push('\\');
                }
                out.text.push(c);
            }
            out.text.push_str("\"\n");
        }
    }
}

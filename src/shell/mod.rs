//! Environment patches written as text: what `llmenv env --format` prints, and nothing else does.
//!
//! An [`EnvPatch`] comes in; text that a person evaluates, or another program reads, goes out. Called by `cli` alone; hooks
//! receive lines of data and never evaluate anything.
//!
//! Two walls stand between a value and somebody's shell: [`emit`] refuses names and values that may not be in a variable,
//! and each format refuses what it has no *exact* notation for. Both happen before the first byte is written, so that there
//! is no half a pair to evaluate. Where the language allows it, the text is one compound command as well: cut off anywhere,
//! it does nothing.

mod bash;
mod cmd;
mod docker;
mod dotenv;
mod fish;
mod github;
mod json;
mod nu;
mod posix;
mod powershell;
mod systemd;
mod zsh;

use zeroize::Zeroizing;

use crate::env_patch::{EnvPatch, is_allowed_name, is_servable};
use crate::error::{Error, Result};
use crate::printable;
use crate::secret::Secret;

/// Every format, in the order in which help lists them.
static FORMATS: [&dyn Format; 11] = [
    &bash::Bash,
    &zsh::Zsh,
    &fish::Fish,
    &powershell::PowerShell,
    &cmd::Cmd,
    &nu::Nu,
    &dotenv::Dotenv,
    &json::Json,
    &docker::Docker,
    &systemd::Systemd,
    &github::Github,
];

/// The longest `NAME=value` with its closing NUL that Linux gives to a process (`MAX_ARG_STRLEN`, `linux/binfmts.h`). A
/// longer one does not fail where it is set: every program started from that shell afterwards does.
const MAX_VARIABLE_BYTES: usize = 128 * 1024;

/// One way to write a patch down.
pub trait Format: Sync {
    /// The word after `--format`.
    fn name(&self) -> &'static str;

    /// Another word for the same format.
    fn alias(&self) -> Option<&'static str> {
        None
    }

    /// Says whether the text is read away from this machine's proxy (a container, a unit, another machine), so that a
    /// profile served through the proxy has to be written with its real pair or not at all.
    fn needs_direct(&self) -> bool {
        false
    }

    /// Says whether names that differ in case alone are one variable to the reader.
    fn folds_case(&self) -> bool {
        false
    }

    /// What is written where there is nothing to set or unset.
    fn nothing(&self) -> &'static str {
        ""
    }

    /// Says why this variable cannot be written exactly: a phrase such as ``it has a `%` ``, never the value.
    fn refuses(&self, name: &str, value: &str) -> Option<String>;

    /// Writes variables that [`emit`] has checked. The buffers in `out` are large enough never to move.
    fn write(&self, vars: &Vars<'_>, out: &mut Emitted);
}

/// The variables of a checked patch, in the order in which it is safe to apply them one by one.
pub struct Vars<'a> {
    /// Names to unset.
    pub unset: Vec<&'a str>,
    /// Names and values to set: addresses first, keys last. A key never stands alone.
    pub set: Vec<(&'a str, &'a str)>,
}

impl Vars<'_> {
    /// Says whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.unset.is_empty() && self.set.is_empty()
    }

    /// All names, those to unset first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.unset.iter().copied().chain(self.set.iter().map(|(name, _)| *name))
    }
}

/// What a format wrote. Wiped when dropped.
#[derive(Default)]
pub struct Emitted {
    /// For stdout: to be evaluated or redirected to a file.
    pub text: Zeroizing<String>,
    /// For stderr, before the text and only inside a GitHub job (`GITHUB_ACTIONS=true`): the runner's commands that mask
    /// the secrets in its log. Anywhere else they would show them. Empty for every other format.
    pub log: Zeroizing<String>,
    /// Names to unset that the format cannot unset. The person is to be told where there is no comment that says so.
    pub not_unset: Vec<String>,
}

/// Finds a format by name or alias.
pub fn format(name: &str) -> Option<&'static dyn Format> {
    FORMATS.into_iter().find(|format| format.name() == name || format.alias() == Some(name))
}

/// Lists the names of all formats, without aliases.
pub fn names() -> impl Iterator<Item = &'static str> {
    FORMATS.iter().map(|format| format.name())
}

/// Writes a patch in a format, or refuses it as a whole with the variable and the format named.
pub fn emit(format: &dyn Format, patch: &EnvPatch) -> Result<Emitted> {
    let mut vars = Vars { unset: Vec::new(), set: Vec::new() };
    // The longest notations take six bytes for one of the value, and write the name six times.
    let mut capacity = 512;
    for (name, value) in &patch.vars {
        check_name(format, name, patch)?;
        match value.as_ref().map(Secret::expose) {
            None => vars.unset.push(name),
            Some(value) => {
                if let Some(why) = refuses_anywhere(name, value).or_else(|| format.refuses(name, value)) {
                    return Err(cannot_carry(format, name, &why));
                }
                capacity += 6 * value.len();
                vars.set.push((name, value));
            }
        }
        capacity += 6 * name.len() + 256;
    }
    vars.set.sort_by_key(|(name, _)| !is_address(name));
    let mut out = Emitted {
        text: Zeroizing::new(String::with_capacity(capacity)),
        log: Zeroizing::new(String::with_capacity(capacity)),
        not_unset: Vec::new(),
    };
    if vars.is_empty() {
        out.text.push_str(format.nothing());
    } else {
        format.write(&vars, &mut out);
    }
    debug_assert!(out.text.len() <= capacity && out.log.len() <= capacity, "a buffer with secrets has moved");
    Ok(out)
}

fn check_name(format: &dyn Format, name: &str, patch: &EnvPatch) -> Result<()> {
    if !matches!(name, "LLMENV_PROFILE" | "LLMENV_TOKEN") && !is_allowed_name(name) {
        return Err(Error::new(format!("`{}` is not a variable that a profile may set", printable::text(name))).hint(
            "it steers a shell, a loader or an interpreter, or is no name at all: take it out of the profile's `env`",
        ));
    }
    if format.folds_case()
        && let Some(other) = patch.vars.keys().find(|other| *other != name && other.eq_ignore_ascii_case(name))
    {
        let why = format!("`{}` is the same variable there", printable::text(other));
        return Err(cannot_carry(format, name, &why));
    }
    Ok(())
}

fn cannot_carry(format: &dyn Format, name: &str, why: &str) -> Error {
    Error::new(format!("`{}` cannot be written exactly in the format `{}`: {why}", name, format.name()))
        .hint("nothing was printed; take another format, or start the program with `llmenv exec`")
}

fn refuses_anywhere(name: &str, value: &str) -> Option<String> {
    if !is_servable(value) {
        return Some("it has a control character".into());
    }
    let bytes = name.len() + value.len() + 2;
    (bytes > MAX_VARIABLE_BYTES).then(|| "it is longer than a variable may be".into())
}

/// Says whether a variable holds where to go and not what to show there: these are applied before the keys, and are not
/// masked in logs. A name that is not known to be one counts as a key.
fn is_address(name: &str) -> bool {
    const ENDS: [&str; 10] = [
        "_BASE_URL",
        "_API_BASE",
        "_ENDPOINT",
        "_MODEL",
        "_API_VERSION",
        "_REGION",
        "_LOCATION",
        "_ORG_ID",
        "_ORGANIZATION",
        "_PROJECT",
    ];
    name == "LLMENV_PROFILE" || ENDS.iter().any(|end| name.ends_with(end))
}

/// Names a character in an error without showing more of the value than that.
fn has(c: char) -> String {
    if c.is_ascii_graphic() {
        format!("it has a `{c}`")
    } else {
        format!("it has the character U+{:04X}", u32::from(c))
    }
}

/// Writes one comment line with the names that a file of assignments cannot unset.
fn comment_unset(vars: &Vars<'_>, out: &mut Emitted, what: &str) {
    if vars.unset.is_empty() {
        return;
    }
    for part in [what, &vars.unset.join(" "), "\n"] {
        out.text.push_str(part);
    }
    out.not_unset.extend(vars.unset.iter().map(|name| (*name).to_owned()));
}

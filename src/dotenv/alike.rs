//! Files in which no two loaders differ: most of them. One reading then stands for all.

use std::collections::HashSet;

use super::dialect::{self, Dialect};
use super::environment::Environment;
use super::reading::Reading;

/// Larger files are read by every loader's own rules.
const MAX_BYTES: usize = 64 * 1024;

/// Loaders that let a variable that is set already have its way while they read: what they give to it is not the file's.
pub const ASKING: [Dialect; 3] = [Dialect::NpmExpand12, Dialect::NpmExpand1000, Dialect::Next];

/// What several loaders make of a file.
#[derive(Clone, Debug)]
pub struct Readings(Vec<(Vec<Dialect>, Reading)>);

impl Readings {
    /// Reads with these loaders, as one where they read alike.
    pub fn new(bytes: &[u8], loaders: &[Dialect], environment: &Environment<'_>) -> Self {
        let each = |loader: Dialect| (vec![loader], super::read(bytes, loader, environment));
        let Some(&first) = loaders.first().filter(|_| reads_alike(bytes)) else {
            return Self(loaders.iter().copied().map(each).collect());
        };
        let one = super::read(bytes, first, environment);
        let is_set = one.assignments.iter().any(|found| environment.get(found.key.as_bytes()).is_some());
        let asks = |loader: &Dialect| is_set && ASKING.contains(loader);
        let (asking, others): (Vec<Dialect>, Vec<Dialect>) = loaders.iter().copied().partition(asks);
        if asks(&first) {
            return Self(loaders.iter().copied().map(each).collect());
        }
        Self(std::iter::once((others, one)).chain(asking.into_iter().map(each)).collect())
    }

    /// What one of them makes of it; of one that was not asked, what the first does.
    pub fn of(&self, loader: Dialect) -> &Reading {
        let own = self.0.iter().find(|(loaders, _)| loaders.contains(&loader));
        &own.unwrap_or(&self.0[0]).1
    }

    /// All, those that are one together.
    pub fn iter(&self) -> impl Iterator<Item = (&[Dialect], &Reading)> {
        self.0.iter().map(|(loaders, reading)| (loaders.as_slice(), reading))
    }
}

/// Whether all loaders read the same from a file: comments, empty lines, and `NAME=value` in the one form of
/// `doctor --fix`, with names in capitals, each once, that no shell has for itself.
///
/// A `no` says nothing. A test compares all loaders over made-up files for which this says yes.
pub fn reads_alike(bytes: &[u8]) -> bool {
    let mut names: HashSet<&[u8]> = HashSet::new();
    // Node takes a comment without a line end for an assignment.
    let is_ended = bytes.rsplit(|byte| *byte == b'\n').next().is_none_or(|last| last.first() != Some(&b'#'));
    bytes.len() <= MAX_BYTES
        && is_ended
        && bytes.iter().all(|byte| *byte == b'\n' || (b' '..=b'~').contains(byte))
        && bytes.split(|byte| *byte == b'\n').all(|line| {
            if line.is_empty() || line[0] == b'#' {
                // A quote in a comment is one to those who pipe the file through `xargs`, which is not to be relied upon.
                return !line.contains(&b'\\');
            }
            let Some(sign) = line.iter().position(|byte| *byte == b'=') else { return false };
            let (name, value) = (&line[..sign], &line[sign + 1..]);
            is_plain_name(name) && is_plain_value(value) && names.insert(name)
        })
        && !names.is_empty()
}

fn is_plain_name(name: &[u8]) -> bool {
    name.first().is_some_and(u8::is_ascii_uppercase)
        && name.iter().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
        && !dialect::is_of_a_shell(name)
}

/// zsh takes `=` at the start, and behind a colon, for a program's name.
fn is_plain_value(value: &[u8]) -> bool {
    value.first().is_some_and(|byte| *byte != b'=')
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_./:@+=-".contains(byte))
        && !value.windows(2).any(|pair| pair == b":=")
}

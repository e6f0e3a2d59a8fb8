//! The one type that holds a key in memory.

use zeroize::Zeroizing;

/// A key or another secret value: wiped when dropped, never printed, never serialised.
///
/// There is no `Display`, no `Serialize` and no way to compare or hash it by accident. [`Secret::expose`] is the only way
/// in, so that a search for that word finds every place where a key leaves the type.
#[derive(Clone, Default)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a secret value.
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// Gives the value itself. Callers hand it to a store, a child process or a shell, never to a message.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Says whether there is no character in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts its bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether two secrets are the same, in a time that depends on the lengths alone.
    pub fn same_as(&self, other: &Self) -> bool {
        let (a, b) = (self.0.as_bytes(), other.0.as_bytes());
        a.len() == b.len() && a.iter().zip(b).fold(0u8, |acc, (x, y)| acc | (x ^ y)) == 0
    }

    /// Gives the last four characters where the value is at least 20 long, so that a mask never shows a quarter of it.
    pub fn ending(&self) -> Option<&str> {
        (self.0.len() >= 20 && self.0.is_ascii()).then(|| &self.0[self.0.len() - 4..])
    }

    /// Names the key the way every message does: `openrouter …1111`, without its end where it is too short to mask.
    pub fn shown(&self, provider: &str) -> String {
        match self.ending() {
            Some(end) => format!("{provider} …{end}"),
            None => format!("{provider} (short key)"),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

impl From<String> for Secret {
    fn from(value: String) -> Self {
        Self::new(value)
    }
}

//! What of a request had no counterpart on the other side: one entry a kind, for the log.

/// The kinds that were left out, each once, in the order they were met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dropped(Vec<String>);

impl Dropped {
    /// Notes a kind, such as `top_k` or `tool web_search`.
    pub fn note(&mut self, kind: impl Into<String>) {
        let kind = crate::printable::text(&kind.into());
        if !self.0.contains(&kind) {
            self.0.push(kind);
        }
    }

    /// Gives the kinds.
    pub fn kinds(&self) -> &[String] {
        &self.0
    }
}

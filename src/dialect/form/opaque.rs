//! Reasoning state only its maker can read (signatures, encrypted content), and how it travels through another dialect.
//!
//! A client hands such state back unread. So what the upstream made is packed into the client's own opaque field with a
//! tag that names the upstream, and unpacked on the way back only where the tag fits: no other provider ever sees it.

/// State and its maker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opaque {
    /// What the state is: `signature`, `redacted`, `encrypted`, `thought`, `details`, `content`.
    pub kind: &'static str,
    /// The upstream that made it; empty for the client's native upstream, whose name is not known from outside.
    pub maker: String,
    /// The item it belongs to, where the maker names items.
    pub id: String,
    /// The state itself.
    pub data: String,
}

const TAG: &str = "llmenv1";
const KINDS: [&str; 6] = ["signature", "redacted", "encrypted", "thought", "details", "content"];

impl Opaque {
    /// State as its maker wrote it.
    pub fn new(kind: &'static str, maker: &str, data: impl Into<String>) -> Self {
        Self { kind, maker: maker.to_owned(), id: String::new(), data: data.into() }
    }

    /// The text for a foreign opaque field: `llmenv1:KIND:ID:MAKER:DATA`, with colons of names escaped.
    pub fn pack(&self) -> String {
        format!("{TAG}:{}:{}:{}:{}", self.kind, escape(&self.id), escape(&self.maker), self.data)
    }

    /// Reads what [`Opaque::pack`] wrote; anything else is native state of the given kind.
    pub fn unpack(text: &str, native: &'static str) -> Self {
        Self::read(text).unwrap_or_else(|| Self::new(native, "", text))
    }

    fn read(text: &str) -> Option<Self> {
        let mut fields = text.strip_prefix(TAG)?.strip_prefix(':')?.splitn(4, ':');
        let (kind, id, maker, data) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let kind = KINDS.into_iter().find(|known| *known == kind)?;
        Some(Self { kind, maker: unescape(maker), id: unescape(id), data: data.to_owned() })
    }

    /// Says whether that upstream made this state and takes this kind of it back.
    ///
    /// State without a maker is native to the client's dialect; an upstream of another dialect never gets it.
    pub fn is_for(&self, upstream: &str, kind: &str) -> bool {
        self.kind == kind && self.maker == upstream
    }
}

fn escape(name: &str) -> String {
    name.replace('%', "%25").replace(':', "%3A")
}

fn unescape(name: &str) -> String {
    name.replace("%3A", ":").replace("%25", "%")
}

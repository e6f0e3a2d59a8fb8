//! Settings in TOML: changed in place, comments and layout kept.

use toml_edit::DocumentMut;

use crate::error::{Error, Result};

/// Changes a file; one that is not there begins empty.
pub(super) fn edit(now: Option<&[u8]>, change: impl FnOnce(&mut DocumentMut) -> Result<()>) -> Result<Vec<u8>> {
    let bytes = now.unwrap_or_default();
    let (mark, bytes) = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => ("\u{feff}", rest),
        None => ("", bytes),
    };
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Error::new("it is not UTF-8").hint("save it as UTF-8 with an editor; nothing was changed"))?;
    let is_crlf = text.contains("\r\n");
    let mut document: DocumentMut = text.parse().map_err(|err: toml_edit::TomlError| {
        // The library's words may quote the line, which may hold a key.
        let line = err.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        Error::new(format!("line {line} of it is not TOML")).hint("nothing was changed")
    })?;
    change(&mut document)?;
    let mut written = document.to_string();
    if is_crlf {
        // New lines get the ends that the file has.
        written = written.replace("\r\n", "\n").replace('\n', "\r\n");
    }
    Ok(format!("{mark}{written}").into_bytes())
}

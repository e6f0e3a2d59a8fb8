//! Files in messages: `data:` addresses read and written, and what a dialect without a place for them says instead.

use super::form::{Media, MediaKind, MediaSource};

/// Reads an address: `data:image/png;charset=x;base64,…` becomes the bytes, anything else stays an address.
pub fn source_of(address: &str) -> MediaSource {
    let Some((head, data)) = address.strip_prefix("data:").and_then(|rest| rest.split_once(',')) else {
        return MediaSource::Url(address.to_owned());
    };
    let mut words = head.split(';');
    let mime =
        words.next().filter(|mime| mime.contains('/')).unwrap_or("application/octet-stream").to_ascii_lowercase();
    if words.any(|word| word.trim().eq_ignore_ascii_case("base64")) {
        MediaSource::Base64 { mime, data: data.to_owned() }
    } else {
        MediaSource::Url(address.to_owned())
    }
}

/// Writes bytes as an address, or gives the address.
pub fn address_of(source: &MediaSource) -> Option<String> {
    match source {
        MediaSource::Base64 { mime, data } => Some(format!("data:{mime};base64,{data}")),
        MediaSource::Url(url) => Some(url.clone()),
        MediaSource::Text(_) | MediaSource::FileId(_) => None,
    }
}

/// The media type of a file name or address by its ending.
pub fn mime_by_ending(name: &str, kind: MediaKind) -> &'static str {
    let path = name.split(['?', '#']).next().unwrap_or(name).to_ascii_lowercase();
    match path.rsplit('.').next().unwrap_or_default() {
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        "wav" => "audio/wav",
        "mp3" => "audio/mp3",
        "txt" | "md" => "text/plain",
        _ => match kind {
            MediaKind::Image => "image/jpeg",
            MediaKind::Document => "application/pdf",
            MediaKind::Audio => "audio/wav",
        },
    }
}

/// The words that stand for a file where it cannot be sent.
pub fn placeholder(media: &Media) -> String {
    let kind = match media.kind {
        MediaKind::Image => "image",
        MediaKind::Document => "document",
        MediaKind::Audio => "recording",
    };
    match &media.name {
        Some(name) => format!("[{kind} {name}]"),
        None => format!("[{kind}]"),
    }
}

//! Keys in another notation: base64, escapes of web pages, dashes of a word processor, tokens that say when they end.

use std::sync::LazyLock;

use regex_lite::Regex;

use super::Fault;
use crate::detect::Finding;
use crate::provider;
use crate::secret::Secret;

/// A key in another notation: base64, percent-encoded, with dashes of a word processor.
pub(super) fn encoded(variable: &str, key: &Secret) -> Option<Fault> {
    static PERCENT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"%(2[BbFf]|3[DdAa]|5[Ff])|&amp;|&#\d|\\u00[0-9a-fA-F]{2}").expect("a test reads it")
    });
    let text = key.expose();
    let dashed: String = text.chars().map(|c| if is_dash(c) { '-' } else { c }).collect();
    if dashed != text {
        let at = text.chars().position(is_dash).unwrap_or_default() + 1;
        let meant = Secret::new(dashed);
        let is_key = !provider::of_key(&meant).is_empty();
        let finding = Finding::error(
            "unicode-dash",
            format!("{variable} has a long dash of a word processor at position {at} where `-` belongs"),
        );
        return Some(Fault {
            finding: finding.variable(variable).data("position", at),
            advice: "write `-` there, or copy the key again".into(),
            clean: is_key.then_some(meant),
        });
    }
    if let Some(decoded) = base64(text).and_then(|bytes| String::from_utf8(bytes).ok()) {
        let inner = Secret::new(decoded.trim_end_matches(['\n', '\r']));
        if let Some(owner) = provider::of_key(&inner).first() {
            let more = if inner.len() < decoded.len() { ", and it ends with a line break" } else { "" };
            let finding = Finding::error(
                "base64-key",
                format!(
                    "{variable} holds the base64 of a key of {}, as a Kubernetes secret keeps it{more}",
                    owner.name
                ),
            );
            return Some(Fault {
                finding: finding.variable(variable).data("trailing_newline", inner.len() < decoded.len()),
                advice: "decode it first: `base64 -d`".into(),
                clean: Some(inner),
            });
        }
    }
    if text.contains(['%', '&', '\\']) && PERCENT.is_match(text) && !text.contains("://") {
        let finding = Finding::warning(
            "percent-encoded",
            format!("{variable} has an escape of a URL or a web page in it: it was copied from one"),
        );
        return Some(Fault {
            finding: finding.variable(variable),
            advice: "copy the key itself again".into(),
            clean: None,
        });
    }
    None
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}')
}

/// Decodes strict base64 of a key's size.
pub fn base64(text: &str) -> Option<Vec<u8>> {
    const MAX: usize = 1024;
    let body = text.trim_end_matches('=');
    if !(16..=MAX).contains(&text.len()) || !text.len().is_multiple_of(4) || text.len() - body.len() > 2 {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut count) = (0u32, 0);
    for byte in body.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}

/// A token with an end that has come (JSON web tokens say when).
pub(super) fn token(variable: &str, key: &Secret, now: u64) -> Option<Fault> {
    let mut parts = key.expose().split('.');
    let (head, body) = (parts.next()?, parts.next()?);
    if !head.starts_with("eyJ") || parts.count() != 1 {
        return None;
    }
    let mut standard = body.replace('-', "+").replace('_', "/");
    while !standard.len().is_multiple_of(4) {
        standard.push('=');
    }
    let claims: serde_json::Value = serde_json::from_slice(&base64(&standard)?).ok()?;
    let end = claims.get("exp")?.as_u64()?;
    let since = now.checked_sub(end)?;
    let ago = crate::duration::show_duration(std::time::Duration::from_secs(since));
    let finding = Finding::error("token-expired", format!("{variable} holds a token that expired {ago} ago"));
    Some(Fault {
        finding: finding.variable(variable).data("expired_seconds_ago", since),
        advice: "log in again with the tool that made it; if its end lies in the future for others, this machine's clock is wrong".into(),
        clean: None,
    })
}

//! Whether a cleaned text can be a key of the provider it is meant for.

use super::characters::is_key_character;
use super::refusal::{Reason, Refusal};
use super::stand_in;
use crate::provider::{self, KeyShape, Provider};
use crate::secret::Secret;

/// The shortest key that is taken (threat T08).
pub const MIN_KEY_BYTES: usize = 8;
/// The longest key that is taken (threat T08).
pub const MAX_KEY_BYTES: usize = 512;

/// Judges whether a cleaned key can be one of this provider's.
///
/// For a custom profile whose host belongs to a row ([`provider::of_host`]), give that row. What is merely odd for the provider
/// can be forced ([`Refusal::is_forcible`]); what could not travel in a header, or never is a key, cannot.
pub fn vet(provider: &Provider, key: &Secret) -> Result<(), Refusal> {
    let text = key.expose();
    let hard = unfit(text);
    let reason = never_a_key(text)
        .or_else(|| stand_in_reason(provider, text))
        .or_else(|| glued(provider, text))
        // What follows looks at shapes: a character that no key has comes first, because removing it may mend the shape.
        .or_else(|| hard.clone())
        .or_else(|| shape_reason(provider, key));
    match reason {
        None => Ok(()),
        Some(reason) => Err(Refusal {
            is_forcible: hard.is_none() && reason.is_about_shape(),
            provider: provider.name.clone(),
            console_url: provider.console_url.clone(),
            reason,
        }),
    }
}

/// Finds what keeps a text out of a header or a shell's variable, whoever the provider is.
fn unfit(text: &str) -> Option<Reason> {
    if text.is_empty() {
        return Some(Reason::Empty);
    }
    if let Some((index, found)) = text.chars().enumerate().find(|(_, c)| !is_key_character(*c)) {
        return Some(Reason::Character { position: index + 1, found });
    }
    (!(MIN_KEY_BYTES..=MAX_KEY_BYTES).contains(&text.len())).then_some(Reason::Length(text.len()))
}

/// Recognises texts that are something else, and certainly no key.
fn never_a_key(text: &str) -> Option<Reason> {
    if let Some(notation) = stand_in::reference(text) {
        return Some(Reason::Reference(notation));
    }
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if text.contains("://") || lower.starts_with("http:/") || lower.starts_with("https:/") || lower.starts_with("www.")
    {
        return Some(Reason::Url);
    }
    let body = text.split('/').next().unwrap_or_default();
    if body.contains('.') && (text.contains('/') || body.matches('.').count() > 1) && provider::of_host(body).is_some()
    {
        return Some(Reason::Url);
    }
    text.starts_with("llmenv_").then_some(Reason::ProxyToken)
}

/// Recognises what stands in for a key. A server of one's own may well have `changeme` as its key.
fn stand_in_reason(provider: &Provider, text: &str) -> Option<Reason> {
    if stand_in::is_masked(text) {
        return Some(Reason::Masked);
    }
    (!provider.local && !text.is_empty() && stand_in::is_placeholder(text)).then_some(Reason::Placeholder)
}

/// Recognises two keys in a row: the same one twice, or a second one that starts where the first ends.
fn glued(provider: &Provider, text: &str) -> Option<Reason> {
    let has_shape = |part: &str| provider.key_shapes.iter().any(|shape| shape.fits(part));
    let is_key = |part: &str| certain_shapes().any(|shape| shape.fits(part));
    // A long random key may well contain another's short prefix.
    if is_key(text) {
        return None;
    }
    if text.is_ascii() && text.len().is_multiple_of(2) {
        let (first, second) = text.split_at(text.len() / 2);
        if first == second && !has_shape(text) && (has_shape(first) || is_key(first)) {
            return Some(Reason::Glued { same: true });
        }
    }
    for shape in certain_shapes().filter(|shape| shape.has_certain_prefix()) {
        for (at, _) in text.match_indices(&shape.prefix).filter(|(at, _)| *at > 0) {
            let (first, second) = text.split_at(at);
            let first = first.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-');
            if is_key(second) && first.len() >= MIN_KEY_BYTES || is_key(first) {
                return Some(Reason::Glued { same: first == second });
            }
        }
    }
    None
}

fn certain_shapes() -> impl Iterator<Item = &'static KeyShape> {
    provider::all().iter().flat_map(|provider| &provider.key_shapes).filter(|shape| !shape.ambiguous)
}

/// Compares with what is certain about this provider's keys, and everybody else's.
fn shape_reason(provider: &Provider, key: &Secret) -> Option<Reason> {
    let text = key.expose();
    let own = provider.shape_begun_by(text);
    let owner = provider::all()
        .iter()
        .filter_map(|row| row.shape_begun_by(text).map(|shape| (row, shape)))
        .max_by_key(|(_, shape)| shape.prefix.len());
    if let Some((owner, shape)) = owner
        && !shape.kind.calls_models()
    {
        return Some(Reason::Kind { kind: shape.kind, owner });
    }
    if provider.passes_keys {
        return None;
    }
    // A shape of this provider that others share does not outweigh what is certain about another's key.
    if own.is_none() {
        if let Some((owner, shape)) = owner {
            return Some(other(owner, &shape.prefix));
        }
        if let Some(owner) = provider::of_key(key).first().filter(|owner| owner.id != provider.id) {
            return Some(other(owner, ""));
        }
    }
    if provider.key_shapes.iter().any(|shape| shape.matches(key)) {
        return None;
    }
    own.map(|shape| misshapen(shape, text)).or_else(|| unlike(provider))
}

fn other(owner: &'static Provider, prefix: &'static str) -> Reason {
    Reason::OtherProvider { owner, prefix }
}

/// Says what is wrong with a key that starts like this shape and does not match it.
fn misshapen(shape: &KeyShape, text: &str) -> Reason {
    let found = text.chars().count();
    if let Some(position) = shape.stranger(text) {
        return Reason::Alphabet { position, allowed: shape.alphabet.clone().unwrap_or_default() };
    }
    match shape.length {
        Some([least, _]) if found < least => Reason::Truncated { found, expected: least },
        Some([_, most]) if found > most => Reason::TooLong { found, expected: most },
        _ => Reason::Malformed,
    }
}

/// For a provider all of whose keys look certain, refuses what looks like none of them.
fn unlike(provider: &Provider) -> Option<Reason> {
    if provider.key_shapes.is_empty() || provider.key_shapes.iter().any(|shape| shape.ambiguous) {
        return None;
    }
    let usable = provider.key_shapes.iter().filter(|shape| shape.kind.calls_models() && !shape.prefix.is_empty());
    Some(Reason::Unlike(usable.map(|shape| shape.prefix.clone()).collect()))
}

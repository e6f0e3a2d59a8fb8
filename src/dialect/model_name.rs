//! The model's name replaced in place, every other byte kept: for routes whose both sides speak one dialect.

use super::json::{Json, span};

/// Where a model stands: in requests and whole replies at the top, in stream events inside the message or the response.
const PATHS: [&[&str]; 3] = [&["model"], &["message", "model"], &["response", "model"]];

/// Replaces the model of a request. `None` where there is none, or the body is not JSON.
pub fn replace(body: &[u8], model: &str) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    let at = span(text, PATHS[0])?;
    Some(spliced(text, &[(at, model)]))
}

/// Replaces the model in a whole reply or in the JSON of one stream event: at each place where the upstream's name
/// stands. `None` where nothing is to be replaced, so that the bytes can be passed on as they are.
pub fn echo(data: &str, client: &str) -> Option<String> {
    let mut places: Vec<_> = PATHS.iter().filter_map(|path| span(data, path)).collect();
    places.retain(|at| data[at.clone()].starts_with('"') && data[at.clone()] != Json::from(client).to_string());
    places.sort_by_key(|at| at.start);
    let places: Vec<_> = places.into_iter().map(|at| (at, client)).collect();
    if places.is_empty() { None } else { String::from_utf8(spliced(data, &places)).ok() }
}

fn spliced(text: &str, places: &[(std::ops::Range<usize>, &str)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut from = 0;
    for (at, model) in places {
        out.extend_from_slice(&text.as_bytes()[from..at.start]);
        out.extend_from_slice(Json::from(*model).to_string().as_bytes());
        from = at.end;
    }
    out.extend_from_slice(&text.as_bytes()[from..]);
    out
}

//! What an error means: the text that a provider, a proxy or an SDK printed comes in, its cause in plain words goes out.
//!
//! [`read`] brings logs, stack traces, JSON in JSON and web pages into one plain form, [`catalogue`] holds what is known to be
//! said, and [`mask`] tells which of the values on this machine a masked key was.

mod catalogue;
pub mod mask;
mod read;

pub use catalogue::{Form, Verdict, all};
use mask::KeyMask;

/// The most of a text that is looked at, in bytes: its end, where logs have the error.
pub const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// What a text says.
#[derive(Debug)]
pub struct Explanation {
    /// The known form it has; none: nobody has seen it yet.
    pub form: Option<&'static Form>,
    /// Other senders who say the very same.
    pub also: Vec<&'static Form>,
    /// The HTTP status in it, where there is just one.
    pub status: Option<u16>,
    /// Keys that it shows in part, as they stand in it.
    pub masks: Vec<KeyMask>,
}

/// Finds out what a text says. Never fails: what is not known has no form.
pub fn explain(text: &str) -> Explanation {
    let text = tail(text);
    let plain = read::plain(text);
    let statuses = read::statuses(&plain);
    let flat = read::flat(&plain);
    let mut best: Vec<(usize, &'static Form)> = Vec::new();
    for form in all() {
        let Some(score) = form.score(&flat, &statuses) else { continue };
        match best.first() {
            Some((top, _)) if score < *top => {}
            Some((top, _)) if score == *top => best.push((score, form)),
            _ => best = vec![(score, form)],
        }
    }
    let mut forms = best.into_iter().map(|(_, form)| form);
    let form = forms.next();
    Explanation {
        form,
        also: forms.collect(),
        status: match statuses[..] {
            [only] => Some(only),
            _ => form.and_then(|form| form.status.iter().find(|status| statuses.contains(status)).copied()),
        },
        masks: mask::find(&plain),
    }
}

fn tail(text: &str) -> &str {
    let mut start = text.len().saturating_sub(MAX_TEXT_BYTES);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

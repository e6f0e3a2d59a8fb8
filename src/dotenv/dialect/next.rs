//! `@next/env` 13 to 16: npm `dotenv`'s parser and an expansion of its own.
//!
//! ```text
//! reference = "$" [ "{" ] word+ [ ":-" ( not "}", "\" )* ] [ "}" ]     with no backslash before it
//! ```
//! The *last* reference is replaced first, by the environment's value, its default or the file's value, in this order; then the
//! result is searched again. A `$` at the very end that is no reference stops it. Text that refers to itself overflows the stack,
//! and then Next.js leaves the whole file out.

use std::collections::HashMap;

use crate::dotenv::Dialect;
use crate::dotenv::character::{is_word, replace, skip};
use crate::dotenv::draft::Found;
use crate::dotenv::environment::{Entry, Environment};
use crate::dotenv::reading::{Problem, Reading};

/// More replacements than any honest file needs.
const MAX_STEPS: usize = 500;
/// A value that grew beyond this is not followed.
const MAX_BYTES: usize = 1 << 20;

pub fn read(file: &[u8], environment: &Environment<'_>) -> Reading {
    let text = super::npm::text(file);
    let mut draft = super::npm::parse(&text);
    let mut values: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
    let mut order: Vec<Vec<u8>> = Vec::new();
    for line in &draft.lines {
        if let Found::Given(value) = &line.value
            && values.insert(line.key.clone(), value.clone()).is_none()
        {
            order.push(line.key.clone());
        }
    }
    let mut circle = None;
    for key in order {
        let start = environment.get(&key).or_else(|| values.get(&key).cloned()).unwrap_or_default();
        match expanded(start, &values, environment) {
            Some(value) => {
                values.insert(key, replace(&value, b"\\$", b"$"));
            }
            None => {
                circle = Some(key);
                break;
            }
        }
    }
    if let Some(key) = circle {
        let (start, end) = draft.lines.iter().rev().find(|line| line.key == key).map_or((0, 0), |line| line.raw);
        draft.fail_whole(Problem::Expansion, start, end);
    } else {
        for line in draft.lines.iter_mut().rev() {
            line.value = values.remove(&line.key).map_or(Found::Absent, Found::Given);
        }
        if environment.entry == Entry::Load {
            super::npm::cut_at_nul(&mut draft);
        }
    }
    draft.finish(&text, Dialect::Next, true)
}

/// Replaces references until none is left; nothing where that does not end.
fn expanded(value: Vec<u8>, values: &HashMap<Vec<u8>, Vec<u8>>, environment: &Environment<'_>) -> Option<Vec<u8>> {
    let mut result = value;
    for _ in 0..MAX_STEPS {
        let is_free = |&at: &usize| result[at] == b'$' && (at == 0 || result[at - 1] != b'\\');
        let Some(dollar) = (0..result.len()).rev().find(is_free) else { return Some(result) };
        let Some((end, name, default)) = reference(&result, dollar) else { return Some(result) };
        let filled = |value: Option<Vec<u8>>| value.filter(|value| !value.is_empty());
        let with = filled(environment.get(name))
            .or_else(|| filled(default.map(<[u8]>::to_vec)))
            .or_else(|| values.get(name).cloned())
            .unwrap_or_default();
        let template = result[dollar..end].to_vec();
        result = super::npm_expand::replace_first(&result, &template, &with);
        if result.len() > MAX_BYTES {
            return None;
        }
    }
    None
}

/// The end, name and default of a reference.
type Reference<'a> = (usize, &'a [u8], Option<&'a [u8]>);

/// Cuts the reference that starts at a `$`.
fn reference(value: &[u8], dollar: usize) -> Option<Reference<'_>> {
    let from = dollar + 1 + usize::from(value.get(dollar + 1) == Some(&b'{'));
    let mut end = skip(value, from, is_word);
    if end == from {
        return None;
    }
    let name = &value[from..end];
    let mut default = None;
    if value[end..].starts_with(b":-") {
        let stop =
            value[end + 2..].iter().position(|b| matches!(b, b'}' | b'\\')).map_or(value.len(), |at| end + 2 + at);
        default = Some(&value[end + 2..stop]);
        end = stop;
    }
    Some((end + usize::from(value.get(end) == Some(&b'}')), name, default))
}

//! A file without what was taken over: the assignments go, and a comment in their place names the profile.
//!
//! Never a value in the key's place: a loader would send it. Where a format has no comments the setting goes without one.

use std::ops::Range;

use super::json;
use crate::secret::Secret;

/// Lines to be taken out, and what the comment about them says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes that go.
    pub span: Range<usize>,
    /// A further line below the comment.
    pub instead: Option<&'static str>,
    /// The name of the variable, or what the file calls it.
    pub name: String,
    /// The profile that has it now; none: it was an old key that no profile has any more.
    pub profile: Option<String>,
}

/// Gives the file without the pieces. They may come in any order; one that lies in another goes with it.
pub fn without(file: &[u8], mut pieces: Vec<Piece>) -> Vec<u8> {
    pieces.sort_by_key(|piece| (piece.span.start, std::cmp::Reverse(piece.span.end)));
    let line_end: &[u8] = if file.windows(2).any(|pair| pair == b"\r\n") { b"\r\n" } else { b"\n" };
    let mut text = Vec::with_capacity(file.len());
    let mut at = 0;
    for piece in pieces {
        if piece.span.start < at || piece.span.end > file.len() {
            continue;
        }
        text.extend_from_slice(&file[at..piece.span.start]);
        text.extend_from_slice(comment(&piece).as_bytes());
        if let Some(line) = piece.instead {
            text.extend_from_slice(line_end);
            text.extend_from_slice(line.as_bytes());
        }
        at = piece.span.end;
    }
    text.extend_from_slice(&file[at..]);
    text
}

/// Gives a JSON file without these members; what is not there any more is passed over.
pub fn without_members(file: &[u8], members: &[Vec<String>]) -> Vec<u8> {
    let mut text = file.to_vec();
    for member in members {
        if let Some(rest) = json::without(&text, member) {
            text = rest;
        }
    }
    text
}

/// The lines, from 1, on which a key still stands.
pub fn lines_with(file: &[u8], key: &Secret) -> Vec<usize> {
    let key = key.expose().as_bytes();
    if key.is_empty() {
        return Vec::new();
    }
    let lines = file.split(|byte| *byte == b'\n').enumerate();
    lines.filter(|(_, line)| line.windows(key.len()).any(|part| part == key)).map(|(number, _)| number + 1).collect()
}

/// The words of a comment, in ASCII: any encoding that ends lines the usual way keeps them.
fn comment(piece: &Piece) -> String {
    let name: String = piece.name.chars().filter(char::is_ascii_graphic).take(100).collect();
    match &piece.profile {
        Some(profile) => {
            format!(
                "# {name} is in the llmenv profile {profile}: llmenv use {profile}, or llmenv exec {profile} -- COMMAND"
            )
        }
        None => format!("# {name} was an old key, rotated away in llmenv"),
    }
}

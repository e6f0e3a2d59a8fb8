//! A file without what was taken over: the assignments go, and a comment in their place names the profile.
//!
//! Never a value in the key's place: a loader would send it. Where a format has no comments the setting goes without one.

use std::ops::Range;

use super::section::Comment;

/// A piece to be taken out, and what the comment about it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The bytes that go.
    pub span: Range<usize>,
    /// What a comment looks like there.
    pub comment: Comment,
    /// The name of the variable, or what the file calls it.
    pub name: String,
    /// The profile that has it now; none: it was an old key that no profile has any more.
    pub profile: Option<String>,
}

/// Gives the file without the pieces. They may come in any order; one that overlaps another is merged with it.
pub fn without(file: &[u8], mut pieces: Vec<Piece>) -> Vec<u8> {
    pieces.sort_by_key(|piece| (piece.span.start, piece.span.end));
    let mut text = Vec::with_capacity(file.len());
    let mut at = 0;
    for piece in pieces {
        if piece.span.start < at || piece.span.end > file.len() {
            continue;
        }
        text.extend_from_slice(&file[at..piece.span.start]);
        if piece.comment == Comment::Hash {
            text.extend_from_slice(comment(&piece).as_bytes());
        }
        at = piece.span.end;
    }
    text.extend_from_slice(&file[at..]);
    text
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

//! Words of a shell: cut, not yet expanded.
//!
//! In: the text and a position. Out: the pieces of one word (plain and quoted text, variables, what cannot be known), or what is
//! left open at the end of the text. Expansion comes later, since an earlier command of the same line may set a variable.

use super::Broken;
use crate::dotenv::Dialect;
use crate::dotenv::character::{at, find, name_length};
use crate::dotenv::reading::{Problem, Quote};

/// Words inside words deeper than this are not followed.
const MAX_DEPTH: usize = 24;

/// A piece of a word.
#[derive(Clone, Debug)]
pub enum Piece {
    /// Text without quotes around it: a tilde or a pattern in it may mean something.
    Plain(Vec<u8>),
    /// Text that stands for itself.
    Quoted(Vec<u8>),
    /// `$NAME`, `${NAME}`.
    Variable(Vec<u8>),
    /// `${NAME` operator word `}`.
    Choice(Vec<u8>, Operator, Vec<Piece>),
    /// What only a shell could tell.
    Unknown(Problem),
    /// `${…}` that no shell understands.
    Bad,
}

/// The operator in `${NAME:-word}`; `true` where a colon makes an empty value count as unset.
#[derive(Clone, Copy, Debug)]
pub enum Operator {
    Default(bool),
    Assign(bool),
    Alternative(bool),
    Require(bool),
}

/// A word and where it stands.
#[derive(Clone, Debug)]
pub struct Word {
    pub start: usize,
    pub end: usize,
    pub pieces: Vec<Piece>,
    /// Whether it is one quoted piece, and which.
    pub quote: Quote,
}

impl Word {
    /// The text of a word that is nothing but plain text.
    pub fn plain(&self) -> Option<&[u8]> {
        match &self.pieces[..] {
            [Piece::Plain(text)] => Some(text),
            _ => None,
        }
    }
}

/// What a word is read inside of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Inside {
    /// Nothing.
    Line,
    /// `${NAME:-…}` without quotes.
    Braces,
    /// `"…"`
    Quotes,
    /// `"${NAME:-…}"`
    QuotedBraces,
}

/// Cuts words.
pub struct Cutter<'a> {
    pub bytes: &'a [u8],
    pub shell: Dialect,
}

/// Whether a byte ends a word that is not quoted.
pub fn is_meta(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')')
}

impl Cutter<'_> {
    /// Cuts the word that starts here.
    pub fn word(&self, start: usize) -> Result<Word, Broken> {
        let (pieces, end) = self.pieces(start, Inside::Line, 0)?;
        Ok(Word { start, end, quote: self.quote(start, end, &pieces), pieces })
    }

    fn quote(&self, start: usize, end: usize, pieces: &[Piece]) -> Quote {
        let mark = self.bytes.get(start).copied();
        let first = find(&self.bytes[..end], start + 1, mark.unwrap_or(0));
        match mark {
            _ if !self.bytes[start..end].iter().any(|b| matches!(b, b'\'' | b'"')) => Quote::None,
            Some(b'\'') if first == Some(end - 1) => Quote::Single,
            Some(b'"') if self.bytes[end - 1] == b'"' && (first == Some(end - 1) || pieces.len() <= 1) => Quote::Double,
            _ => Quote::Mixed,
        }
    }

    /// Cuts pieces up to what ends them inside of `inside`; the position after, the closing byte not included.
    pub fn pieces(&self, start: usize, inside: Inside, depth: usize) -> Result<(Vec<Piece>, usize), Broken> {
        if depth > MAX_DEPTH {
            return Err(Broken(start, Problem::Expansion));
        }
        let bytes = self.bytes;
        let mut pieces = Vec::new();
        let mut text = Text { bytes: Vec::new(), is_quoted: matches!(inside, Inside::Quotes | Inside::QuotedBraces) };
        let is_quoted = text.is_quoted;
        let mut position = start;
        loop {
            let Some(&byte) = bytes.get(position) else {
                return if inside == Inside::Line {
                    text.flush(&mut pieces);
                    Ok((pieces, position))
                } else {
                    Err(Broken(start.saturating_sub(1), Problem::UnterminatedQuote))
                };
            };
            match byte {
                b'"' if inside == Inside::Quotes => break,
                b'}' if matches!(inside, Inside::Braces | Inside::QuotedBraces) => break,
                // zsh takes parentheses inside a word as text, or as a pattern.
                b'(' if inside == Inside::Line
                    && self.shell == Dialect::Zsh
                    && position > start
                    && bytes.get(position + 1) != Some(&b')') =>
                {
                    let close = self.parentheses(position)?;
                    bytes[position..close].iter().for_each(|byte| text.push(*byte, true, &mut pieces));
                    position = close;
                }
                _ if inside == Inside::Line && is_meta(byte) => break,
                b'\\' => {
                    let next = bytes.get(position + 1).copied();
                    match next {
                        Some(b'\n') => {}
                        None if !is_quoted => text.push(b'\\', false, &mut pieces),
                        Some(next) if !is_quoted => text.push(next, true, &mut pieces),
                        Some(next @ (b'$' | b'`' | b'"' | b'\\')) => text.push(next, true, &mut pieces),
                        Some(b'}') if inside == Inside::QuotedBraces => text.push(b'}', true, &mut pieces),
                        _ => {
                            text.push(b'\\', true, &mut pieces);
                            position += 1;
                            continue;
                        }
                    }
                    position = (position + 2).min(bytes.len());
                }
                b'\'' if !is_quoted => {
                    let close = find(bytes, position + 1, b'\'').ok_or(Broken(position, Problem::UnterminatedQuote))?;
                    text.flush(&mut pieces);
                    pieces.push(Piece::Quoted(bytes[position + 1..close].to_vec()));
                    position = close + 1;
                }
                b'"' => {
                    text.flush(&mut pieces);
                    let (inner, close) = self.pieces(position + 1, Inside::Quotes, depth + 1)?;
                    // An empty piece keeps a word that comes to nothing from vanishing.
                    if !inner.iter().any(|piece| matches!(piece, Piece::Quoted(_))) {
                        pieces.push(Piece::Quoted(Vec::new()));
                    }
                    pieces.extend(inner);
                    position = close + 1;
                }
                b'`' => {
                    text.flush(&mut pieces);
                    position = self.backticks(position)?;
                    pieces.push(Piece::Unknown(Problem::CommandSubstitution));
                }
                b'$' => match self.dollar(position, is_quoted, depth)? {
                    Some((piece, after)) => {
                        text.flush(&mut pieces);
                        pieces.push(piece);
                        position = after;
                    }
                    None => {
                        text.push(b'$', is_quoted, &mut pieces);
                        position += 1;
                    }
                },
                _ => {
                    text.push(byte, is_quoted, &mut pieces);
                    position += 1;
                }
            }
        }
        text.flush(&mut pieces);
        Ok((pieces, position))
    }

    /// What a `$` begins here; nothing where it stands for itself.
    fn dollar(&self, dollar: usize, is_quoted: bool, depth: usize) -> Result<Option<(Piece, usize)>, Broken> {
        let bytes = self.bytes;
        let from = dollar + 1;
        let unknown = |after: usize, problem: Problem| Ok(Some((Piece::Unknown(problem), after)));
        let Some(&next) = bytes.get(from) else { return Ok(None) };
        let length = name_length(&bytes[from..]);
        if length > 0 {
            let end = from + length;
            if self.shell == Dialect::Zsh && (self.has_modifier(end) || is_letter(bytes, end)) {
                let close = find(bytes, end, b']').filter(|_| bytes[end] == b'[');
                return unknown(close.map_or(end, |close| close + 1), Problem::Expansion);
            }
            return Ok(Some((Piece::Variable(bytes[from..end].to_vec()), end)));
        }
        match next {
            b'{' => self.braces(dollar, is_quoted, depth).map(Some),
            b'(' => {
                let close = self.parentheses(from)?;
                unknown(close, Problem::CommandSubstitution)
            }
            b'[' if self.shell != Dialect::Dash => {
                let close = find(bytes, from, b']').ok_or(Broken(dollar, Problem::UnterminatedQuote))?;
                unknown(close + 1, Problem::Expansion)
            }
            b'\'' if !is_quoted && self.shell != Dialect::Dash => super::ansi::quoted(bytes, from + 1)
                .map(|(text, after)| Some((Piece::Quoted(text), after)))
                .ok_or(Broken(dollar, Problem::UnterminatedQuote)),
            b'"' if !is_quoted && self.shell == Dialect::Bash => {
                let (inner, close) = self.pieces(from + 1, Inside::Quotes, depth + 1)?;
                let is_text = inner.iter().all(|piece| matches!(piece, Piece::Quoted(_)));
                let text = inner.iter().flat_map(|piece| if let Piece::Quoted(text) = piece { &text[..] } else { &[] });
                let text = text.copied().collect();
                let piece = if is_text { Piece::Quoted(text) } else { Piece::Unknown(Problem::Expansion) };
                Ok(Some((piece, close + 1)))
            }
            b'0'..=b'9' => Ok(Some((Piece::Variable(vec![next]), from + 1))),
            b'@' | b'*' | b'!' | b'?' | b'-' | b'$' | b'#' => {
                if self.shell == Dialect::Zsh {
                    return unknown(from + 1, Problem::Expansion);
                }
                Ok(Some((Piece::Variable(vec![next]), from + 1)))
            }
            b'+' | b'~' | b'^' | b'=' if self.shell == Dialect::Zsh => {
                unknown(from + 1 + name_length(&bytes[from + 1..]), Problem::Expansion)
            }
            _ if self.shell == Dialect::Zsh && is_letter(bytes, from) => unknown(from + 1, Problem::Expansion),
            _ => Ok(None),
        }
    }

    /// zsh reads `$NAME:h` and `$NAME[1]` as more than a name.
    fn has_modifier(&self, end: usize) -> bool {
        match self.bytes.get(end) {
            Some(b'[') => true,
            Some(b':') => self.bytes.get(end + 1).is_some_and(|b| b.is_ascii_alphabetic() || *b == b'&'),
            _ => false,
        }
    }

    /// Cuts `${…}`.
    fn braces(&self, dollar: usize, is_quoted: bool, depth: usize) -> Result<(Piece, usize), Broken> {
        let bytes = self.bytes;
        let from = dollar + 2;
        let rest = bytes.get(from..).unwrap_or_default();
        let length = match name_length(rest) {
            0 => rest.iter().take_while(|b| b.is_ascii_digit()).count(),
            length => length,
        };
        let inside = if is_quoted { Inside::QuotedBraces } else { Inside::Braces };
        let name = rest[..length].to_vec();
        let position = from + length;
        let is_strict = bytes.get(position) == Some(&b':');
        let operator = match bytes.get(position + usize::from(is_strict)) {
            Some(b'}') if length > 0 && !is_strict => return Ok((Piece::Variable(name), position + 1)),
            Some(b'-') => Some(Operator::Default(is_strict)),
            Some(b'=') => Some(Operator::Assign(is_strict)),
            Some(b'+') => Some(Operator::Alternative(is_strict)),
            Some(b'?') => Some(Operator::Require(is_strict)),
            _ => None,
        };
        if let Some(operator) = operator.filter(|_| length > 0) {
            let (word, close) = self.pieces(position + 1 + usize::from(is_strict), inside, depth + 1)?;
            return Ok((Piece::Choice(name, operator, word), close + 1));
        }
        // Cut out like a word, so that quotes and braces inside it do not end it.
        let (_, close) = self.pieces(from, inside, depth + 1)?;
        let is_special = matches!(rest.first(), Some(b'#' | b'!' | b'$' | b'?' | b'@' | b'*' | b'-'));
        let goes_on =
            matches!(rest.get(1), Some(b'}' | b':' | b'-' | b'+' | b'=' | b'?' | b'%' | b'#' | b'/' | b'^' | b','));
        let is_prefixed = matches!(rest.first(), Some(b'#' | b'!')) && name_length(&rest[1..]) > 0;
        let is_zsh = self.shell == Dialect::Zsh && matches!(rest.first(), Some(b'(' | b'^' | b'=' | b'~' | b'+'));
        let is_known = length > 0 || (is_special && goes_on) || is_prefixed || is_zsh;
        let piece = if is_known { Piece::Unknown(Problem::Expansion) } else { Piece::Bad };
        Ok((piece, close + 1))
    }

    /// The position after a backtick's partner.
    fn backticks(&self, open: usize) -> Result<usize, Broken> {
        let mut position = open + 1;
        while let Some(&byte) = self.bytes.get(position) {
            match byte {
                b'`' => return Ok(position + 1),
                b'\\' => position += 2,
                _ => position += 1,
            }
        }
        Err(Broken(open, Problem::UnterminatedQuote))
    }

    /// The position after a parenthesis's partner; quotes inside are looked over.
    #[allow(clippy::match_same_arms)] // Inside quotes and outside are told apart.
    pub fn parentheses(&self, open: usize) -> Result<usize, Broken> {
        let mut depth = 0usize;
        let mut quote = None;
        let mut position = open;
        while let Some(&byte) = self.bytes.get(position) {
            match (quote, byte) {
                (Some(b'\''), b'\'') => quote = None,
                (Some(b'\''), _) => {}
                (_, b'\\') => position += 1,
                (Some(mark), _) if mark == byte => quote = None,
                (Some(_), _) => {}
                (None, b'\'' | b'"' | b'`') => quote = Some(byte),
                (None, b'(') => depth += 1,
                (None, b')') if depth <= 1 => return Ok(position + 1),
                (None, b')') => depth -= 1,
                (None, _) => {}
            }
            position += 1;
        }
        Err(Broken(open, Problem::UnterminatedQuote))
    }
}

/// zsh takes any letter of the locale into a name.
pub fn is_letter(bytes: &[u8], position: usize) -> bool {
    at(bytes, position).is_some_and(|(c, _)| !c.is_ascii() && c.is_alphanumeric())
}

/// Text that gathers until another piece comes.
struct Text {
    bytes: Vec<u8>,
    is_quoted: bool,
}

impl Text {
    fn push(&mut self, byte: u8, is_quoted: bool, pieces: &mut Vec<Piece>) {
        if self.is_quoted != is_quoted {
            self.flush(pieces);
            self.is_quoted = is_quoted;
        }
        self.bytes.push(byte);
    }

    fn flush(&mut self, pieces: &mut Vec<Piece>) {
        if self.bytes.is_empty() {
            return;
        }
        let bytes = std::mem::take(&mut self.bytes);
        pieces.push(if self.is_quoted { Piece::Quoted(bytes) } else { Piece::Plain(bytes) });
    }
}

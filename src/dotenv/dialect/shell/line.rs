//! One line of a script: its commands and what joins them.

use super::Broken;
use super::word::{Cutter, Word};
use crate::dotenv::Dialect;
use crate::dotenv::character::{find, name_length};
use crate::dotenv::reading::Problem;

/// Whether a brace at the edge of a word has no partner: in zsh it opens or closes a block even there. A word of its own may begin
/// or end one.
fn has_odd_brace(word: &Word, is_first: bool) -> bool {
    use super::word::Piece;
    if matches!(word.plain(), Some(b"{" | b"}")) {
        return false;
    }
    let plain = word.pieces.iter().filter_map(|piece| if let Piece::Plain(text) = piece { Some(text) } else { None });
    let count = |brace: u8| plain.clone().flatten().filter(|byte| **byte == brace).count();
    let ends = matches!(word.pieces.last(), Some(Piece::Plain(text)) if text.last() == Some(&b'}'));
    let begins = is_first && matches!(word.pieces.first(), Some(Piece::Plain(text)) if text.first() == Some(&b'{'));
    (ends && count(b'}') > count(b'{')) || (begins && count(b'{') > count(b'}'))
}

/// What stands before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// The line's start, or `;`.
    Then,
    /// `&&`
    And,
    /// `||`
    Or,
}

/// An assignment before a command, or in place of one.
#[derive(Clone, Debug)]
pub struct Assign {
    /// The name.
    pub key: Vec<u8>,
    /// Whether it is `NAME+=`.
    pub appends: bool,
    /// Where it begins.
    pub start: usize,
    /// The value; nothing for an array, which no program gets.
    pub value: Option<Word>,
    /// The byte after it.
    pub end: usize,
}

/// A part of a line that is run as one.
#[derive(Clone, Debug)]
pub enum Command {
    /// Assignments, then words.
    Simple {
        /// What is before it.
        join: Join,
        /// The assignments.
        assigns: Vec<Assign>,
        /// The command and its arguments.
        words: Vec<Word>,
        /// Whether `<` or `>` stands in it.
        is_redirected: bool,
        /// Whether it runs in a shell of its own: in a pipe, or before `&`.
        is_apart: bool,
        /// Where it begins and ends.
        place: (usize, usize),
    },
    /// `(` at the place of a command.
    Open,
    /// `)`.
    Close(usize),
}

/// Cuts the line that starts here; the position of the next one. `may_close` says that a block is open which a `)` may belong to.
pub fn cut(cutter: &Cutter<'_>, start: usize, may_close: bool) -> Result<(Vec<Command>, usize), Broken> {
    let mut line = Line { cutter, position: start, commands: Vec::new(), here: Vec::new(), depth: 0, may_close };
    line.cut()?;
    let next = line.skip_here_documents();
    Ok((line.commands, next))
}

struct Line<'a> {
    cutter: &'a Cutter<'a>,
    position: usize,
    commands: Vec<Command>,
    /// The words that end the here-documents of this line.
    here: Vec<Vec<u8>>,
    depth: usize,
    may_close: bool,
}

impl Line<'_> {
    fn peek(&self) -> Option<u8> {
        self.cutter.bytes.get(self.position).copied()
    }

    fn starts_with(&self, what: &[u8]) -> bool {
        self.cutter.bytes[self.position..].starts_with(what)
    }

    fn skip_blanks(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.position += 1,
                Some(b'\\') if self.starts_with(b"\\\n") => self.position += 2,
                _ => return,
            }
        }
    }

    fn skip_comment(&mut self) {
        if self.peek() == Some(b'#') {
            self.position = find(self.cutter.bytes, self.position, b'\n').unwrap_or(self.cutter.bytes.len());
        }
    }

    fn broken<T>(&self) -> Result<T, Broken> {
        Err(Broken(self.position, Problem::RejectedLine))
    }

    /// Cuts up to the line end.
    fn cut(&mut self) -> Result<(), Broken> {
        let mut join = Join::Then;
        // Whether a command has to come: after `&&`, `||` and `|` even on the next line.
        let mut is_owed = false;
        let mut is_piped = false;
        loop {
            self.skip_blanks();
            self.skip_comment();
            match self.peek() {
                None if is_owed => return Err(Broken(self.position, Problem::RejectedLine)),
                Some(b'\n') if is_owed => self.position += 1,
                None | Some(b'\n') => return Ok(()),
                Some(b'(') => {
                    self.commands.push(Command::Open);
                    self.position += 1;
                    self.depth += 1;
                    (join, is_owed, is_piped) = (Join::Then, false, false);
                }
                Some(b')') if !is_owed && (self.depth > 0 || self.may_close) => {
                    self.depth = self.depth.saturating_sub(1);
                    self.commands.push(Command::Close(self.position));
                    self.position += 1;
                    is_piped = false;
                    (join, is_owed) = self.after(&mut is_piped)?;
                }
                Some(b';' | b'&' | b'|' | b')') => return self.broken(),
                Some(_) => {
                    self.simple(join, is_piped)?;
                    (join, is_owed) = self.after(&mut is_piped)?;
                }
            }
        }
    }

    /// Reads what comes after a command.
    fn after(&mut self, is_piped: &mut bool) -> Result<(Join, bool), Broken> {
        self.skip_blanks();
        *is_piped = false;
        if self.starts_with(b"&&") || self.starts_with(b"||") {
            let join = if self.peek() == Some(b'&') { Join::And } else { Join::Or };
            self.position += 2;
            return Ok((join, true));
        }
        match self.peek() {
            // Inside a block these belong to a `case`.
            Some(b';') if self.starts_with(b";;") => {
                if self.commands.iter().any(|command| matches!(command, Command::Close(_))) {
                    self.position += 2;
                    return Ok((Join::Then, false));
                }
                self.broken()
            }
            Some(b';') => {
                self.position += 1;
                Ok((Join::Then, false))
            }
            Some(b'&') => {
                self.mark_apart();
                if self.cutter.shell == Dialect::Zsh && self.is_assignment_only() {
                    return self.broken();
                }
                self.position += 1;
                Ok((Join::Then, false))
            }
            Some(b'|') => {
                self.mark_apart();
                *is_piped = true;
                self.position += 1 + usize::from(self.starts_with(b"|&"));
                Ok((Join::Then, true))
            }
            _ => Ok((Join::Then, false)),
        }
    }

    /// The command just cut, and all it is piped or joined to, does not run in this shell.
    fn mark_apart(&mut self) {
        let is_list = self.peek() == Some(b'&');
        for command in self.commands.iter_mut().rev() {
            let Command::Simple { is_apart, join, .. } = command else { return };
            *is_apart = true;
            if *join == Join::Then || !is_list {
                return;
            }
        }
    }

    fn is_assignment_only(&self) -> bool {
        matches!(self.commands.last(), Some(Command::Simple { words, .. }) if words.is_empty())
    }

    fn simple(&mut self, join: Join, is_piped: bool) -> Result<(), Broken> {
        let start = self.position;
        let (mut assigns, mut words, mut is_redirected) = (Vec::new(), Vec::new(), false);
        loop {
            self.skip_blanks();
            match self.peek() {
                None | Some(b'\n' | b';' | b'&' | b'|' | b')') if !self.starts_with(b"&>") => break,
                Some(b'#') => {
                    self.skip_comment();
                    break;
                }
                Some(b'<' | b'>' | b'&') => {
                    self.redirection()?;
                    is_redirected = true;
                }
                // `name()` begins a function; anything else is wrong.
                Some(b'(') => {
                    let close = self.cutter.parentheses(self.position)?;
                    if words.len() != 1 || !assigns.is_empty() || close != self.position + 2 {
                        return self.broken();
                    }
                    let place = (self.position, close);
                    words.push(Word {
                        start: place.0,
                        end: place.1,
                        pieces: vec![super::word::Piece::Plain(b"()".to_vec())],
                        quote: crate::dotenv::Quote::None,
                    });
                    self.position = close;
                    break;
                }
                _ => {
                    if words.is_empty()
                        && let Some(assign) = self.assign()?
                    {
                        assigns.push(assign);
                        continue;
                    }
                    let word = self.cutter.word(self.position)?;
                    let is_late = !words.is_empty() && word.plain() == Some(b"}");
                    if self.cutter.shell == Dialect::Zsh && (is_late || has_odd_brace(&word, words.is_empty())) {
                        return self.broken();
                    }
                    self.position = word.end;
                    words.push(word);
                }
            }
        }
        if assigns.is_empty() && words.is_empty() && !is_redirected {
            return self.broken();
        }
        // The last command of a pipe runs in zsh's own shell.
        let is_apart = is_piped && self.cutter.shell != Dialect::Zsh;
        let place = (start, self.position);
        self.commands.push(Command::Simple { join, assigns, words, is_redirected, is_apart, place });
        Ok(())
    }

    /// Cuts `NAME=value` or `NAME+=value`.
    fn assign(&mut self) -> Result<Option<Assign>, Broken> {
        let bytes = self.cutter.bytes;
        let start = self.position;
        let mut sign = start + name_length(&bytes[start..]);
        let key = bytes[start..sign].to_vec();
        if key.is_empty() {
            return Ok(None);
        }
        let mut is_element = false;
        if bytes.get(sign) == Some(&b'[') && self.cutter.shell != Dialect::Dash {
            let stop = bytes[sign..].iter().position(|b| matches!(b, b']' | b'\n')).map(|at| sign + at);
            match stop {
                Some(close) if bytes[close] == b']' => sign = close + 1,
                _ => return Ok(None),
            }
            is_element = true;
        }
        let appends = bytes.get(sign) == Some(&b'+') && self.cutter.shell != Dialect::Dash;
        sign += usize::from(appends);
        if bytes.get(sign) != Some(&b'=') {
            return Ok(None);
        }
        let begin = sign + 1;
        if bytes.get(begin) == Some(&b'(') {
            if self.cutter.shell == Dialect::Dash {
                self.position = begin;
                return self.broken();
            }
            let end = self.cutter.parentheses(begin)?;
            self.position = end;
            return Ok(Some(Assign { key, appends, start, value: None, end }));
        }
        let value = self.cutter.word(begin)?;
        let end = value.end;
        self.position = end;
        Ok(Some(Assign { key, appends, start, value: (!is_element).then_some(value), end }))
    }

    /// Reads `<`, `>`, `>>`, `2>&1`, `<<EOF` and the word they want.
    fn redirection(&mut self) -> Result<(), Broken> {
        let rest = &self.cutter.bytes[self.position..];
        let operators: [&[u8]; 11] = [b"<<<", b"<<-", b"&>>", b"&>", b"<<", b">>", b"<&", b">&", b">|", b"<>", b"<"];
        let operator = operators.into_iter().find(|operator| rest.starts_with(operator)).unwrap_or(b">");
        self.position += operator.len();
        self.skip_blanks();
        match self.peek() {
            None | Some(b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' | b'#') => return self.broken(),
            Some(_) => {}
        }
        let word = self.cutter.word(self.position)?;
        self.position = word.end;
        if operator == b"<<" || operator == b"<<-" {
            let text = &self.cutter.bytes[word.start..word.end];
            self.here.push(text.iter().copied().filter(|b| !matches!(b, b'\'' | b'"' | b'\\')).collect());
        }
        Ok(())
    }

    /// Steps over the line end and the here-documents that follow it.
    fn skip_here_documents(&mut self) -> usize {
        let bytes = self.cutter.bytes;
        let mut position = self.position + 1;
        for stop in std::mem::take(&mut self.here) {
            while position < bytes.len() {
                let end = find(bytes, position, b'\n').unwrap_or(bytes.len());
                let line = &bytes[position..end];
                position = end + 1;
                if line == stop || line.iter().position(|b| *b != b'\t').is_some_and(|at| line[at..] == stop[..]) {
                    break;
                }
            }
        }
        position
    }
}

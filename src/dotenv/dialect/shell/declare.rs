//! `export`, `readonly`, `declare` and their kind, whose arguments are assignments or names.

use super::Shell;
use super::expand::Outcome;
use super::line::Assign;
use super::run::{Context, Status, Stop};
use super::word::{Piece, Word};
use crate::dotenv::Dialect;
use crate::dotenv::character::name_length;
use crate::dotenv::draft::{Found, Line};
use crate::dotenv::reading::{Problem, Quote};

impl Shell<'_> {
    /// `export NAME=value …` and its kind.
    pub fn declare(&mut self, command: &[u8], arguments: &[Word], context: &Context) -> Result<Status, Stop> {
        let mut is_simple = true;
        for word in arguments {
            if let Some(flags) = word.plain().filter(|text| text.len() > 1 && text.starts_with(b"-")) {
                is_simple &= flags[1..].iter().all(|flag| matches!(flag, b'x' | b'r' | b'g' | b'p' | b'-'));
                continue;
            }
            let whole;
            let pieces = match word.pieces.first() {
                Some(Piece::Plain(text)) if is_assignment(text, self.dialect) => &word.pieces,
                _ => {
                    // The name is not written plainly: what counts is what the word comes to.
                    whole = match self.expand(&word.pieces) {
                        Outcome::Text(text) => vec![Piece::Plain(text)],
                        _ => {
                            let first = word.pieces.first();
                            let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                            let is_bad = match first {
                                Some(Piece::Plain(text)) => text.get(name_length(text)).is_some(),
                                _ => word.pieces.iter().any(|piece| {
                                    matches!(piece, Piece::Plain(text) if text.first().is_some_and(|byte| !is_name(byte) && *byte != b'='))
                                }),
                            };
                            let problem = if is_bad { Problem::BadName } else { Problem::Expansion };
                            self.draft.note(problem, word.start, word.end);
                            if is_bad && context.is_kept && self.dialect != Dialect::Bash {
                                return Err(match self.dialect {
                                    Dialect::Dash => Stop::Shell(problem, word.start, word.end),
                                    _ => Stop::Broken(problem, word.start, word.end),
                                });
                            }
                            continue;
                        }
                    };
                    &whole
                }
            };
            let Some(Piece::Plain(text)) = pieces.first() else { continue };
            let length = name_length(text);
            let appends = text.get(length) == Some(&b'+') && self.dialect == Dialect::Bash;
            let sign = length + usize::from(appends);
            let has_sign = text.get(sign) == Some(&b'=');
            let is_bare = length == text.len() && pieces.len() == 1;
            if length == 0 || !(has_sign || is_bare) {
                if word.pieces.iter().all(|piece| matches!(piece, Piece::Variable(_))) && text.is_empty() {
                    continue;
                }
                self.draft.note(Problem::BadName, word.start, word.end);
                match self.dialect {
                    Dialect::Dash if context.is_kept => {
                        return Err(Stop::Shell(Problem::BadName, word.start, word.end));
                    }
                    Dialect::Zsh if context.is_kept && !super::word::is_letter(text, length) => {
                        return Err(Stop::Broken(Problem::BadName, word.start, word.end));
                    }
                    _ => continue,
                }
            }
            let key = text[..length].to_vec();
            if is_bare {
                if command == b"export" {
                    self.export(&key, word);
                }
                continue;
            }
            let text = text.clone();
            let mut pieces = pieces.clone();
            if text.len() == sign + 1 {
                pieces.remove(0);
            } else {
                pieces[0] = Piece::Plain(text[sign + 1..].to_vec());
            }
            let start = (word.start + sign + 1).min(word.end);
            let quote =
                if pieces.iter().all(|piece| matches!(piece, Piece::Plain(_))) { Quote::None } else { word.quote };
            let value = Word { start, end: word.end, pieces, quote };
            let assign = Assign { key, appends, start: word.start, value: is_simple.then_some(value), end: word.end };
            let was = self.exports_all;
            self.exports_all |= command == b"export";
            let outcome = self.assign_with(&assign, context, command == b"export");
            self.exports_all = was;
            outcome?;
        }
        Ok(Status::Success)
    }

    /// `export NAME`: a value it has already goes out from now on.
    fn export(&mut self, key: &[u8], word: &Word) {
        self.draft.note(Problem::NoValue, word.start, word.end);
        if self.dialect == Dialect::Zsh && self.exported.iter().any(|known| known == key) {
            // Said twice of a name without a value, it gives it an empty one.
            self.variables.entry(key.to_vec()).or_insert_with(|| Found::Given(Vec::new()));
        }
        let is_new = !self.draft.lines.iter().any(|line| line.key == key && line.value != Found::Absent);
        self.exported.push(key.to_vec());
        if let Some(value) = self.variables.get(key).filter(|_| is_new) {
            let value = value.clone();
            let (start, end) = (word.start, word.end);
            let key = key.to_vec();
            self.draft.lines.push(Line { start, end, key, raw: (end, end), quote: Quote::None, export: true, value });
        }
    }
}

/// Whether a word's plain start is `NAME=` or `NAME+=`, or a name alone.
fn is_assignment(text: &[u8], shell: Dialect) -> bool {
    let length = name_length(text);
    let sign = length + usize::from(text.get(length) == Some(&b'+') && shell != Dialect::Dash);
    length > 0 && (text.get(sign) == Some(&b'=') || length == text.len())
}

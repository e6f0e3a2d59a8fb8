//! A start-up file of bash or zsh cut into statements: enough of the shell's grammar to know which line sets what and whether a new
//! shell comes to it. Nothing is expanded here and nothing is run.
//!
//! A statement ends at a line end, `;`, `&`, `|` or a parenthesis. Quotes, `$(…)`, `${…}`, comments and here-documents are passed over
//! as a whole, so that text in them is not taken for code.

/// A statement of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// Its text, from the first word that is no keyword.
    pub text: &'a str,
    /// The byte of the file where that begins.
    pub start: usize,
    /// Whether it stands in a function or a subshell, so that no shell comes to it by itself, or without effect.
    pub is_called: bool,
}

/// What is open around a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Group,
    Function,
    Subshell,
}

/// Words before a statement that change nothing about what it sets.
const KEYWORDS: [&str; 12] =
    ["then", "do", "else", "if", "elif", "while", "until", "!", "time", "builtin", "command", "noglob"];
/// The deepest nesting of blocks that is followed; deeper is no start-up file.
const MAX_DEPTH: usize = 256;

/// Cuts a file into statements.
pub fn statements(file: &str) -> Vec<Statement<'_>> {
    let mut cutter =
        Cutter { file, bytes: file.as_bytes(), at: 0, begun: 0, open: Vec::new(), here: Vec::new(), found: Vec::new() };
    cutter.run();
    cutter.found
}

struct Cutter<'a> {
    file: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Where the statement under way begins.
    begun: usize,
    open: Vec<Open>,
    /// Ends of here-documents that begin at the next line, and whether tabs before them count.
    here: Vec<(String, bool)>,
    found: Vec<Statement<'a>>,
}

impl<'a> Cutter<'a> {
    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\\' => self.at += 2,
                b'\'' => self.at = self.single_quoted(self.at + 1),
                b'"' => self.at = self.double_quoted(self.at + 1),
                b'`' => self.at = self.until_backtick(self.at + 1),
                b'$' => self.at = self.dollar(self.at),
                b'#' if self.is_word_start() => {
                    self.end_statement(self.at);
                    self.at = self.line_end(self.at);
                    self.begun = self.at;
                }
                b'<' if self.bytes[self.at..].starts_with(b"<<") && !self.bytes[self.at..].starts_with(b"<<<") => {
                    self.here_document();
                }
                b'<' if self.bytes[self.at..].starts_with(b"<<<") => self.at += 3,
                b'\n' => {
                    self.end_statement(self.at);
                    self.at += 1;
                    self.skip_here_documents();
                    self.begun = self.at;
                }
                // `>&2`, `&>file` and `>|` are redirections.
                b'&' | b'|' if self.at > 0 && matches!(self.bytes[self.at - 1], b'>' | b'<') => self.at += 1,
                b'&' if self.bytes.get(self.at + 1) == Some(&b'>') => self.at += 2,
                b';' | b'&' | b'|' => self.separate(self.at + 1),
                b'(' => self.open_parenthesis(),
                b')' => {
                    self.end_statement(self.at);
                    // One without an opening one ends a pattern of `case`.
                    if self.open.last() == Some(&Open::Subshell) {
                        self.open.pop();
                    }
                    self.at += 1;
                    self.begun = self.at;
                }
                b'{' if self.is_word_start() && self.ends_word(self.at + 1) => {
                    let before = self.pending();
                    let is_function =
                        before.ends_with("()") || before.starts_with("function ") || self.follows_function();
                    self.push(if is_function { Open::Function } else { Open::Group });
                    self.at += 1;
                    self.begun = self.at;
                }
                b'}' if self.is_word_start() => {
                    self.end_statement(self.at);
                    if matches!(self.open.last(), Some(Open::Group | Open::Function)) {
                        self.open.pop();
                    }
                    self.at += 1;
                    self.begun = self.at;
                }
                _ => self.at += 1,
            }
        }
        self.at = self.bytes.len();
        self.end_statement(self.at);
    }

    fn push(&mut self, open: Open) {
        if self.open.len() < MAX_DEPTH {
            self.open.push(open);
        }
    }

    fn separate(&mut self, next: usize) {
        self.end_statement(self.at);
        self.at = next;
        self.begun = next;
    }

    /// The text of the statement under way.
    fn pending(&self) -> &'a str {
        self.file.get(self.begun..self.at).unwrap_or_default().trim()
    }

    /// `name ()` on a line of its own, with `{` on the next.
    fn follows_function(&self) -> bool {
        self.pending().is_empty()
            && self.found.last().is_some_and(|last| {
                let between = self.file.get(last.start + last.text.len()..self.at).unwrap_or_default();
                (last.text.ends_with("()") || last.text.starts_with("function ")) && between.trim().is_empty()
            })
    }

    fn open_parenthesis(&mut self) {
        let before = self.pending();
        let rest = &self.file[self.at + 1..];
        let empty = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        // `name ()` goes on to its body; `name=(…)` is a list.
        if rest[empty..].starts_with(')') && !before.is_empty() {
            self.at += empty + 2;
            let body = self.file[self.at..].trim_start();
            if body.starts_with('(') {
                self.at = self.file.len() - body.len() + 1;
                self.push(Open::Subshell);
                self.begun = self.at;
            } else if body.starts_with('{') {
                self.at = self.file.len() - body.len() + 1;
                self.push(Open::Function);
                self.begun = self.at;
            }
        } else if before.ends_with('=') {
            self.at = self.until_parenthesis(self.at + 1);
        } else {
            self.end_statement(self.at);
            self.push(Open::Subshell);
            self.at += 1;
            self.begun = self.at;
        }
    }

    fn end_statement(&mut self, end: usize) {
        let text = self.file.get(self.begun..end.min(self.file.len())).unwrap_or_default();
        let mut rest = text.trim_start();
        loop {
            let word = rest.split([' ', '\t']).next().unwrap_or_default();
            if word.len() == rest.len() || !KEYWORDS.contains(&word) {
                break;
            }
            rest = rest[word.len()..].trim_start();
        }
        let start = self.begun + (text.len() - rest.len());
        let rest = rest.trim_end();
        if !rest.is_empty() {
            let is_called = self.open.iter().any(|open| *open != Open::Group);
            self.found.push(Statement { text: rest, start, is_called });
        }
    }

    fn is_word_start(&self) -> bool {
        self.at == 0 || matches!(self.bytes[self.at - 1], b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'(' | b')')
    }

    fn ends_word(&self, at: usize) -> bool {
        self.bytes.get(at).is_none_or(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn line_end(&self, from: usize) -> usize {
        self.bytes[from.min(self.bytes.len())..]
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(self.bytes.len(), |n| from + n)
    }

    /// After the closing quote, or the end of the file.
    fn single_quoted(&self, from: usize) -> usize {
        self.bytes
            .get(from..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\''))
            .map_or(self.bytes.len(), |n| from + n + 1)
    }

    fn double_quoted(&self, mut at: usize) -> usize {
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'"' => return at + 1,
                b'\\' => at += 2,
                b'$' => at = self.dollar(at),
                b'`' => at = self.until_backtick(at + 1),
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    fn until_backtick(&self, mut at: usize) -> usize {
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'`' => return at + 1,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    /// After `$(…)`, `${…}` or `$'…'`; after the dollar alone otherwise.
    fn dollar(&self, at: usize) -> usize {
        match self.bytes.get(at + 1) {
            Some(b'(') => self.until_parenthesis(at + 2),
            Some(b'{') => self.until_brace(at + 2),
            Some(b'\'') => {
                let mut at = at + 2;
                while let Some(&byte) = self.bytes.get(at) {
                    match byte {
                        b'\'' => return at + 1,
                        b'\\' => at += 2,
                        _ => at += 1,
                    }
                }
                self.bytes.len()
            }
            _ => at + 1,
        }
    }

    fn until_brace(&self, mut at: usize) -> usize {
        let mut depth = 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'}' if depth == 1 => return at + 1,
                b'}' => depth -= 1,
                b'{' => depth += 1,
                b'\\' => at += 1,
                b'\n' => return at,
                _ => {}
            }
            at += 1;
        }
        self.bytes.len()
    }

    fn until_parenthesis(&self, mut at: usize) -> usize {
        let mut depth = 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b')' if depth == 1 => return at + 1,
                b')' => depth -= 1,
                b'(' => depth += 1,
                b'\\' => at += 1,
                b'\'' => {
                    at = self.single_quoted(at + 1);
                    continue;
                }
                // Quotes in quotes within substitutions are not followed further than this.
                b'"' => {
                    at = self.plain_double_quoted(at + 1);
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
        self.bytes.len()
    }

    fn plain_double_quoted(&self, mut at: usize) -> usize {
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'"' => return at + 1,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
        self.bytes.len()
    }

    fn here_document(&mut self) {
        let mut at = self.at + 2;
        let has_tabs = self.bytes.get(at) == Some(&b'-');
        at += usize::from(has_tabs);
        while matches!(self.bytes.get(at), Some(b' ' | b'\t')) {
            at += 1;
        }
        let word_end = self.bytes[at.min(self.bytes.len())..]
            .iter()
            .position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'))
            .map_or(self.bytes.len(), |n| at + n);
        let word: String =
            self.file.get(at..word_end).unwrap_or_default().chars().filter(|c| !"'\"\\".contains(*c)).collect();
        if !word.is_empty() {
            self.here.push((word, has_tabs));
        }
        self.at = word_end.max(self.at + 2);
    }

    fn skip_here_documents(&mut self) {
        for (word, has_tabs) in std::mem::take(&mut self.here) {
            while self.at < self.bytes.len() {
                let end = self.line_end(self.at);
                let line = self.file.get(self.at..end).unwrap_or_default();
                self.at = (end + 1).min(self.bytes.len());
                let line = if has_tabs { line.trim_start_matches('\t') } else { line };
                if line.trim_end_matches('\r') == word {
                    break;
                }
            }
        }
    }
}

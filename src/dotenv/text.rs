//! The file as one loader sees it, and the way back to the bytes on disk.
//!
//! Loaders change the text before they cut it: carriage returns go or become line feeds, NUL bytes vanish, a byte order mark is
//! dropped. The machines work on the changed text; [`Text::origin`] leads a position back.

use std::borrow::Cow;

/// The three bytes of a UTF-8 byte order mark.
pub const BOM: &[u8] = b"\xef\xbb\xbf";

/// A file's text after a loader's first changes.
pub struct Text<'a> {
    /// The changed text.
    pub bytes: Cow<'a, [u8]>,
    /// Where positions move: (in the text, in the file), ascending.
    shifts: Vec<(usize, usize)>,
    /// The file.
    pub file: &'a [u8],
}

impl<'a> Text<'a> {
    /// The file as it is.
    pub fn plain(file: &'a [u8]) -> Self {
        Self { bytes: Cow::Borrowed(file), shifts: vec![(0, 0)], file }
    }

    /// The file without a byte order mark.
    pub fn without_bom(file: &'a [u8]) -> Self {
        match file.strip_prefix(BOM) {
            Some(rest) => Self { bytes: Cow::Borrowed(rest), shifts: vec![(0, BOM.len())], file },
            None => Self::plain(file),
        }
    }

    /// `\r\n` and a lone `\r` become `\n`.
    pub fn with_line_feeds(self) -> Self {
        self.edited(b'\r', |next| if next == Some(b'\n') { &[] } else { b"\n" })
    }

    /// Every `\r` vanishes.
    pub fn without_carriage_returns(self) -> Self {
        self.edited(b'\r', |_| &[])
    }

    /// Every NUL vanishes.
    pub fn without_nul(self) -> Self {
        self.edited(0, |_| &[])
    }

    /// Replaces every `byte` by what `put` says for the byte that follows it.
    fn edited(self, byte: u8, put: fn(Option<u8>) -> &'static [u8]) -> Self {
        if !self.bytes.contains(&byte) {
            return self;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut shifts = self.shifts.clone();
        let mut source = 0;
        while let Some(found) = self.bytes[source..].iter().position(|&b| b == byte) {
            bytes.extend_from_slice(&self.bytes[source..source + found]);
            source += found + 1;
            let with = put(self.bytes.get(source).copied());
            bytes.extend_from_slice(with);
            if with.is_empty() {
                shifts.push((bytes.len(), self.origin(source)));
            }
        }
        bytes.extend_from_slice(&self.bytes[source..]);
        Self { bytes: Cow::Owned(bytes), shifts, file: self.file }
    }

    /// Leads a position of the text back to the file.
    pub fn origin(&self, position: usize) -> usize {
        let after = self.shifts.partition_point(|&(text, _)| text <= position);
        let (text, file) = self.shifts[after.saturating_sub(1)];
        (file + position.saturating_sub(text)).min(self.file.len())
    }

    /// Leads the end of a range back: what vanished right after it does not belong to it.
    pub fn origin_of_end(&self, position: usize) -> usize {
        if position == 0 { self.origin(0) } else { (self.origin(position - 1) + 1).min(self.file.len()) }
    }
}

/// Counts lines and columns of ascending positions in one pass, and of any others from the start.
pub struct LineCounter<'a> {
    file: &'a [u8],
    at: usize,
    line: usize,
    line_start: usize,
    /// Columns counted so far on this line: (byte, column).
    column: (usize, usize),
}

impl<'a> LineCounter<'a> {
    /// Starts at the first byte.
    pub fn new(file: &'a [u8]) -> Self {
        Self { file, at: 0, line: 1, line_start: 0, column: (0, 1) }
    }

    /// The line and column of a byte.
    pub fn place(&mut self, position: usize) -> (usize, usize) {
        let position = position.min(self.file.len());
        if position < self.at {
            *self = Self::new(self.file);
        }
        while self.at < position {
            let byte = self.file[self.at];
            self.at += 1;
            if byte == b'\n' || (byte == b'\r' && self.file.get(self.at) != Some(&b'\n')) {
                self.line += 1;
                self.line_start = self.at;
                self.column = (self.at, 1);
            }
        }
        let from = self.column.0.max(self.line_start);
        // A continuation byte of UTF-8 does not begin a character.
        let begun = self.file[from..position].iter().filter(|&&b| b & 0xc0 != 0x80).count();
        let mark = usize::from(from == 0 && self.file.starts_with(BOM) && position >= BOM.len());
        self.column = (position, self.column.1 + begun - mark.min(begun));
        (self.line, self.column.1)
    }
}

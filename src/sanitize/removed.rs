//! What cleaning took away, told to the person who pasted it.

use std::fmt;

/// Something that was pasted with the key and is no part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Characters of one kind.
    Characters {
        /// Which kind.
        what: What,
        /// How many.
        count: usize,
        /// Where they were.
        place: Place,
    },
    /// A pair of quotes.
    Quotes(char, char),
    /// A quote without a partner.
    Quote(char, Place),
    /// A header's beginning: `Authorization: `, `Bearer `.
    Header(&'static str),
    /// An assignment's beginning, as it was written but for blanks: `export NAME=`.
    Assignment(String),
    /// A mark that ends a statement or a list item: `;`, `,`.
    Ending(char),
    /// A comment after the value.
    Comment,
    /// A line break written as an escape: `\n`.
    EscapedLineBreak,
    /// What a terminal puts around pasted text.
    PasteMarkers,
}

/// Where something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before the key.
    Front,
    /// Within the key.
    Inside,
    /// After the key.
    End,
}

/// A kind of character that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// U+0020.
    Space,
    /// U+0009.
    Tab,
    /// U+000D.
    CarriageReturn,
    /// U+000A and its relatives.
    LineBreak,
    /// U+FEFF.
    ByteOrderMark,
    /// U+00A0, U+202F.
    NoBreakSpace,
    /// Any other blank beyond ASCII.
    UnicodeSpace,
    /// U+200B to U+200D, U+2060.
    ZeroWidth,
    /// Marks that change the writing direction.
    Direction,
    /// Any other character that is not seen.
    Invisible,
}

impl What {
    /// Tells which kind a removable character is of.
    pub(super) fn of(c: char) -> Self {
        match c {
            ' ' => Self::Space,
            '\t' => Self::Tab,
            '\r' => Self::CarriageReturn,
            c if super::characters::is_line_end(c) => Self::LineBreak,
            '\u{feff}' => Self::ByteOrderMark,
            '\u{a0}' | '\u{202f}' => Self::NoBreakSpace,
            '\u{200b}'..='\u{200d}' | '\u{2060}' => Self::ZeroWidth,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Self::Direction,
            c if super::is_blank(c) => Self::UnicodeSpace,
            _ => Self::Invisible,
        }
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Space => ("a space", "spaces"),
            Self::Tab => ("a tab", "tabs"),
            Self::CarriageReturn => ("a carriage return", "carriage returns"),
            Self::LineBreak => ("a line break", "line breaks"),
            Self::ByteOrderMark => ("a byte-order mark", "byte-order marks"),
            Self::NoBreakSpace => ("a no-break space", "no-break spaces"),
            Self::UnicodeSpace => ("a typographic space", "typographic spaces"),
            Self::ZeroWidth => ("a zero-width character", "zero-width characters"),
            Self::Direction => ("a writing-direction mark", "writing-direction marks"),
            Self::Invisible => ("an invisible character", "invisible characters"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Front => "in front",
            Self::Inside => "inside",
            Self::End => "at the end",
        })
    }
}

/// A noun phrase that follows `removed `.
impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Characters { what, count: 1, place } => write!(f, "{} {place}", what.words().0),
            Self::Characters { what, count, place } => write!(f, "{count} {} {place}", what.words().1),
            Self::Quotes(open, close) => write!(f, "quotes around it ({open} {close})"),
            Self::Quote(quote, place) => write!(f, "a quote {place} ({quote})"),
            Self::Header(header) => write!(f, "`{header} ` in front"),
            Self::Assignment(text) => write!(f, "`{}` in front", crate::printable::text(text)),
            Self::Ending(mark) => write!(f, "`{mark}` at the end"),
            Self::Comment => f.write_str("a comment at the end"),
            Self::EscapedLineBreak => f.write_str("a line break written as `\\n` at the end"),
            Self::PasteMarkers => f.write_str("the terminal's paste markers"),
        }
    }
}

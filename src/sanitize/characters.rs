//! Classes of characters that no key contains.

/// Says whether nothing of this character is seen on a screen: zero-width, bidirectional and formatting characters.
///
/// The ranges are Unicode's `Default_Ignorable_Code_Point` and the format characters (general category Cf), Unicode 16.
pub fn is_invisible(c: char) -> bool {
    crate::printable::is_unprintable(c) && !c.is_control() && !is_line_end(c)
        || matches!(c,
            '\u{34f}' | '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}'
            | '\u{2065}' | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}')
}

/// Says whether it is a blank of any kind, line ends included.
pub fn is_blank(c: char) -> bool {
    // U+2800 is a Braille cell without dots: a symbol to Unicode, a blank to the eye.
    c.is_whitespace() || c == '\u{2800}'
}

/// Says whether it ends a line.
pub(super) fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Says whether it quotes in some alphabet: ASCII, typographic of all heights, guillemets, backtick, full-width, corner brackets.
pub fn is_quote(c: char) -> bool {
    matches!(c,
        '"' | '\'' | '`' | '\u{b4}' | '«' | '»' | '\u{2018}'..='\u{201f}' | '‹' | '›' | '\u{2032}'..='\u{2036}'
        | '\u{275b}'..='\u{275e}' | '\u{300c}'..='\u{300f}' | '\u{301d}'..='\u{301f}' | '\u{ff02}' | '\u{ff07}'
        | '\u{ff40}' | '\u{ff62}' | '\u{ff63}')
}

/// Says whether it may stand in a key: visible ASCII but quotes and the backslash (threat T08).
pub(super) fn is_key_character(c: char) -> bool {
    c.is_ascii_graphic() && !matches!(c, '"' | '\'' | '`' | '\\')
}

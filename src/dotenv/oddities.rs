//! What is odd about the bytes themselves, whoever reads them.

use super::reading::{Diagnostic, Place, Problem, Reading, Span};
use super::text::{BOM, LineCounter};

/// Adds what is odd about a file's bytes, one diagnostic for each sort, at its first place.
pub fn report(bytes: &[u8], reading: &mut Reading) {
    let mut counter = LineCounter::new(bytes);
    let mut add = |problem: Problem, start: usize, length: usize| {
        let (line, column) = counter.place(start);
        let span = Span { start, end: (start + length).min(bytes.len()) };
        let diagnostic = Diagnostic { problem, place: Place { span, line, column } };
        if !reading.diagnostics.iter().any(|known| known.problem == problem && known.place.span.start == start) {
            reading.diagnostics.push(diagnostic);
        }
    };
    if let Some(length) = wide_mark(bytes) {
        add(Problem::WideEncoding, 0, length);
    } else if bytes.starts_with(BOM) {
        add(Problem::ByteOrderMark, 0, BOM.len());
    }
    if let Err(err) = std::str::from_utf8(bytes) {
        add(Problem::NotUtf8, err.valid_up_to(), err.error_len().unwrap_or(1));
    }
    let first = |byte: u8| bytes.iter().position(|&b| b == byte);
    if let Some(nul) = first(0) {
        add(Problem::Nul, nul, 1);
    }
    if first(b'\r').is_some() {
        let is_pair = |&at: &usize| bytes.get(at + 1) == Some(&b'\n');
        let mut returns = bytes.iter().enumerate().filter(|(_, b)| **b == b'\r').map(|(at, _)| at);
        if let Some(pair) = returns.clone().find(is_pair) {
            add(Problem::CarriageReturn, pair, 2);
        }
        if let Some(lone) = returns.find(|at| !is_pair(at)) {
            add(Problem::LoneCarriageReturn, lone, 1);
        }
    }
}

/// The length of the mark of a file in UTF-16 or UTF-32; 1 where there is no mark but every other byte is NUL.
fn wide_mark(bytes: &[u8]) -> Option<usize> {
    let marks: [&[u8]; 4] = [b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xff\xfe", b"\xfe\xff"];
    if let Some(mark) = marks.into_iter().find(|mark| bytes.starts_with(mark)) {
        return Some(mark.len());
    }
    let head = &bytes[..bytes.len().min(64) & !1];
    let pairs = head.len() / 2;
    let is_nul = |offset: usize| head.iter().skip(offset).step_by(2).filter(|b| **b == 0).count();
    (pairs >= 4 && (is_nul(0) == pairs || is_nul(1) == pairs)).then_some(1)
}

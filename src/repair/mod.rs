//! A `.env` file mended: bytes in, bytes out. `doctor --fix` calls it and writes the result through [`crate::backup`].
//!
//! Only lines of keys and base URLs are touched, and of those only the ones that are wrong: a line in one of the usual forms
//! (`NAME=value`, quoted, with `export`, with a comment behind) stays as it is. A wrong one becomes `NAME=value`, the one
//! form that all loaders read alike, where there is no doubt which value was meant; a key that was rotated away, or that a
//! profile has while git tracks the file, becomes a comment. Whatever is not certain is left and told.

mod line;
mod meant;

use std::ops::Range;

use zeroize::Zeroizing;

use crate::dotenv::{self, Dialect, Environment};
use crate::import::rewrite::{self, Piece};
use crate::secret::Secret;
use line::Line;

/// Whose a key in a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This profile has it.
    Profile(String),
    /// A profile had it, and has another one now.
    RotatedAway,
}

/// What is known beside the file.
pub struct Known<'a> {
    /// Whose a key is; none: nobody's.
    pub owner: &'a dyn Fn(&Secret) -> Option<Owner>,
    /// Whether git tracks the file: no key is written into it then.
    pub is_tracked: bool,
}

/// A line, and what becomes of it or why nothing does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The line, from 1.
    pub line: usize,
    /// The variable.
    pub variable: String,
    /// What, in words.
    pub text: String,
}

/// A mended file.
#[derive(Clone, Debug, Default)]
pub struct Repair {
    /// What it holds then; none: nothing changes.
    pub bytes: Option<Zeroizing<Vec<u8>>>,
    /// What changes.
    pub done: Vec<Note>,
    /// What is wrong and stays.
    pub left: Vec<Note>,
}

/// What becomes of a line.
#[derive(Clone, Debug)]
enum Fate {
    /// `NAME=value`.
    Rewrite(Secret),
    /// A comment that names the profile, or says that the key is old.
    Remove(Option<String>),
    /// Nothing: the same stands further down.
    Drop,
}

/// The keys in a file as they were meant, to ask whose they are.
pub fn keys(file: &[u8]) -> Vec<Secret> {
    let Ok(text) = decode(file) else { return Vec::new() };
    line::find(&text)
        .iter()
        .filter(|line| meant::is_key(&line.name))
        .filter_map(|line| meant::of(line, &text).ok())
        .collect()
}

/// Mends a file.
pub fn env_file(file: &[u8], known: &Known) -> Repair {
    let mut repair = Repair::default();
    let text = match decode(file) {
        Ok(text) => text,
        Err(why) => {
            repair.left.push(Note { line: 1, variable: String::new(), text: why.into() });
            return repair;
        }
    };
    let lines: Vec<Line> = line::find(&text).into_iter().filter(|line| meant::is_sought(&line.name)).collect();
    if lines.is_empty() {
        return repair;
    }
    let mut fates: Vec<(usize, Fate)> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        match fate(line, &lines, &text, known) {
            Ok(Some((fate, why))) => {
                repair.done.push(Note { line: line.number, variable: line.name.clone(), text: why.into() });
                fates.push((at, fate));
            }
            Ok(None) => {}
            Err(why) => repair.left.push(Note { line: line.number, variable: line.name.clone(), text: why.into() }),
        }
    }
    // What another line does to a rewritten one (a quote that never closes) only a loader can tell: all of them are asked.
    let mut mended = carry_out(&text, &lines, &fates);
    while let Some(at) = fates.iter().position(|(at, fate)| is_spoilt(&mended, &lines[*at], fate)) {
        let line = &lines[fates.remove(at).0];
        repair.done.retain(|note| note.line != line.number);
        let why = "another line of the file keeps some loaders from reading it: see `llmenv why`";
        repair.left.push(Note { line: line.number, variable: line.name.clone(), text: why.into() });
        mended = carry_out(&text, &lines, &fates);
    }
    if text.as_slice() != file && repair.done.is_empty() {
        let why = "the file has a mark at its start, is UTF-16, or has other line ends than loaders expect";
        repair.done.push(Note { line: 1, variable: lines[0].name.clone(), text: why.into() });
    }
    repair.bytes = (mended.as_slice() != file).then_some(mended);
    repair
}

/// What becomes of a line and why; none: it is well.
fn fate(line: &Line, all: &[Line], text: &[u8], known: &Known) -> Result<Option<(Fate, &'static str)>, &'static str> {
    let value = match meant::of(line, text) {
        Ok(value) => value,
        Err(None) => return Ok(None),
        Err(Some(why)) => return Err(why),
    };
    if meant::is_key(&line.name) {
        match (known.owner)(&value) {
            Some(Owner::RotatedAway) => {
                return Ok(Some((Fate::Remove(None), "the key was rotated away: a comment stays")));
            }
            Some(Owner::Profile(name)) if known.is_tracked => {
                return Ok(Some((
                    Fate::Remove(Some(name)),
                    "git tracks the file and a profile has the key: a comment stays",
                )));
            }
            _ if known.is_tracked => {
                return Err(
                    "a key in a file that git tracks: take it out with `llmenv import --rewrite`, and revoke it",
                );
            }
            _ => {}
        }
    }
    let same: Vec<&Line> = all.iter().filter(|other| other.name == line.name).collect();
    let is_usual = |line: &Line| line::is_usual(line, text, value.expose());
    if same.len() > 1 {
        let agree = same.iter().all(|other| meant::of(other, text).is_ok_and(|other| other.same_as(&value)));
        if !agree {
            return if is_usual(line) { Ok(None) } else { Err("it is set more than once, to different values") };
        }
        if same.iter().all(|line| is_usual(line)) {
            return Ok(None);
        }
        if same.last().is_some_and(|last| last.number != line.number) {
            return Ok(Some((Fate::Drop, "the same stands further down")));
        }
    } else if is_usual(line) {
        return Ok(None);
    }
    Ok(Some((Fate::Rewrite(value), "written the way all loaders read alike")))
}

fn carry_out(text: &[u8], lines: &[Line], fates: &[(usize, Fate)]) -> Zeroizing<Vec<u8>> {
    let mut mended = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut from = 0;
    for (at, fate) in fates {
        let line = &lines[*at];
        mended.extend_from_slice(&text[from..line.span.start]);
        from = line.span.end;
        match fate {
            Fate::Rewrite(value) => mended.extend_from_slice(one_form(line, value).as_bytes()),
            Fate::Remove(profile) => mended.extend_from_slice(&comment(&line.name, profile.as_deref())),
            Fate::Drop => from = end_of_line(text, from),
        }
    }
    mended.extend_from_slice(&text[from..]);
    mended
}

/// The form that all loaders read alike. `export` stays where it stood: a file that is sourced without `set -a` needs it.
fn one_form(line: &Line, value: &Secret) -> Zeroizing<String> {
    let export = if line.is_exported { "export " } else { "" };
    Zeroizing::new(format!("{export}{}={}", line.name, value.expose()))
}

/// The words that `import --rewrite` leaves.
fn comment(name: &str, profile: Option<&str>) -> Vec<u8> {
    let piece = Piece { span: 0..0, instead: None, name: name.to_owned(), profile: profile.map(str::to_owned) };
    rewrite::without(b"", vec![piece])
}

fn end_of_line(text: &[u8], from: usize) -> usize {
    text[from..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |at| from + at + 1)
}

/// Says whether a loader still reads something else than what the line says.
fn is_spoilt(mended: &[u8], line: &Line, fate: &Fate) -> bool {
    let Fate::Rewrite(value) = fate else { return false };
    let alone = one_form(line, value);
    Dialect::ALL.into_iter().any(|loader| {
        let nothing = |_: &str| None;
        let environment = Environment::new(&nothing);
        let here = dotenv::read(mended, loader, &environment);
        let wanted = dotenv::read(alone.as_bytes(), loader, &environment);
        match (here.text(&line.name), wanted.text(&line.name)) {
            (Some(here), Some(wanted)) => !here.same_as(wanted),
            (Some(_), None) => true,
            // A loader that gives up on another line reads nothing here, whatever this one says.
            (None, Some(_)) => here.failure.is_none(),
            (None, None) => false,
        }
    })
}

/// The file as UTF-8 with line feeds, as far as that needs saying: everything else is the file's own.
fn decode(file: &[u8]) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    let mut text = Zeroizing::new(match utf16(file) {
        Some(decoded) => decoded?,
        None => file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file).to_vec(),
    });
    if !text.contains(&b'\n') && text.contains(&b'\r') {
        text.iter_mut().filter(|byte| **byte == b'\r').for_each(|byte| *byte = b'\n');
    }
    let ends_in_cr = |line: &Line| text.get(end_of_line(&text, line.span.end).saturating_sub(2)) == Some(&b'\r');
    if line::find(&text).iter().any(|line| meant::is_sought(&line.name) && ends_in_cr(line)) {
        let mut kept = Vec::with_capacity(text.len());
        for (at, byte) in text.iter().enumerate() {
            if *byte != b'\r' || text.get(at + 1) != Some(&b'\n') {
                kept.push(*byte);
            }
        }
        text = Zeroizing::new(kept);
    }
    Ok(text)
}

/// UTF-16 with its mark, as PowerShell 5.1 writes it; none: it is none.
fn utf16(file: &[u8]) -> Option<Result<Vec<u8>, &'static str>> {
    let unit: fn([u8; 2]) -> u16 = match file.get(..2)? {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let rest = &file[2..];
    let units = rest.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    Some(match text {
        Ok(text) if rest.len().is_multiple_of(2) => Ok(text.into_bytes()),
        _ => Err("it is neither UTF-8 nor whole UTF-16: save it as UTF-8 with an editor"),
    })
}

/// A part of a file.
type Span = Range<usize>;

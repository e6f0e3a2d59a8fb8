//! A key that was rotated away and still stands in a file.

use super::fix::{Change, Fix};
use super::text_keys::keys;
use super::{Detector, Finding, Look};
use crate::secret::Secret;
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["old-key-left"], find };

/// Places that are told here; what servers and fish's universal variables hold has findings of its own.
const PLACES: [Kind; 10] = [
    Kind::Envrc,
    Kind::Direnv,
    Kind::Mise,
    Kind::Rc,
    Kind::System,
    Kind::VsCode,
    Kind::Container,
    Kind::ToolConfig,
    Kind::WindowsUser,
    Kind::WindowsMachine,
];

fn find(look: &Look) -> Vec<Finding> {
    if look.marks.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Finding> = Vec::new();
    let what = |name: &str| format!("{name} still has a key that was rotated away");
    for file in &look.files {
        // A key may stand under any name.
        for line in &file.lines {
            // The line's own text: what a loader makes of it may be what is set already.
            if !look.marks.is_rotated(&Secret::new(file.written(line).into_owned())) {
                continue;
            }
            let finding = Finding::error("old-key-left", what(&line.name)).variable(line.name.clone());
            let spot = look.spot(
                file.origin(line.number, Some(file.column(line))),
                &line.name,
                &Secret::new(file.written(line).into_owned()),
            );
            let finding = finding.at(spot);
            let comment = file.comment_out(line, "an old key, rotated away in llmenv");
            found.push(finding.fix(Fix::edit("take the line out", &file.path, comment).safe()));
        }
    }
    for (held, value) in look.texts(&PLACES) {
        if look.marks.is_rotated(value) {
            let finding =
                Finding::error("old-key-left", what(&held.name)).variable(held.name.clone()).at(look.place(held));
            found.push(finding.fix(in_line(look, &held.name, &held.origin)));
        }
    }
    // A history has a finding of its own, and an old key in it is one no more: the other files where keys lie in any form.
    for name in [".aider.conf.yml", ".continue/config.json", ".netrc", ".bash_history", ".zsh_history"] {
        let path = look.scene.home.join(name);
        let Some(text) = look.read_text(&path) else { continue };
        for key in keys(&text, 200).iter().filter(|key| look.marks.is_rotated(&key.key)) {
            let origin = Origin::at(Kind::ToolConfig, Reader::Tool("file"), &path, key.line, Some(key.column));
            let is_told = found.iter().any(|known| {
                known.origins.iter().any(|spot| spot.origin.path == origin.path && spot.origin.line == origin.line)
            });
            if !is_told {
                let subject = "a line";
                let finding = Finding::error("old-key-left", what(subject)).at(look.spot(origin, "", &key.key));
                found.push(finding.hint("take the line out, or put the new key there"));
            }
        }
    }
    found
}

/// A whole line of a start-up file that does nothing but set the variable can become a comment.
fn in_line(look: &Look, name: &str, origin: &Origin) -> Fix {
    let advice = super::holder::take_out(name, origin);
    let is_script = matches!(origin.kind, Kind::Rc | Kind::Envrc);
    let (Some(path), Some(number), true) = (&origin.path, origin.line, is_script) else {
        return super::holder::fix(name, origin);
    };
    let Some(bytes) = look.read(path) else { return Fix::hint(advice) };
    let mut start = 0;
    for (at, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        if at + 1 == number {
            let shown = String::from_utf8_lossy(text);
            let is_plain = shown.trim_start().starts_with("export ") && !shown.contains([';', '&', '|', '\\']);
            let comment = "# an old key stood here, rotated away in llmenv";
            let change = Change::replace(&bytes, start..start + text.len(), comment);
            return if is_plain { Fix::edit(advice, path, change).safe() } else { Fix::hint(advice) };
        }
        start += line.len();
    }
    Fix::hint(advice)
}

//! What stands above a key or a section: comments that stay when the thing below them goes.
//!
//! `toml_edit` hangs everything between two sections on the second one, the head of the whole file included. A comment that touches
//! its section belongs to it; what is separated by a blank line belongs to the file and is handed on.

use toml_edit::{DocumentMut, Item, RawString, Table};

/// Splits what stands above something into the file's part, with its blank line, and its own part.
pub(super) fn split(above: &str) -> (&str, &str) {
    let mut cut = 0;
    let mut at = 0;
    let mut has_comment = false;
    for line in above.split_inclusive('\n') {
        at += line.len();
        if line.trim().is_empty() {
            if has_comment {
                cut = at;
            }
        } else {
            has_comment = true;
        }
    }
    above.split_at(cut)
}

/// What stands above a section.
pub(super) fn above_table(table: &Table) -> String {
    raw(table.decor().prefix())
}

/// What stands above a key of the root.
pub(super) fn above_key(doc: &DocumentMut, key: &str) -> String {
    doc.key(key).map(|key| raw(key.leaf_decor().prefix())).unwrap_or_default()
}

fn raw(prefix: Option<&RawString>) -> String {
    prefix.and_then(RawString::as_str).unwrap_or_default().to_owned()
}

/// Hands the file's part of what stood above a removed section to the section that follows, or to the end of the file.
pub(super) fn hand_on(doc: &mut DocumentMut, above: &str, removed_position: Option<isize>) {
    let (kept, _) = split(above);
    if kept.trim().is_empty() {
        return;
    }
    let mut next: Option<isize> = None;
    visit(doc.as_table_mut(), &mut |table| {
        if let Some(position) = table.position().filter(|&position| removed_position.is_none_or(|gone| position > gone))
        {
            next = Some(next.map_or(position, |known| known.min(position)));
        }
    });
    if next.is_none() {
        let trailing = format!("{}{}", kept.trim_end_matches('\n').to_owned() + "\n", raw(Some(doc.trailing())));
        doc.set_trailing(trailing);
        return;
    }
    visit(doc.as_table_mut(), &mut |table| {
        if table.position() == next {
            let own = above_table(table);
            table.decor_mut().set_prefix(format!("{kept}{}", own.trim_start_matches('\n')));
        }
    });
}

/// Takes the file's part away from its first section: a new key of the root will stand below it.
pub(super) fn take_head(doc: &mut DocumentMut) -> String {
    let mut first: Option<isize> = None;
    visit(doc.as_table_mut(), &mut |table| {
        if let Some(position) = table.position() {
            first = Some(first.map_or(position, |known| known.min(position)));
        }
    });
    let mut head = String::new();
    visit(doc.as_table_mut(), &mut |table| {
        if first.is_some() && table.position() == first {
            let above = above_table(table);
            let (kept, own) = split(&above);
            kept.clone_into(&mut head);
            table.decor_mut().set_prefix(format!("\n{}", own.trim_start_matches('\n')));
        }
    });
    head
}

/// Calls for every section with a header of its own below this one.
fn visit(table: &mut Table, call: &mut dyn FnMut(&mut Table)) {
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => {
                if !inner.is_dotted() && !inner.is_implicit() {
                    call(inner);
                }
                visit(inner, call);
            }
            Item::ArrayOfTables(array) => {
                for inner in array.iter_mut() {
                    call(inner);
                    visit(inner, call);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn only_a_blank_line_separates() {
        for (above, file, own) in [
            ("", "", ""),
            ("\n", "", "\n"),
            ("\n# mine\n", "", "\n# mine\n"),
            ("# head\n\n", "# head\n\n", ""),
            ("# head\n\n# mine\n", "# head\n\n", "# mine\n"),
            ("\n# a\n\n# b\n\n\n# mine\n", "\n# a\n\n# b\n\n\n", "# mine\n"),
        ] {
            assert_eq!(split(above), (file, own), "{above:?}");
        }
    }
}

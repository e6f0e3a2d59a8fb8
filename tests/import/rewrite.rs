//! A file without its keys: every other byte is what it was.

use llmenv::import::rewrite::{Piece, without};

fn piece(text: &str, what: &str, profile: Option<&str>) -> Piece {
    let start = text.find(what).unwrap();
    Piece {
        span: start..start + what.len(),
        instead: None,
        name: what.split('=').next().unwrap().to_owned(),
        profile: profile.map(str::to_owned),
    }
}

#[test]
fn a_comment_takes_the_place_of_each_line() {
    let text = "A=1\r\nKEY=x\r\n\r\nOLD=y\nB=\u{ff}\n".to_owned();
    let pieces = vec![piece(&text, "OLD=y", None), piece(&text, "KEY=x", Some("work"))];
    let got = String::from_utf8(without(text.as_bytes(), pieces)).unwrap();
    assert_eq!(
        got,
        "A=1\r\n# KEY is in the llmenv profile work: llmenv use work, or llmenv exec work -- COMMAND\r\n\r\n\
         # OLD was an old key, rotated away in llmenv\nB=\u{ff}\n"
    );
}

#[test]
fn overlapping_and_impossible_pieces_change_nothing_else() {
    let text = "KEY=x\nB=2\n";
    let mut wide = piece(text, "KEY=x", Some("work"));
    let same = wide.clone();
    assert_eq!(
        without(text.as_bytes(), vec![wide.clone(), same]),
        without(text.as_bytes(), vec![piece(text, "KEY=x", Some("work"))])
    );
    wide.span = 5..500;
    assert_eq!(without(text.as_bytes(), vec![wide]), text.as_bytes());
}

//! What errors mean: every known body in the shapes in which people paste it, masks, and the command.

mod command;
mod guides;
mod masks;

use llmenv::explain::{all, explain};
use serde::Deserialize;

/// An error body as it was seen, and what was found to be behind it.
#[derive(Deserialize)]
struct Body {
    id: String,
    body: String,
    status: u16,
    confidence: String,
    causes: Vec<String>,
}

fn bodies() -> Vec<Body> {
    serde_json::from_str(include_str!("explain/bodies.json")).unwrap()
}

/// The shapes in which one body is pasted.
fn shapes(body: &str, status: u16) -> Vec<(&'static str, String)> {
    let escaped = serde_json::to_string(body).unwrap();
    let twice = serde_json::to_string(&escaped).unwrap();
    let python = body.replace("null", "None").replace('\'', "\\'").replace('"', "'");
    let html = body.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let compact = body.replace("\": ", "\":").replace(", \"", ",\"");
    let status = if status == 0 { String::new() } else { format!("{status}") };
    vec![
        ("as it is", body.to_owned()),
        ("after a status", format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\n\r\n{body}\r\n")),
        (
            "as Python shows it",
            format!(
                "Traceback (most recent call last):\n  File \"/app/main.py\", line 12, in <module>\n    main()\nopenai.AuthenticationError: Error code: {status} - {python}\n"
            ),
        ),
        (
            "as Node shows it",
            format!(
                "    at APIError.generate (/app/node_modules/openai/error.js:41:20) {{\n  status: {status},\n  error: {body}\n}}\n"
            ),
        ),
        ("in a JSON log", format!("{{\"level\":\"error\",\"time\":1795250000000,\"msg\":{escaped}}}")),
        ("in a JSON log of a JSON log", format!("{{\"log\":{twice},\"stream\":\"stderr\"}}")),
        ("in a web page", format!("<html><body><pre>{html}</pre></body></html>")),
        ("in colour", format!("\u{1b}[31mERROR\u{1b}[0m [{status}] \u{1b}[1m{body}\u{1b}[0m")),
        ("without blanks", compact),
        (
            "at the end of a log",
            format!("{}{body}\n", "2026-11-20 12:30:41 INFO request 17 took 31 ms\n".repeat(3_000)),
        ),
    ]
}

#[test]
fn every_known_body_is_known_in_every_shape() {
    let mut wrong = Vec::new();
    let (mut cells, mut sure) = (0, 0);
    for known in bodies() {
        let expected =
            all().iter().find(|form| form.id == known.id).unwrap_or_else(|| panic!("no form `{}`", known.id));
        for (shape, text) in shapes(&known.body, known.status) {
            let found = explain(&text);
            cells += 1;
            sure += usize::from(known.confidence == "high");
            let is_right = found.form.is_some_and(|form| {
                form.id == expected.id
                    || found.also.iter().any(|form| form.id == expected.id)
                    || known.confidence != "high" && form.causes.first() == expected.causes.first()
            });
            if !is_right {
                wrong.push(format!("{} {shape}: {:?}", known.id, found.form.map(|form| &form.id)));
            }
        }
        assert_eq!(expected.causes.is_empty(), known.causes.is_empty(), "{}", known.id);
    }
    println!("{} of {cells} texts are named right, {sure} of them of high confidence", cells - wrong.len());
    assert!(wrong.is_empty(), "{} of {cells}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_form_is_whole() {
    let mut ids: Vec<&str> = all().iter().map(|form| form.id.as_str()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), count, "an id twice");
    for form in all() {
        assert!(form.means.ends_with('.') && form.fix.ends_with('.'), "{}: sentences", form.id);
        assert!(!form.who.is_empty() && form.means.len() < 220 && form.fix.len() < 220, "{}", form.id);
    }
}

#[test]
fn other_texts_are_not_known() {
    for text in [
        "",
        " ",
        "error: could not compile `demo` due to 1 previous error",
        "Segmentation fault (core dumped)",
        "HTTP/1.1 200 OK\r\n\r\n{\"choices\":[{\"message\":{\"content\":\"Hello\"}}]}",
        "panic: runtime error: index out of range [401] with length 3",
        "\0\u{1b}[\u{1b}[31",
        "\\",
        "\\u12",
        "{{{{{{{{",
    ] {
        assert!(explain(text).form.is_none(), "{text:?}: {:?}", explain(text).form.map(|form| &form.id));
    }
}

/// Whatever is pasted: an answer, soon, and no panic.
#[test]
fn t12_anything_may_be_pasted() {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let bodies = bodies();
    for _ in 0..3_000 {
        let mut bytes = bodies[usize::try_from(next() % bodies.len() as u64).unwrap()].body.clone().into_bytes();
        for _ in 0..next() % 12 {
            let at = usize::try_from(next() % (bytes.len() as u64 + 1)).unwrap();
            match next() % 3 {
                0 if at < bytes.len() => drop(bytes.remove(at)),
                1 => bytes.insert(at, u8::try_from(next() & 0xff).unwrap()),
                _ => bytes.truncate(at.max(1)),
            }
        }
        let _ = explain(&String::from_utf8_lossy(&bytes));
    }
    for long in ["\\".repeat(2_000_000), "*".repeat(2_000_000), "&quot;".repeat(300_000), "401 ".repeat(500_000)] {
        let _ = explain(&long);
    }
}

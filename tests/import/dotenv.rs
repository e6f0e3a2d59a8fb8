//! `.env` files in every quoting that loaders know: one key comes out, with its line and with what rewriting would take.

use std::path::Path;

use llmenv::import::dotenv::read;
use llmenv::import::section::{Cut, Reading};

fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn of(text: &str) -> Reading {
    read(Path::new("/h/.env"), text.as_bytes())
}

/// `VARIABLE:line value` of each setting.
fn settings(reading: &Reading) -> Vec<String> {
    let all = reading.sections.iter().flat_map(|section| &section.settings);
    all.map(|s| {
        format!("{}:{} {}", s.variable, s.line.unwrap(), llmenv::sanitize::clean(s.value.expose()).value.expose())
    })
    .collect()
}

#[test]
fn every_quoting_gives_the_key() {
    let k = key();
    for line in [
        format!("OPENAI_API_KEY={k}"),
        format!("OPENAI_API_KEY={k}\r"),
        format!("export OPENAI_API_KEY={k}"),
        format!("OPENAI_API_KEY=\"{k}\""),
        format!("OPENAI_API_KEY='{k}'"),
        format!("OPENAI_API_KEY=`{k}`"),
        format!("OPENAI_API_KEY = {k}"),
        format!("OPENAI_API_KEY={k} # mine"),
        format!("OPENAI_API_KEY=\"{k}\" # mine"),
        format!("OPENAI_API_KEY=\"{k} \""),
        format!("\u{feff}OPENAI_API_KEY={k}"),
        format!("  OPENAI_API_KEY={k}"),
        format!("OPENAI_API_KEY=Bearer {k}"),
    ] {
        let reading = of(&format!("{line}\n"));
        assert_eq!(settings(&reading), [format!("OPENAI_API_KEY:1 {k}")], "{line:?}: {:?}", reading.oddities);
    }
}

#[test]
fn what_is_nobody_s_key_is_left_alone() {
    for text in
        ["DATABASE_URL=postgres://x\n", "OPENAI_API_KEY=\n", "# OPENAI_API_KEY=a\n", "PATH=/bin\n", "\0\0\0", ""]
    {
        assert_eq!(settings(&of(text)), Vec::<String>::new(), "{text:?}");
    }
    // A name of one's own with a key that is certainly somebody's.
    assert_eq!(settings(&of(&format!("MY_KEY={}\n", key()))), [format!("MY_KEY:1 {}", key())]);
}

#[test]
fn a_command_is_told_and_not_run() {
    let reading = of("OPENAI_API_KEY=$(cat /h/pwn)\n");
    let told: Vec<_> = reading.oddities.iter().map(|oddity| (oddity.id, oddity.line)).collect();
    assert_eq!((told, settings(&reading)), (vec![("read-differently", Some(1))], vec![]));
}

#[test]
fn the_lines_that_would_go_are_whole_ones() {
    let k = key();
    let cut = |text: &str| -> Vec<Option<String>> {
        let reading = of(text);
        let all = reading.sections.iter().flat_map(|section| &section.settings);
        all.map(|setting| match &setting.cut {
            Cut::Lines { span, .. } => Some(text[span.clone()].to_owned()),
            Cut::Member(_) | Cut::Not(_) => None,
        })
        .collect()
    };
    assert_eq!(
        cut(&format!("A=1\nexport OPENAI_API_KEY='{k}' # mine\nB=2\n")),
        [Some(format!("export OPENAI_API_KEY='{k}' # mine"))]
    );
    assert_eq!(cut(&format!("  OPENAI_API_KEY={k}\r\nB=2\r\n")), [Some(format!("  OPENAI_API_KEY={k}"))]);
    assert_eq!(cut(&format!("\u{feff}OPENAI_API_KEY={k}")), [Some(format!("OPENAI_API_KEY={k}"))]);
}

#[test]
fn a_later_line_overrides_an_earlier_one() {
    let (a, b) = (key(), format!("sk-or-v1-{}", "fedcba9876543210".repeat(4)));
    let reading = of(&format!("OPENAI_API_KEY={a}\nX=1\nOPENAI_API_KEY={b}\n"));
    let overridden: Vec<bool> = reading.sections[0].settings.iter().map(|setting| setting.is_overridden).collect();
    assert_eq!(settings(&reading), [format!("OPENAI_API_KEY:1 {a}"), format!("OPENAI_API_KEY:3 {b}")]);
    assert_eq!(overridden, [true, false]);
}

/// Nothing that a file may hold makes reading it fail.
#[test]
fn cut_at_every_byte_it_still_reads() {
    let text = format!("\u{feff}export OPENAI_API_KEY=\"{}\" # ü\r\nANTHROPIC_BASE_URL='https://a.example'\n", key());
    for end in 0..text.len() {
        let bytes = &text.as_bytes()[..end];
        for section in read(Path::new("/h/.env"), bytes).sections {
            for setting in section.settings {
                if let Cut::Lines { span, .. } = setting.cut {
                    assert!(span.start <= span.end && span.end <= bytes.len());
                }
            }
        }
    }
}

//! What is taken off around a pasted key, what is refused as a key, and what a mask shows.

#![allow(clippy::unwrap_used)]

use llmenv::fingerprint::{Fingerprint, Salt};
use llmenv::provider::{self, Provider};
use llmenv::sanitize::{self, Cleaned, Reason, clean, is_quote, vet};
use llmenv::secret::Secret;

use crate::provider::sample_keys;

/// A small generator, so that a failing input comes back at every run.
pub struct Random(pub u64);

impl Random {
    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        // Constants of Knuth's MMIX generator.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

fn openrouter() -> String {
    sample_keys()[0].1.clone()
}

fn row(id: &str) -> &'static Provider {
    provider::find(id).unwrap()
}

fn told(cleaned: &Cleaned) -> Vec<String> {
    cleaned.removed.iter().map(ToString::to_string).collect()
}

/// Cleans `before + key + after` and expects the key and these words.
fn expect(before: &str, after: &str, words: &[&str]) -> Option<String> {
    let key = openrouter();
    let cleaned = clean(&format!("{before}{key}{after}"));
    assert_eq!(cleaned.value.expose(), key, "{before:?} {after:?}");
    assert_eq!(told(&cleaned), words, "{before:?} {after:?}");
    cleaned.assigned_name
}

#[test]
fn a_clean_key_stays_as_it_is() {
    for (_, key) in sample_keys() {
        let cleaned = clean(&key);
        assert_eq!((cleaned.value.expose(), told(&cleaned), cleaned.assigned_name), (key.as_str(), vec![], None));
    }
    for key in
        ["abcdef0123==", "QUJDREVG/+x=", "0123456789abcdef.a1B2a1B2", "a:b", "ID:SECRETVALUE", "#abc#def", "{key}"]
    {
        assert_eq!(clean(key).value.expose(), key);
    }
}

#[test]
fn edges_and_line_ends_come_off() {
    expect(" ", "", &["a space in front"]);
    expect("", "  ", &["2 spaces at the end"]);
    expect("\t", "\t", &["a tab in front", "a tab at the end"]);
    expect("", "\n", &["a line break at the end"]);
    expect("", "\r", &["a carriage return at the end"]);
    expect("", "\r\n", &["a carriage return at the end", "a line break at the end"]);
    expect("", "\\n", &["a line break written as `\\n` at the end"]);
    expect("\u{feff}", "", &["a byte-order mark in front"]);
    expect("\u{a0}", "\u{a0}", &["a no-break space in front", "a no-break space at the end"]);
    expect("\u{3000}", "\u{2003}", &["a typographic space in front", "a typographic space at the end"]);
    expect("", "\u{2028}", &["a line break at the end"]);
    expect("\u{1b}[200~", "\u{1b}[201~", &["the terminal's paste markers"]);
}

#[test]
fn what_is_not_seen_comes_off_inside_too() {
    let key = openrouter();
    for (c, words) in [
        ('\u{200b}', "a zero-width character inside"),
        ('\u{200c}', "a zero-width character inside"),
        ('\u{200d}', "a zero-width character inside"),
        ('\u{2060}', "a zero-width character inside"),
        ('\u{feff}', "a byte-order mark inside"),
        ('\u{200e}', "a writing-direction mark inside"),
        ('\u{202e}', "a writing-direction mark inside"),
        ('\u{2066}', "a writing-direction mark inside"),
        ('\u{ad}', "an invisible character inside"),
        ('\u{34f}', "an invisible character inside"),
        ('\u{180e}', "an invisible character inside"),
        ('\u{2062}', "an invisible character inside"),
        ('\u{3164}', "an invisible character inside"),
        ('\u{fe0f}', "an invisible character inside"),
        ('\u{e0041}', "an invisible character inside"),
        ('\u{a0}', "a no-break space inside"),
        ('\u{202f}', "a no-break space inside"),
        ('\u{2009}', "a typographic space inside"),
        ('\u{2800}', "a typographic space inside"),
    ] {
        let cleaned = clean(&format!("{}{c}{}", &key[..20], &key[20..]));
        assert_eq!(
            (cleaned.value.expose(), told(&cleaned)),
            (key.as_str(), vec![words.to_owned()]),
            "U+{:04X}",
            u32::from(c)
        );
    }
    let cleaned = clean(&format!("{}\u{200b}{}\u{200d}{}", &key[..5], &key[5..9], &key[9..]));
    assert_eq!(told(&cleaned), ["2 zero-width characters inside"]);
    // A line break inside may join two things: it stays, and is refused.
    let broken = format!("{}\n{}", &key[..20], &key[20..]);
    assert_eq!(clean(&broken).value.expose(), broken);
}

#[test]
fn quotes_of_every_alphabet_come_off() {
    for (open, close) in [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('\u{b4}', '\u{b4}'),
        ('“', '”'),
        ('‘', '’'),
        ('„', '“'),
        ('‚', '‘'),
        ('‟', '”'),
        ('‛', '’'),
        ('”', '”'),
        ('«', '»'),
        ('»', '«'),
        ('‹', '›'),
        ('＂', '＂'),
        ('＇', '＇'),
        ('｀', '｀'),
        ('「', '」'),
        ('『', '』'),
        ('｢', '｣'),
        ('〝', '〞'),
        ('❝', '❞'),
        ('′', '′'),
        ('″', '″'),
    ] {
        expect(&open.to_string(), &close.to_string(), &[&format!("quotes around it ({open} {close})")]);
        expect(&open.to_string(), "", &[&format!("a quote in front ({open})")]);
        expect("", &close.to_string(), &[&format!("a quote at the end ({close})")]);
    }
    for c in '\u{2018}'..='\u{201f}' {
        assert!(is_quote(c), "U+{:04X}", u32::from(c));
        expect(&c.to_string(), &c.to_string(), &[&format!("quotes around it ({c} {c})")]);
    }
    expect("\\\"", "\\\"", &["quotes around it (\" \")"]);
    expect("\"'", "'\"", &["quotes around it (\" \")", "quotes around it (' ')"]);
}

#[test]
fn headers_come_off() {
    expect("Bearer ", "", &["`Bearer ` in front"]);
    expect("bearer\u{a0}", "", &["`Bearer ` in front"]);
    expect("Authorization: Bearer ", "", &["`Authorization: ` in front", "`Bearer ` in front"]);
    expect("x-api-key: ", "", &["`x-api-key: ` in front"]);
    expect("X-API-Key:", "", &["`x-api-key: ` in front"]);
    expect("api-key: ", "", &["`api-key: ` in front"]);
    expect("x-goog-api-key: ", "", &["`x-goog-api-key: ` in front"]);
    expect(
        "-H \"Authorization: Bearer ",
        "\"",
        &["`-H ` in front", "quotes around it (\" \")", "`Authorization: ` in front", "`Bearer ` in front"],
    );
    // Not a header: the beginning of a key.
    assert_eq!(clean("BearerOfGoodNews").value.expose(), "BearerOfGoodNews");
}

#[test]
fn assignments_come_off_and_name_their_variable() {
    for (before, after, words) in [
        ("OPENROUTER_API_KEY=", "", vec!["`OPENROUTER_API_KEY=` in front"]),
        ("OPENROUTER_API_KEY = ", "", vec!["`OPENROUTER_API_KEY=` in front"]),
        ("export OPENROUTER_API_KEY=", "", vec!["`export OPENROUTER_API_KEY=` in front"]),
        (
            "export OPENROUTER_API_KEY=\"",
            "\"",
            vec!["`export OPENROUTER_API_KEY=` in front", "quotes around it (\" \")"],
        ),
        ("export OPENROUTER_API_KEY=“", "”", vec!["`export OPENROUTER_API_KEY=` in front", "quotes around it (“ ”)"]),
        (
            "export OPENROUTER_API_KEY='",
            "';",
            vec!["`export OPENROUTER_API_KEY=` in front", "`;` at the end", "quotes around it (' ')"],
        ),
        ("set OPENROUTER_API_KEY=", "", vec!["`set OPENROUTER_API_KEY=` in front"]),
        ("SET OPENROUTER_API_KEY=", "", vec!["`SET OPENROUTER_API_KEY=` in front"]),
        ("set \"OPENROUTER_API_KEY=", "\"", vec!["`set OPENROUTER_API_KEY=` in front", "a quote at the end (\")"]),
        ("setx OPENROUTER_API_KEY ", "", vec!["`setx OPENROUTER_API_KEY ` in front"]),
        ("setx OPENROUTER_API_KEY \"", "\"", vec!["`setx OPENROUTER_API_KEY ` in front", "quotes around it (\" \")"]),
        ("set -gx OPENROUTER_API_KEY ", "", vec!["`set -gx OPENROUTER_API_KEY ` in front"]),
        ("$env:OPENROUTER_API_KEY=", "", vec!["`$env:OPENROUTER_API_KEY=` in front"]),
        ("$env:OPENROUTER_API_KEY = '", "'", vec!["`$env:OPENROUTER_API_KEY=` in front", "quotes around it (' ')"]),
        ("$Env:OPENROUTER_API_KEY=", "", vec!["`$Env:OPENROUTER_API_KEY=` in front"]),
        ("OPENROUTER_API_KEY: ", "", vec!["`OPENROUTER_API_KEY:` in front"]),
        (
            "OPENROUTER_API_KEY: \"",
            "\",",
            vec!["`OPENROUTER_API_KEY:` in front", "`,` at the end", "quotes around it (\" \")"],
        ),
        (
            "\"OPENROUTER_API_KEY\": \"",
            "\",",
            vec!["`\"OPENROUTER_API_KEY\":` in front", "`,` at the end", "quotes around it (\" \")"],
        ),
        (
            "{\"OPENROUTER_API_KEY\":\"",
            "\"}",
            vec!["`\"OPENROUTER_API_KEY\":` in front", "`}` at the end", "quotes around it (\" \")"],
        ),
        ("OPENROUTER_API_KEY=", " # mine", vec!["`OPENROUTER_API_KEY=` in front", "a comment at the end"]),
    ] {
        assert_eq!(expect(before, after, &words).as_deref(), Some("OPENROUTER_API_KEY"), "{before}");
    }
    expect("", ";", &["`;` at the end"]);
    expect("", ",", &["`,` at the end"]);
    expect("", " # rotated in May", &["a comment at the end"]);
    let name = expect(
        "OPENAI_API_KEY=export OPENAI_API_KEY=\"Bearer ",
        "\"\r\n",
        &[
            "a carriage return at the end",
            "a line break at the end",
            "`OPENAI_API_KEY=` in front",
            "`export OPENAI_API_KEY=` in front",
            "quotes around it (\" \")",
            "`Bearer ` in front",
        ],
    );
    assert_eq!(name.as_deref(), Some("OPENAI_API_KEY"));
    assert_eq!(expect("apiKey: '", "'", &["`apiKey:` in front", "quotes around it (' ')"]).as_deref(), Some("apiKey"));
}

#[test]
fn a_secret_never_stands_in_what_is_told() {
    for (_, key) in sample_keys() {
        for (before, after) in
            [("export X_KEY=\"Bearer ", "\";\r\n"), ("“", "”"), ("{\"k\": \"", "\"}"), ("", "\u{200b}")]
        {
            let cleaned = clean(&format!("{before}{key}{after}"));
            let said = format!("{:?} {}", cleaned, told(&cleaned).join(" "));
            assert!(!said.contains(&key[key.len() - 12..]), "{said}");
        }
    }
}

#[test]
fn cleaning_never_panics_and_is_stable() {
    let mut random = Random(1);
    let key = openrouter();
    let pieces: Vec<&str> = vec![
        &key,
        "export ",
        "set ",
        "setx ",
        "$env:",
        "NAME",
        "K=",
        "=",
        ":",
        " ",
        "\t",
        "\r",
        "\n",
        "\u{feff}",
        "\u{200b}",
        "\u{a0}",
        "\u{2028}",
        "“",
        "”",
        "'",
        "\"",
        "`",
        "\\",
        "\\n",
        ";",
        ",",
        "{",
        "}",
        "#",
        "Bearer ",
        "Authorization:",
        "-H ",
        "é",
        "😀",
        "\u{1b}[200~",
        "\u{1b}[",
        "200~",
        "201~",
        "\0",
        "\u{85}",
        "sk-",
        "…",
        "\u{10ffff}",
        "ENV ",
        "x-api-key:",
        "abc==",
    ];
    for _ in 0..15_000 {
        let typed: String = (0..random.below(10)).map(|_| pieces[random.below(pieces.len())]).collect();
        check_properties(&typed);
    }
    for _ in 0..5_000 {
        let typed: String = (0..random.below(24))
            .filter_map(|_| char::from_u32(u32::try_from(random.below(0x11_0000)).unwrap()))
            .collect();
        check_properties(&typed);
        let bytes: Vec<u8> = (0..random.below(24)).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        check_properties(&String::from_utf8_lossy(&bytes));
    }
    for huge in
        ["\"".repeat(1 << 20), "\u{200b}".repeat(1 << 18), ";'".repeat(4000), " ".repeat(1 << 20), "A=".repeat(4000)]
    {
        check_properties(&huge);
    }
}

fn check_properties(typed: &str) {
    let cleaned = clean(typed);
    let value = cleaned.value.expose();
    assert!(value.len() <= typed.len());
    let again = clean(value);
    // Longer texts are not peeled at all; what the first pass shortened may be peeled by the second.
    if typed.len() <= 8 * 1024 {
        assert_eq!((again.value.expose(), told(&again)), (value, vec![]), "{typed:?}");
    }
    assert!(!value.contains(sanitize::is_invisible), "{typed:?}");
    assert_eq!(value.trim(), value);
    assert_eq!(cleaned.removed.is_empty(), value == typed, "{typed:?}");
    for id in ["openrouter", "deepseek", "litellm-proxy"] {
        if let Err(refusal) = vet(row(id), &cleaned.value) {
            let said = refusal.to_string();
            assert!(!said.contains(char::is_control) && !said.contains('\n'), "{said:?}");
        }
    }
}

/// The sentence with which a provider refuses a value, and whether it can be forced.
fn refused(id: &str, value: &str) -> (String, bool) {
    let provider = if id == "custom" { provider::custom() } else { row(id) };
    let refusal = vet(provider, &Secret::new(value)).expect_err(&format!("{id} took a value of {} bytes", value.len()));
    let error = refusal.clone().into_error();
    assert_eq!(error.message, refusal.to_string());
    assert!(!error.hints.is_empty());
    let offers_force = error.hints.iter().any(|hint| hint.starts_with("`--force`"));
    assert_eq!(offers_force, refusal.is_forcible());
    (refusal.to_string(), refusal.is_forcible())
}

#[test]
fn every_providers_own_keys_are_taken() {
    for (id, key) in sample_keys() {
        let verdict = vet(row(id), &Secret::new(key.as_str()));
        let shape = row(id).shape_begun_by(&key);
        if shape.is_some_and(|shape| !shape.kind.calls_models()) {
            assert!(matches!(verdict.unwrap_err().reason, Reason::Kind { .. }), "{id}");
        } else {
            assert_eq!(verdict, Ok(()), "{id} {}", &key[..8]);
        }
    }
    let hex = "0123456789abcdef";
    for (id, key) in [
        ("azure-openai", hex.repeat(2)),
        ("azure-openai", "a1B2c3D4".repeat(11)[..84].to_owned()),
        ("mistral", hex.repeat(2)),
        ("deepseek", format!("sk-{}", hex.repeat(2))),
        ("dashscope-cn", format!("sk-{}", hex.repeat(2))),
        ("together", hex.repeat(4)),
        ("zai", format!("{}.{}", hex.repeat(2), "a1B2".repeat(4))),
        ("poe", "anything-at-all-0".to_owned()),
        ("litellm-proxy", "sk-changeme".to_owned()),
        ("vllm", "changeme".to_owned()),
        ("custom", "some-relay-key-42".to_owned()),
        ("gemini", format!("AQ.{}", "a1B2".repeat(10))),
        ("cloudflare-ai-gateway", sample_keys()[1].1.clone()),
    ] {
        let provider = if id == "custom" { provider::custom() } else { row(id) };
        assert_eq!(vet(provider, &Secret::new(key)), Ok(()), "{id}");
    }
}

#[test]
fn another_providers_key_is_refused_by_name() {
    for (owner, key) in sample_keys() {
        for provider in provider::all().iter().chain([provider::custom()]) {
            if provider.id == owner || provider.passes_keys {
                continue;
            }
            match vet(provider, &Secret::new(key.as_str())).expect_err(&provider.id).reason {
                Reason::OtherProvider { owner: found, .. } | Reason::Kind { owner: found, .. } => {
                    assert_eq!(found.id, owner, "{}", provider.id);
                }
                other => panic!("{} on a key of {owner}: {other:?}", provider.id),
            }
        }
    }
    let sentence = refused("openai", &openrouter());
    assert_eq!(sentence, ("that is a key of OpenRouter (`sk-or-v1-…`), not of OpenAI".to_owned(), true));
    let groq = &sample_keys().iter().find(|(id, _)| *id == "groq").unwrap().1.clone();
    assert_eq!(refused("xai", groq).0, "that is a key of Groq (`gsk_…`), not of xAI (Grok)");
    // The beginning is enough: a cut-off key of somebody else is somebody else's.
    assert_eq!(refused("openai", &openrouter()[..30]).0, "that is a key of OpenRouter (`sk-or-v1-…`), not of OpenAI");
    assert_eq!(
        refused("custom", &openrouter()).0,
        "that is a key of OpenRouter (`sk-or-v1-…`), not of a custom endpoint"
    );
    let error = vet(row("openai"), &Secret::new(openrouter())).unwrap_err().into_error();
    assert_eq!(
        error.hints,
        [
            "use `--provider openrouter`, or copy the key again from https://platform.openai.com/api-keys",
            "`--force` takes it all the same, for a relay that gives out such keys",
        ]
    );
}

#[test]
fn placeholders_are_refused() {
    for value in [
        "your-api-key-here",
        "YOUR_API_KEY",
        "your_openai_key",
        "sk-your-key-here",
        "sk-or-v1-your-key",
        "sk-ant-api03-your-key-here",
        "YOUR-ACTUAL-KEY-HERE",
        "sk-...",
        "sk-proj-...",
        "sk-proj-1234",
        "sk-1234",
        "sk-abc123",
        "sk-xxxx",
        "sk-or-v1-xxxxxxxx",
        "xxxx",
        "XXXXXXXXXXXX",
        "changeme",
        "CHANGE_ME",
        "replace-me",
        "<key>",
        "<your key>",
        "[your key]",
        "{api_key}",
        "insert-key-here",
        "paste_your_token_here",
        "api-key-goes-here",
        "my-api-key",
        "gsk_MY_KEY",
        "dummy",
        "none",
        "null",
        "undefined",
        "todo",
        "pass",
        "user_provided",
        "not-needed",
        "placeholder",
        "example-key",
        "llmenv-no-key",
        "ollama",
    ] {
        assert_eq!(refused("openai", value).0, "that is a guide's placeholder, not a key", "{value}");
    }
    assert!(refused("openai", "your-api-key-here").1);
    assert!(!refused("openai", "<your key>").1, "a blank cannot be forced");
    assert!(!refused("openai", "none").1, "four bytes cannot be forced");
    let full = format!("gsk_{}", "x".repeat(52));
    assert_eq!(refused("groq", &full).0, "that is a guide's placeholder, not a key");
}

#[test]
fn masks_are_refused() {
    for value in [
        "sk-or-v1-abc…def",
        "sk-or-v1-abc...def",
        "sk-or-v1-****",
        "****",
        "•••",
        "sk-proj-abc...",
        "********",
        "****_KEY",
        "gs***tF",
    ] {
        assert_eq!(refused("openrouter", value).0, "that is a masked key: its middle is missing", "{value}");
    }
    assert!(!refused("openrouter", "sk-or-v1-abc…def").1, "a character beyond ASCII cannot be forced");
    assert!(refused("openrouter", "sk-or-v1-abc...def").1);
}

#[test]
fn references_and_addresses_are_refused() {
    for (value, notation) in [
        ("op://dev/openai/credential", "op://"),
        ("${OPENAI_API_KEY}", "${ }"),
        ("$OPENAI_API_KEY", "$NAME"),
        ("%OPENAI_API_KEY%", "%NAME%"),
        ("${{ secrets.OPENAI }}", "${{ }}"),
        ("$(pass show x)", "$( )"),
        ("/run/secrets/openai", "/run/secrets/"),
        ("$env:OPENAI_API_KEY", "$env:NAME"),
    ] {
        let sentence = format!("that is a reference (`{notation}`) which nothing has replaced by the key");
        assert_eq!(refused("openai", value), (sentence, false));
    }
    for value in [
        "https://openrouter.ai/api/v1",
        "http://localhost:11434",
        "openrouter.ai/api/v1",
        "api.openai.com",
        "HTTPS://x.example",
    ] {
        assert_eq!(refused("openrouter", value), ("that is an address, not a key".to_owned(), false), "{value}");
    }
    let token = format!("llmenv_{}", "a1".repeat(22));
    assert_eq!(
        refused("openai", &token),
        ("that is a token of llmenv's own proxy, not a provider's key".to_owned(), false)
    );
}

#[test]
fn keys_that_call_no_models_are_refused() {
    let long = "a1B2".repeat(20);
    for (id, value, sentence) in [
        (
            "openai",
            format!("sk-admin-{long}"),
            "that is an admin key of OpenAI: it calls no models and manages the whole organisation",
        ),
        (
            "anthropic",
            format!("sk-ant-admin01-{long}"),
            "that is an admin key of Anthropic: it calls no models and manages the whole organisation",
        ),
        ("anthropic", format!("sk-ant-ort01-{long}"), "that is a refresh token of Anthropic: it calls no models"),
        ("anthropic", format!("sk-ant-sid01-{long}"), "that is a browser session of Anthropic, not a key"),
        ("custom", format!("sk-ant-ort01-{long}"), "that is a refresh token of Anthropic: it calls no models"),
        (
            "cloudflare-ai-gateway",
            format!("sk-admin-{long}"),
            "that is an admin key of OpenAI: it calls no models and manages the whole organisation",
        ),
    ] {
        assert_eq!(refused(id, &value), (sentence.to_owned(), false));
    }
    assert_eq!(vet(row("anthropic"), &Secret::new(format!("sk-ant-oat01-{long}"))), Ok(()));
}

#[test]
fn a_key_of_the_wrong_length_or_alphabet_is_refused() {
    let key = openrouter();
    let cases = [
        (key[..41].to_owned(), "the key is cut off: it has 41 characters, a key of OpenRouter has 73 or more"),
        (format!("{key}00"), "the key is too long: it has 75 characters, a key of OpenRouter has at most 73"),
        (format!("{}O", &key[..72]), "character 73 cannot be in a key of OpenRouter, which has only 0-9a-f there"),
        (
            format!("{}l{}", &key[..13], &key[14..]),
            "character 14 cannot be in a key of OpenRouter, which has only 0-9a-f there",
        ),
        ("0123456789".repeat(4), "that does not look like a key of OpenRouter, which starts with `sk-or-v1-`"),
        (key[3..].to_owned(), "that does not look like a key of OpenRouter, which starts with `sk-or-v1-`"),
    ];
    for (value, sentence) in cases {
        assert_eq!(refused("openrouter", &value), (sentence.to_owned(), true));
    }
    let openai = sample_keys()[1].1.clone();
    assert_eq!(
        refused("openai", &openai[..50]).0,
        "the key is cut off: it has 50 characters, a key of OpenAI has 56 or more"
    );
    assert_eq!(refused("openai", &openai[..80]).0, "the key starts like a key of OpenAI but is not built like one");
}

#[test]
fn keys_in_a_row_are_refused() {
    let (or, oa, an) = (openrouter(), sample_keys()[1].1.clone(), sample_keys()[7].1.clone());
    for (id, value, sentence, forcible) in [
        ("openrouter", format!("{or}{or}"), "that is the same key twice in a row", true),
        ("openrouter", format!("{or}{oa}"), "that is two keys in a row", true),
        ("openrouter", format!("{or},{oa}"), "that is two keys in a row", true),
        ("openrouter", format!("{or};{or}"), "that is the same key twice in a row", true),
        ("openrouter", format!("{or} {oa}"), "that is two keys in a row", false),
        ("openai", format!("{oa}{oa}"), "that is the same key twice in a row", true),
        ("anthropic", format!("{an}{an}"), "that is the same key twice in a row", true),
        ("azure-openai", "0123456789abcdef".repeat(4), "that is the same key twice in a row", true),
    ] {
        assert_eq!(refused(id, &value), (sentence.to_owned(), forcible), "{id}");
    }
}

/// Threat T08: nothing but visible ASCII without quotes and backslash, 8 to 512 bytes, ever becomes a key; not by force either.
#[test]
fn t08_key_charset() {
    let is_taken_by_force = |value: &str| match vet(provider::custom(), &Secret::new(value)) {
        Ok(()) => true,
        Err(refusal) => refusal.is_forcible(),
    };
    let around = |c: char| format!("q7Wz{c}m3Kp9");
    for code in (0..=0xffff).chain(0xe_0000..=0xe_0fff) {
        let Some(c) = char::from_u32(code) else { continue };
        let allowed = ('\x21'..='\x7e').contains(&c) && !"\"'`\\".contains(c);
        assert_eq!(is_taken_by_force(&around(c)), allowed, "U+{code:04X}");
    }
    for (value, sentence) in [
        (around(' '), "character 5 cannot be in a key: a space"),
        (around('\n'), "character 5 cannot be in a key: a line break"),
        (around('\r'), "character 5 cannot be in a key: a carriage return"),
        (around('\t'), "character 5 cannot be in a key: a tab"),
        (around('\0'), "character 5 cannot be in a key: a control character (U+0000)"),
        (around('\u{1b}'), "character 5 cannot be in a key: a control character (U+001B)"),
        (around('"'), "character 5 cannot be in a key: a quote (\")"),
        (around('’'), "character 5 cannot be in a key: a quote (U+2019)"),
        (around('\\'), "character 5 cannot be in a key: a backslash"),
        (around('–'), "character 5 cannot be in a key: a typographic dash (U+2013) where `-` may have been"),
        (around('é'), "character 5 cannot be in a key: U+00E9, which is not ASCII"),
        (around('\u{200b}'), "character 5 cannot be in a key: U+200B, which is not ASCII"),
        (String::new(), "there is no key in what was given"),
        ("q7Wzm3K".to_owned(), "the key has 7 bytes, and one of 8 to 512 is needed"),
        ("q7Wz".repeat(129), "the key has 516 bytes, and one of 8 to 512 is needed"),
    ] {
        assert_eq!(refused("custom", &value), (sentence.to_owned(), false));
    }
    assert!(is_taken_by_force("q7Wzm3Kp") && is_taken_by_force(&"q7Wz".repeat(128)));
    // Whatever passes is a header value and a variable as it is.
    let mut random = Random(3);
    let mut passed = 0;
    for _ in 0..20_000 {
        let value: String =
            (0..random.below(40)).map(|_| char::from(u8::try_from(0x1f + random.below(0x61)).unwrap())).collect();
        if is_taken_by_force(&value) {
            passed += 1;
            assert!(value.bytes().all(|b| (0x21..=0x7e).contains(&b)) && (8..=512).contains(&value.len()));
            assert!(llmenv::env_patch::is_servable(&value));
        }
    }
    assert!(passed > 100, "{passed} of the random values passed: the test tests nothing");
}

/// Threat T24: a mask shows at most the last four characters of a value of 20 or more, a fingerprint is salted and short.
#[test]
fn t24_mask_never_shows_a_quarter() {
    for length in 0..=200 {
        let value: String = ('!'..='~').cycle().skip(40).filter(char::is_ascii_alphanumeric).take(length).collect();
        let secret = Secret::new(value.as_str());
        let shown = secret.shown("openrouter");
        let revealed = shown.strip_prefix("openrouter …").map_or(0, str::len);
        assert!(revealed * 4 < length.max(1), "{length}: {shown}");
        assert_eq!(revealed, if length >= 20 { 4 } else { 0 }, "{length}: {shown}");
        if length >= 5 {
            assert!(!shown.contains(&value[..5]), "{shown}");
            assert!(!format!("{secret:?}").contains(&value[length - 4..]), "{secret:?}");
        }
    }
    assert_eq!(Secret::new("é".repeat(30)).shown("x"), "x (short key)");
    let secret = Secret::new(openrouter());
    let (one, other) = (Fingerprint::of(&Salt([1; 32]), &secret), Fingerprint::of(&Salt([2; 32]), &secret));
    assert_ne!(one, other, "the salt does not matter");
    assert_eq!(one, Fingerprint::of(&Salt([1; 32]), &secret));
    assert_eq!(one.short().len(), 8);
    assert!(one.hex().starts_with(&one.short()));
    assert_eq!(Fingerprint::from_hex(&one.hex()), Some(one));
    // No refusal repeats a part of what it refuses.
    for (_, key) in sample_keys() {
        for value in [format!("{key}{key}"), format!("{key} x"), key[..key.len() - 3].to_owned(), format!("{key}é")] {
            for provider in provider::all() {
                let Err(refusal) = vet(provider, &Secret::new(value.as_str())) else { continue };
                let said = refusal.into_error().to_string();
                assert!(!said.contains(&key[key.len() - 10..key.len() - 3]), "{said}");
            }
        }
    }
}

//! JSON comes out the way it went in.

use llmenv::dialect::json::Json;

fn round(text: &str) -> String {
    Json::parse(text).unwrap_or_else(|| panic!("not read: {text}")).to_string()
}

#[test]
fn order_numbers_and_unknown_members_stay() {
    let text = r#"{"z":1.0,"a":12345678901234567890123,"m":-0.0e+7,"n":null,"l":[1,[],{}],"u":"é\u2028"}"#;
    assert_eq!(round(text), text.replace("\\u2028", "\u{2028}"));
    assert_eq!(round(r#""\ud83d\ude00 \ud800 \/ \b""#), "\"😀 \u{fffd} / \\u0008\"");
}

#[test]
fn what_is_not_json_is_refused() {
    for text in ["", "{", "[1,]", "{\"a\"}", "01", "1.", "tru", "\"\\x\"", "{} {}", "-", "\"\\u12\"", "nul"] {
        assert_eq!(Json::parse(text), None, "{text}");
    }
    assert_eq!(Json::parse(&"[".repeat(100_000)), None, "depth is limited");
}

//! `--format json`, read by a JSON parser.

use std::collections::BTreeMap;

use super::{env, values, written};

#[test]
fn t13_quote_json() {
    for values in [values::awkward(), values::random(0x6a73_6f6e, 600)] {
        let vars = super::numbered("json", &values, |_| true);
        let text = written("json", &vars, &["GONE"]).text;
        assert!(text.is_ascii());
        let mut read: BTreeMap<String, Option<String>> = serde_json::from_str(&text).unwrap();
        assert_eq!(read.remove("GONE"), Some(None));
        let sent: BTreeMap<_, _> = vars.into_iter().map(|(name, value)| (name, Some(value))).collect();
        assert!(read == sent);
    }
}

#[test]
fn json_is_one_object_with_null_for_what_goes() {
    let text = written("json", &env(&[("A_KEY", "k\"’"), ("A_BASE_URL", "https://x")]), &["B_KEY"]).text;
    assert_eq!(*text, "{\n  \"B_KEY\": null,\n  \"A_BASE_URL\": \"https://x\",\n  \"A_KEY\": \"k\\\"\\u2019\"\n}\n");
}

//! The JSON of one key: exact going out, strict coming in, silent about what it read.

use llmenv::secret::Secret;
use llmenv::store::{StoreKind, StoredKey, item_user};

use super::key;

#[test]
fn writes_the_documented_json_and_reads_it_back() {
    let stored = StoredKey {
        key: Secret::new("sk-test-0123456789"),
        origin: "https://api.example.com:8443".into(),
        more: [("B".to_owned(), Secret::new("2")), ("A".to_owned(), Secret::new("\"1\""))].into(),
    };
    let json = stored.encode().unwrap();
    assert_eq!(
        std::str::from_utf8(&json).unwrap(),
        r#"{"v":1,"key":"sk-test-0123456789","origin":"https://api.example.com:8443","more":{"A":"\"1\"","B":"2"}}"#
    );
    assert!(StoredKey::decode(&json).unwrap().same_as(&stored));
    assert!(!stored.same_as(&key("x")));
    // `more` may be left out by a person who made the item by hand.
    assert!(StoredKey::decode(br#"{"v":1,"key":"k","origin":"http://127.0.0.1:8000"}"#).unwrap().more.is_empty());
}

#[test]
fn refuses_everything_else_without_repeating_it() {
    let bad: &[&str] = &[
        "",
        "canary",
        "null",
        "[]",
        r#"{"v":1}"#,
        r#"{"v":2,"key":"canary","origin":"https://a.example","more":{}}"#,
        r#"{"key":"canary","origin":"https://a.example","more":{}}"#,
        r#"{"v":1,"key":"canary","key":"canary","origin":"https://a.example","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"https://a.example","more":{"A":"x","A":"y"}}"#,
        r#"{"v":1,"key":"canary","origin":"https://a.example","more":{},"canary":1}"#,
        r#"{"v":1,"key":["canary"],"origin":"https://a.example","more":{}}"#,
        r#"{"v":1,"key":"","origin":"https://a.example","more":{}}"#,
        r#"{"v":1,"key":"canary\n","origin":"https://a.example","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"https://a.example/v1","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"https://A.example","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"https://u:canary@a.example","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"a.example","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"file:///canary","more":{}}"#,
        r#"{"v":1,"key":"canary","origin":"https://a.example","more":{"A=B":"x"}}"#,
        r#"{"v":1,"key":"canary","origin":"https://a.example","more":{}} x"#,
    ];
    for json in bad {
        let err = StoredKey::decode(json.as_bytes()).expect_err(json);
        assert!(!err.to_string().contains("canary"), "{err}");
    }
    assert!(StoredKey::decode(&[0xff, 0xfe]).is_err());
    assert!(StoredKey::decode(&vec![b' '; 2 * 1024 * 1024]).is_err());
}

#[test]
fn t11_debug_shows_no_value() {
    let stored = key("canary");
    assert!(!format!("{stored:?}").contains("canary"));
}

#[test]
fn words_and_names() {
    for kind in [StoreKind::Keyring, StoreKind::Vault] {
        assert_eq!(StoreKind::from_word(kind.word()), Some(kind));
        assert_eq!(serde_json::to_string(&kind).unwrap(), format!("\"{}\"", kind.word()));
    }
    assert_eq!(StoreKind::from_word("plain"), None);
    assert_eq!(item_user("work"), "profile:work");
    assert_eq!(item_user("internal:backups"), "internal:backups");
}

//! Which key a masked one was.

use llmenv::explain::explain;
use llmenv::secret::Secret;
use sha2::{Digest, Sha256};

fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn other() -> String {
    format!("sk-or-v1-{}", "fedcba9876543210".repeat(4))
}

#[test]
fn every_way_of_masking_fits_its_key_and_no_other() {
    let (key, other) = (Secret::new(key()), Secret::new(other()));
    let hash: String = Sha256::digest(key.expose()).iter().map(|byte| format!("{byte:02x}")).collect();
    let whole = key.expose().to_owned();
    for text in [
        format!("Incorrect API key provided: sk-or-v1{}cdef. You can find your API key at https://x.", "*".repeat(40)),
        "Incorrect API key provided: sk-or-v1-0***cdef.".into(),
        "{\"message\": \"Authentication Fails, Your api key: ****cdef is invalid\"}".into(),
        "Received API Key = sk-...cdef, Key Hash (Token) =569909a9…".into(),
        "key sk-or-v1-0123…cdef was refused".into(),
        "•••••cdef".into(),
        format!("Received API Key = sk-...xxxx, Key Hash (Token) ={hash} Unable to find token"),
        format!("Incorrect API key provided: {whole}."),
    ] {
        let masks = explain(&text).masks;
        assert!(masks.iter().any(|mask| mask.fits(&key)), "{text}: {masks:?}");
        assert!(!masks.iter().any(|mask| mask.fits(&other)), "{text}: {masks:?}");
        for mask in masks {
            assert!(!mask.shown().contains(&whole), "{text}");
        }
    }
}

#[test]
fn a_mask_that_says_too_little_fits_nothing() {
    let key = Secret::new(key());
    for text in [
        "Incorrect API key provided: sk-or-v1*************.",
        "Incorrect API key provided: sk-****.",
        "Your api key: ****ef is invalid",
        "*** stars *** around *** words ***",
        "see lines 3...9 and so on...",
        "glob src/**/*.rs",
        "a*b",
    ] {
        assert!(!explain(text).masks.iter().any(|mask| mask.fits(&key)), "{text}");
    }
}

#[test]
fn a_placeholder_is_seen_too() {
    let masks = explain("Incorrect API key provided: user_pro*ided.").masks;
    assert_eq!(masks[0].shown(), "user_pro…ided");
    assert!(masks[0].fits(&Secret::new("user_provided")));
}

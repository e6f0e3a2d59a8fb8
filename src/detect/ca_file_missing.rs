//! A file of certificates that is not there, or is none: every TLS connection fails.

use std::path::Path;

use super::{Detector, Finding, Look};
use crate::bounded::{self, Links, NotRead};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["ca-file-missing"], find };

/// Variables that name a file of certificates.
const CA_FILES: [&str; 5] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "HTTPLIB2_CA_CERTS"];
/// The whole world's roots have 300 KB.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in CA_FILES {
        let Some(text) = look.text(name) else { continue };
        let what = match bounded::read(&look.scene.cwd.join(Path::new(text)), MAX_BYTES, Links::Follow) {
            Ok((bytes, _)) if bytes.is_empty() => "is empty",
            Ok((bytes, _)) if !is_certificates(&bytes) => "holds no certificate",
            // `requests` takes a folder, too.
            Err(NotRead::NotAFile("a folder")) if name == "REQUESTS_CA_BUNDLE" || name == "CURL_CA_BUNDLE" => continue,
            Ok(_) | Err(NotRead::TooLarge) => continue,
            Err(NotRead::Missing) => "is not there",
            Err(_) => "cannot be read",
        };
        let what = format!("{name} names a file that {what}, so every TLS connection fails");
        let finding = Finding::error("ca-file-missing", what).variable(name).at(look.here(name));
        found.push(finding.data("file", text).hint(format!("correct it, or `unset {name}`")));
    }
    found
}

/// PEM, or DER, which begins with a sequence.
fn is_certificates(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"-----BEGIN ";
    bytes.starts_with(&[0x30, 0x82]) || bytes.windows(MARK.len()).any(|window| window == MARK)
}

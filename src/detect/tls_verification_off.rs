//! A switch that lets anybody on the way read the key.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["tls-verification-off"], find };

fn find(look: &Look) -> Vec<Finding> {
    let off = ["NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY"];
    let set = off.into_iter().filter(|name| look.text(name) == Some("0"));
    set.map(|name| {
        let finding = Finding::error("tls-verification-off", format!("{name}=0 lets anybody on the way read the key"));
        finding
            .variable(name)
            .at(look.here(name))
            .hint(format!("`unset {name}`, and name the root with NODE_EXTRA_CA_CERTS"))
    })
    .collect()
}

//! A SOCKS proxy for everything: Python's SDKs cannot use one without an extra package.

use super::{Detector, Finding, Look};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["socks-proxy"], find };

fn find(look: &Look) -> Vec<Finding> {
    let Some(name) = ["ALL_PROXY", "all_proxy"]
        .into_iter()
        .find(|name| look.text(name).is_some_and(|text| text.starts_with("socks")))
    else {
        return Vec::new();
    };
    let what = format!("{name} names a SOCKS proxy: Python's SDKs fail at once where `socksio` is not installed");
    let finding = Finding::warning("socks-proxy", what).variable(name).at(look.here(name));
    vec![finding.hint(format!("`pip install \"httpx[socks]\"` where the program runs, or `unset {name}` for it"))]
}

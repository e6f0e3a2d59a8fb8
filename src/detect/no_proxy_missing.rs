//! Requests to a server on this machine that a proxy variable sends out, key and all.

use super::look::host_of;
use super::{Detector, Finding, Look, is_this_machine};
use crate::profile::Family;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["no-proxy-missing"], find };

fn find(look: &Look) -> Vec<Finding> {
    let either = |name: &str| look.text(name).or_else(|| look.text(&name.to_ascii_uppercase()));
    let scheme_proxy = |scheme: &str| either(&format!("{scheme}_proxy")).or_else(|| either("all_proxy"));
    let exceptions = either("no_proxy").unwrap_or_default();
    for base in Family::ALL.map(Family::base_url_variable) {
        let Some(url) = look.text(base) else { continue };
        let Some(host) = host_of(url).filter(|host| is_this_machine(host)) else { continue };
        let scheme = if url.starts_with("https:") { "https" } else { "http" };
        let host = host.trim_matches(['[', ']']).to_owned();
        let is_excepted = exceptions.split([',', ' ']).map(str::trim).any(|part| {
            let part = part.trim_start_matches('.').trim_matches(['[', ']']);
            part == "*"
                || !part.is_empty()
                    && (host == part
                        || host.ends_with(&format!(".{part}"))
                        || part.starts_with("127.") && host.starts_with("127.") && part.contains('/'))
        });
        if scheme_proxy(scheme).is_none() || is_excepted {
            continue;
        }
        let what =
            format!("{base} is on this machine, and requests to it go through the proxy variable, the key with them");
        let finding = Finding::warning("no-proxy-missing", what).variable(base).at(look.here(base));
        return vec![finding.hint("set NO_PROXY=localhost,127.0.0.1,::1 (and no_proxy)")];
    }
    Vec::new()
}

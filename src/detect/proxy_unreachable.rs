//! A proxy on this machine that does not run: Python fails, Node, which ignores the variable, works.

use url::Url;

use super::{Detector, Finding, Look, is_this_machine, ports};
use crate::printable;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["proxy-unreachable"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut told: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for name in ["https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        let Some(text) = look.text(name).filter(|text| !told.iter().any(|known| known == text)) else { continue };
        told.push(text.to_owned());
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let Ok(url) = Url::parse(&with_scheme) else {
            let what = format!("{name} is no address");
            let finding = Finding::warning("proxy-unreachable", what).variable(name).at(look.here(name));
            found.push(finding.hint("write it like `http://HOST:PORT`"));
            continue;
        };
        let Some(host) = url.host_str().filter(|host| is_this_machine(host)) else { continue };
        let port = url.port_or_known_default().unwrap_or(1080);
        let is_dead = ports::listeners(look).is_some_and(|listeners| !ports::is_listened_on(&listeners, host, port));
        if is_dead {
            let what = format!(
                "{name} names a proxy at {}:{port}, and nobody listens there: Python fails, Node goes past it",
                printable::text(host)
            );
            let finding = Finding::warning("proxy-unreachable", what).variable(name).at(look.here(name));
            found.push(finding.data("port", port).hint(format!("start the proxy, or `unset {name}`")));
        }
    }
    found
}

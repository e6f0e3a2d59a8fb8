//! `localhost` that is `::1` first, while the server listens on 127.0.0.1 alone: some clients try only the first.

use std::net::{IpAddr, Ipv4Addr};

use url::Url;

use super::{Detector, Finding, Look, ports};
use crate::profile::Family;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["localhost-ipv6"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for base in Family::ALL.map(Family::base_url_variable) {
        let Some(url) = look.text(base).and_then(|text| Url::parse(text).ok()).filter(|_| !look.is_own(base)) else {
            continue;
        };
        let (Some("localhost"), Some(port)) = (url.host_str(), url.port_or_known_default()) else { continue };
        let Some(listeners) = ports::listeners(look) else { continue };
        let on = |wanted: fn(&IpAddr) -> bool| listeners.iter().any(|(ip, of)| *of == port && wanted(ip));
        let is_v4_only =
            on(|ip| *ip == IpAddr::V4(Ipv4Addr::LOCALHOST)) && !on(|ip| ip.is_ipv6() || ip.is_unspecified());
        if !is_v4_only || !is_ipv6_first(look) {
            continue;
        }
        let what = format!(
            "{base} says localhost, which is ::1 first here, and the server on port {port} listens on 127.0.0.1 alone"
        );
        let finding = Finding::warning("localhost-ipv6", what).variable(base).at(look.here(base));
        found.push(finding.data("port", port).hint("write 127.0.0.1 in place of localhost"));
    }
    found
}

/// Whether the first line of the hosts file with that name is IPv6's and no line is IPv4's before it.
fn is_ipv6_first(look: &Look) -> bool {
    let Some(hosts) = look.read_text(&look.scene.root.join("etc/hosts")) else { return false };
    let mut lines = hosts.lines().filter_map(|line| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let ip = words.next()?.parse::<IpAddr>().ok()?;
        words.any(|word| word == "localhost").then_some(ip)
    });
    lines.next().is_some_and(|ip| ip.is_ipv6())
}

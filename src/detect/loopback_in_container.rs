//! Inside a container, `localhost` is the container, and outside, `host.docker.internal` is nobody.

use url::Url;

use super::{Detector, Finding, Look, is_this_machine, ports};
use crate::profile::Family;

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["loopback-in-container"], find };

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    let marks = [".dockerenv", "run/.containerenv"];
    let is_container = marks.iter().any(|mark| look.scene.root.join(mark).exists());
    let hosts = look.read_text(&look.scene.root.join("etc/hosts")).map(|text| text.to_string()).unwrap_or_default();
    let knows_host = |name: &str| {
        hosts.lines().any(|line| {
            line.split('#').next().unwrap_or_default().split_ascii_whitespace().skip(1).any(|word| word == name)
        })
    };
    for base in Family::ALL.map(Family::base_url_variable) {
        let Some(url) = look.text(base).and_then(|text| Url::parse(text).ok()).filter(|_| !look.is_own(base)) else {
            continue;
        };
        let (Some(host), port) = (url.host_str(), url.port_or_known_default().unwrap_or(80)) else { continue };
        if host == "host.docker.internal" {
            if !is_container && cfg!(target_os = "linux") && !knows_host(host) {
                let what = format!("{base} names host.docker.internal, which only containers know");
                let finding = Finding::warning("loopback-in-container", what).variable(base).at(look.here(base));
                found.push(finding.hint("write 127.0.0.1 outside of containers"));
            }
            continue;
        }
        // Where somebody listens in here, that is who is meant. Without a way to the host nobody can have meant the host.
        let is_served = ports::listeners(look).is_some_and(|listeners| ports::is_listened_on(&listeners, host, port));
        let way = ["host.docker.internal", "host.containers.internal"].into_iter().find(|name| knows_host(name));
        let Some(way) = way.filter(|_| is_container && is_this_machine(host) && !is_served) else { continue };
        let what = format!(
            "{base} is {host}, and this is a container, where nobody listens on port {port}: that is the container itself"
        );
        let finding = Finding::warning("loopback-in-container", what).variable(base).at(look.here(base));
        found.push(finding.hint(format!("write {way} in place of {host}")));
    }
    found
}

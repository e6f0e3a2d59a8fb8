//! Where a key may go: nowhere but to the address that was asked for.

use llmenv::config::Network;
use llmenv::net::Kind;

use super::fetch;
use crate::support::Home;
use crate::support::upstream::{Authority, Reply, Upstream};

#[test]
fn t06_a_redirect_is_an_answer_and_nobody_else_gets_a_byte() {
    let (home, authority) = (Home::new(), Authority::new());
    let other = Upstream::plain(|_| Reply::json(200, "{}"));
    let proxy = Upstream::proxy(&authority, |seen| match seen.target.split_once("?to=") {
        Some((status, to)) => Reply::redirect(status.trim_start_matches('/').parse().unwrap(), to),
        None => Reply::json(200, "{\"followed\":true}"),
    });
    let network = Network {
        https_proxy: Some(proxy.at("")),
        ca_file: Some(authority.write(&home.path(""))),
        ..Network::default()
    };
    let mut asked = 0;
    for status in [301, 302, 303, 307, 308] {
        for to in [
            other.at("/downgraded"),
            "https://elsewhere.example/".to_owned(),
            "https://api.example.com:8443/other-port".to_owned(),
            "/same-host".to_owned(),
            "//elsewhere.example/".to_owned(),
        ] {
            let (came, body) = fetch(&network, &format!("https://api.example.com/{status}?to={to}")).unwrap();
            assert_eq!((came, body.as_str()), (status, ""), "{to}");
            asked += 1;
        }
    }
    assert_eq!(other.connections(), 0, "the place that a redirect named was contacted");
    assert_eq!(proxy.seen().len(), asked, "a redirect was followed on the same host");
    assert!(proxy.connects().iter().all(|head| head.starts_with("CONNECT api.example.com:443 ")));
}

#[test]
fn t06_metadata_services_are_refused_before_a_connection_is_made() {
    let network = Network::default();
    for host in ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]", "100.100.100.200"] {
        for scheme in ["http", "https"] {
            let failure = fetch(&network, &format!("{scheme}://{host}/latest/meta-data")).unwrap_err();
            assert_eq!(failure.kind, Kind::Refused, "{scheme}://{host}: {failure}");
        }
    }
}

//! TLS: whom the client believes, and what it says when it does not.

use llmenv::config::Network;
use llmenv::net::{Failure, Kind};

use super::fetch;
use crate::support::Home;
use crate::support::upstream::{Authority, Reply, Seen, Upstream};

fn fine(_: &Seen) -> Reply {
    Reply::json(200, "{}")
}

fn trusting(home: &Home, authority: &Authority) -> Network {
    Network { ca_file: Some(authority.write(&home.path(""))), ..Network::default() }
}

/// Asks a server, expects a refusal, and that no request reached it.
fn refused(network: &Network, server: &Upstream) -> Failure {
    let failure = fetch(network, &format!("https://{}/", server.address)).unwrap_err();
    assert_eq!(failure.kind, Kind::Tls, "{failure}");
    assert!(server.seen().is_empty(), "a request was sent all the same");
    failure
}

#[test]
fn the_certificates_of_ca_file_are_believed_beside_the_systems() {
    let (home, authority) = (Home::new(), Authority::new());
    let server = Upstream::tls(&authority, &["127.0.0.1"], fine);
    assert_eq!(fetch(&trusting(&home, &authority), &format!("https://{}/", server.address)).unwrap().0, 200);
}

#[test]
fn a_server_that_is_not_believed_gets_no_request() {
    let (home, authority) = (Home::new(), Authority::new());
    let network = trusting(&home, &authority);
    let of_others = Upstream::tls(&Authority::new(), &["127.0.0.1"], fine);
    let failure = refused(&network, &of_others);
    assert_eq!(
        failure.message,
        format!(
            "the certificate of `{}` is signed by nobody that this system trusts, so nothing was sent",
            of_others.address
        )
    );
    assert!(failure.hint.unwrap().contains("`ca_file`"));

    let other_name = Upstream::tls(&authority, &["api.example.com"], fine);
    assert!(refused(&network, &other_name).message.contains("is for another name"));

    let old = Upstream::tls_with(authority.server_until(&["127.0.0.1"], Some(2020), &[]), fine);
    assert!(refused(&network, &old).message.contains("has expired"));

    let plain = Upstream::plain(fine);
    let failure = fetch(&network, &format!("https://{}/", plain.address)).unwrap_err();
    assert_eq!(failure.kind, Kind::Tls, "{failure}");
}

#[test]
fn a_ca_file_that_is_wrong_is_named_and_stops_https_alone() {
    let (home, authority) = (Home::new(), Authority::new());
    let secure = Upstream::tls(&authority, &["127.0.0.1"], fine);
    let local = Upstream::plain(fine);
    let path = home.path("company.pem");
    let network = Network { ca_file: Some(path.clone()), ..Network::default() };
    let broken_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (content, says) in [
        (None, "there is no `"),
        (Some(""), "no certificate is in `"),
        (Some("not a certificate"), "no certificate is in `"),
        (Some(broken_der), "is not usable"),
        (Some("-----BEGIN CERTIFICATE-----\n§§§\n-----END CERTIFICATE-----\n"), "is not PEM"),
    ] {
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let failure = refused(&network, &secure);
        assert!(failure.message.starts_with("`ca_file` of `[network]`: "), "{failure}");
        assert!(failure.message.contains(says), "{failure}");
        assert!(failure.message.contains("company.pem"), "{failure}");
        assert_eq!(fetch(&network, &local.at("/")).unwrap().0, 200, "a server on this machine needs no certificate");
    }
}

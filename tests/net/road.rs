//! The road a request takes: `[network]` alone decides.

use llmenv::config::Network;
use llmenv::net::Kind;

use super::fetch;
use crate::support::Home;
use crate::support::upstream::{Authority, Reply, Seen, Upstream};

fn named(seen: &Seen) -> Reply {
    Reply::json(200, format!("{{\"asked\":\"{}\"}}", seen.host))
}

fn through(home: &Home, authority: &Authority, proxy: &str) -> Network {
    Network {
        https_proxy: Some(proxy.to_owned()),
        ca_file: Some(authority.write(&home.path(""))),
        ..Network::default()
    }
}

#[test]
fn https_goes_through_the_proxy_which_sees_a_name_and_nothing_else() {
    let (home, authority) = (Home::new(), Authority::new());
    let proxy = Upstream::proxy(&authority, named);
    let network = through(&home, &authority, &proxy.at(""));
    let (status, body) = fetch(&network, "https://api.example.com/v1/models").unwrap();
    assert_eq!((status, body.as_str()), (200, "{\"asked\":\"api.example.com\"}"));
    assert_eq!(proxy.connects(), ["CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n"]);
    assert_eq!(proxy.seen()[0].target, "/v1/models", "the server is asked as if there were no proxy");
}

#[test]
fn a_proxy_may_want_a_password_or_stand_behind_tls() {
    let (home, authority) = (Home::new(), Authority::new());
    // `me:open sesame`
    let proxy = Upstream::proxy_with_password(&authority, "bWU6b3BlbiBzZXNhbWU=", named);
    let url = format!("http://me:open%20sesame@{}", proxy.address);
    assert_eq!(fetch(&through(&home, &authority, &url), "https://api.example.com/").unwrap().0, 200);

    let failure = fetch(&through(&home, &authority, &proxy.at("")), "https://api.example.com/").unwrap_err();
    assert_eq!(failure.kind, Kind::Proxy);
    assert_eq!(
        failure.message,
        format!("the proxy `http://{}` of `[network]` wants a user and a password", proxy.address)
    );
    let wrong = format!("http://me:not-this-word@{}", proxy.address);
    let failure = fetch(&through(&home, &authority, &wrong), "https://api.example.com/").unwrap_err();
    assert_eq!(failure.kind, Kind::Proxy);
    assert!(!format!("{failure:?}").contains("not-this-word"), "a password is never shown");

    let behind = Upstream::proxy_behind_tls(&authority, named);
    let url = format!("https://{}", behind.address);
    assert_eq!(fetch(&through(&home, &authority, &url), "https://api.example.com/").unwrap().0, 200);
}

#[test]
fn a_proxy_that_is_away_or_says_no_is_blamed_by_name() {
    let (home, authority) = (Home::new(), Authority::new());
    let proxy = Upstream::proxy(&authority, named);
    let failure = fetch(&through(&home, &authority, &proxy.at("")), "https://forbidden.example.com/").unwrap_err();
    assert_eq!(failure.kind, Kind::Proxy);
    let expected =
        format!("the proxy `http://{}` of `[network]` does not let `forbidden.example.com` through", proxy.address);
    assert_eq!(failure.message, expected);

    let free = crate::support::quiet_address();
    let failure =
        fetch(&through(&home, &authority, &format!("http://{free}")), "https://api.example.com/").unwrap_err();
    assert_eq!(failure.kind, Kind::Proxy);
    assert_eq!(
        failure.message,
        format!("the proxy of `[network]`: cannot connect to `http://{free}`: connection refused")
    );
}

#[test]
fn excepted_hosts_and_this_machine_are_reached_without_the_proxy() {
    let (home, authority) = (Home::new(), Authority::new());
    let proxy = Upstream::proxy(&authority, named);
    let direct = Upstream::tls(&authority, &["localhost", "127.0.0.1"], named);
    let local = Upstream::plain(named);
    let network = through(&home, &authority, &proxy.at(""));
    for url in [
        format!("https://localhost:{}/", direct.address.port()),
        format!("https://{}/", direct.address),
        local.at("/"),
        format!("http://localhost:{}/", local.address.port()),
    ] {
        assert_eq!(fetch(&network, &url).unwrap().0, 200, "{url}");
    }
    assert_eq!(proxy.connections(), 0);
}

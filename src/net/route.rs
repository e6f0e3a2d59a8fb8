//! `[network]` turned into the road that a request takes: straight, or through the proxy that is named there.

use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::config::Network;

/// The road to one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Straight to the server.
    Direct,
    /// Through this proxy of `[network]`: its address without a password.
    Through(String),
}

/// Which addresses go through the proxy.
pub(super) struct Routes(Matcher);

/// This machine is never reached through a proxy; neither is anything that the user excepted.
const ALWAYS_DIRECT: [&str; 3] = ["localhost", "127.0.0.0/8", "::1"];

impl Routes {
    pub(super) fn new(network: &Network) -> Self {
        let Some(proxy) = &network.https_proxy else {
            return Self(Matcher::builder().build());
        };
        let direct: Vec<&str> = ALWAYS_DIRECT.into_iter().chain(network.no_proxy.iter().map(String::as_str)).collect();
        // Plain `http://` stays on this machine or in its network, where such a proxy has no business.
        Self(Matcher::builder().https(proxy.as_str()).no(direct.join(",")).build())
    }

    pub(super) fn proxy(&self, uri: &http::Uri) -> Option<Intercept> {
        self.0.intercept(uri)
    }

    pub(super) fn of(&self, uri: &http::Uri) -> Route {
        match self.proxy(uri) {
            None => Route::Direct,
            Some(proxy) => Route::Through(shown(proxy.uri())),
        }
    }
}

/// The proxy that programs take which read their environment, for one address: the variable, and the proxy without a password.
pub fn of_environment(variable: impl Fn(&str) -> Option<String>, uri: &http::Uri) -> Option<(&'static str, String)> {
    let names: &[&str] = match uri.scheme_str() {
        Some("https") => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        // Most programs read the upper-case name of this one no more: a web server hands it in from strangers.
        _ => &["http_proxy", "all_proxy", "ALL_PROXY"],
    };
    let no = ["no_proxy", "NO_PROXY"].into_iter().find_map(&variable).unwrap_or_default();
    names.iter().find_map(|&name| {
        let value = variable(name).filter(|value| !value.trim().is_empty())?;
        let proxy = Matcher::builder().all(value.as_str()).no(no.as_str()).build().intercept(uri)?;
        Some((name, shown(proxy.uri())))
    })
}

/// The address of a proxy, without user and password.
pub(super) fn shown(uri: &http::Uri) -> String {
    format!("{}://{}", uri.scheme_str().unwrap_or("http"), super::failure::destination(uri))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(network: &Network, uri: &'static str) -> Route {
        Routes::new(network).of(&http::Uri::from_static(uri))
    }

    #[test]
    fn what_programs_take_from_their_environment_is_told_without_its_password() {
        let uri = http::Uri::from_static("https://api.example.com/v1");
        let of = |set: &[(&str, &str)]| {
            let get = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
            of_environment(get, &uri)
        };
        let through = |name| Some((name, "http://corporate:8080".to_owned()));
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[("HTTPS_PROXY", "http://me:pass-word@corporate:8080")]), through("HTTPS_PROXY"));
        assert_eq!(of(&[("ALL_PROXY", "http://corporate:8080")]), through("ALL_PROXY"));
        assert_eq!(of(&[("HTTP_PROXY", "http://corporate:8080")]), None);
        assert_eq!(of(&[("HTTPS_PROXY", "http://corporate:8080"), ("NO_PROXY", ".example.com")]), None);
        assert_eq!(of(&[("https_proxy", " "), ("HTTPS_PROXY", "http://corporate:8080")]), through("HTTPS_PROXY"));
    }

    #[test]
    fn the_proxy_is_for_https_and_for_what_is_not_excepted() {
        let mut network = Network::default();
        assert_eq!(of(&network, "https://api.example.com/v1"), Route::Direct);
        network.https_proxy = Some("http://me:secret-word@proxy.example:3128".to_owned());
        network.no_proxy = vec![".acme.example".to_owned(), "10.0.0.0/8".to_owned(), "other.example".to_owned()];
        let through = Route::Through("http://proxy.example:3128".to_owned());
        for uri in ["https://api.example.com/v1", "https://notacme.example/", "https://11.0.0.1/"] {
            assert_eq!(of(&network, uri), through, "{uri}");
        }
        for uri in [
            "http://api.example.com/v1",
            "https://llm.acme.example/v1",
            "https://acme.example/v1",
            "https://10.1.2.3/v1",
            "https://sub.other.example/",
            "https://127.0.0.1:8443/v1",
            "https://[::1]:8443/v1",
            "https://localhost:8443/v1",
            "http://127.0.0.1:8000/v1",
        ] {
            assert_eq!(of(&network, uri), Route::Direct, "{uri}");
        }
    }
}

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

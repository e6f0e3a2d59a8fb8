//! The live check against servers that play the providers, each in its own words.

mod bodies;
mod policy;
mod providers;

use llmenv::config::Network;
use llmenv::net::{Client, Timeouts};
use llmenv::probe::{Report, Target, probe};
use llmenv::profile::Profile;
use llmenv::provider;
use llmenv::secret::Secret;

use crate::support::Home;
use crate::support::upstream::{Authority, Reply, Seen, Upstream};

/// A network in which every host is played by one script.
pub struct World {
    pub proxy: Upstream,
    network: Network,
    _home: Home,
}

impl World {
    pub fn new(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let (home, authority) = (Home::new(), Authority::new());
        let proxy = Upstream::proxy(&authority, script);
        let network = Network {
            https_proxy: Some(proxy.at("")),
            ca_file: Some(authority.write(&home.path(""))),
            ..Network::default()
        };
        Self { proxy, network, _home: home }
    }

    pub fn probe(&self, target: &Target) -> Report {
        self.probe_within(target, Timeouts::PROBE)
    }

    pub fn probe_within(&self, target: &Target, timeouts: Timeouts) -> Report {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { probe(&Client::new(&self.network, timeouts), target).await })
    }

    /// Every request so far: `GET host/path`.
    pub fn lines(&self) -> Vec<String> {
        self.proxy.seen().iter().map(Seen::line).collect()
    }
}

/// A target of a provider of the catalogue, at its own address or at this one.
pub fn target(provider: &str, base_url: Option<&str>, key: &str) -> Target {
    let row = if provider == "custom" { provider::custom() } else { provider::find(provider).unwrap() };
    let profile = Profile { name: "tried".into(), provider: provider.into(), ..Profile::default() };
    let own = || row.default_endpoint().unwrap().base_url.clone();
    Target::new(&profile, row, &base_url.map_or_else(own, str::to_owned), Some(Secret::new(key)))
}

//! What of the configuration the proxy goes by, beside profiles: it changes while the proxy runs.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::config::{Config, Network};
use crate::net::Timeouts;

/// How long an upstream may be silent before the client is told that it is only silent.
pub const PING: Duration = Duration::from_secs(15);
/// The largest body of a request.
pub const MAX_BODY_BYTES: usize = 64 << 20;

/// What the proxy goes by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Web origins that may use it.
    pub allow_origins: Vec<String>,
    /// How upstreams are reached.
    pub network: Network,
    /// How long each part of an exchange may take.
    pub timeouts: Timeouts,
    /// After how much silence a ping goes to the client.
    pub ping: Duration,
}

impl Settings {
    /// Takes them out of the configuration.
    pub fn of(config: &Config) -> Self {
        let own = &config.proxy;
        let usual = Timeouts::UPSTREAM;
        Self {
            allow_origins: own.allow_origins.clone(),
            network: config.network.clone(),
            timeouts: Timeouts {
                connect: own.connect_timeout.unwrap_or(usual.connect),
                first_byte: own.first_byte_timeout.unwrap_or(usual.first_byte),
                idle: own.idle_timeout.unwrap_or(usual.idle),
            },
            ping: own.ping.unwrap_or(PING),
        }
    }
}

/// The settings of the moment, shared between the daemon's thread, which sets them, and the proxy's.
#[derive(Clone, Debug)]
pub struct Current(Arc<RwLock<Arc<Settings>>>);

impl Current {
    /// Begins with these.
    pub fn new(settings: Settings) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(settings))))
    }

    /// Replaces them.
    pub fn set(&self, settings: Settings) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// Gives them.
    pub fn get(&self) -> Arc<Settings> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

//! The program's one way out: an HTTPS client for live probes and for the proxy's upstream.
//!
//! In comes `[network]` of the configuration and a request with a body of any kind, out goes the answer as it arrives. Nothing
//! else decides where the bytes go: no variable of any environment is read, no redirect is followed (a `3xx` is an answer like
//! any other), and addresses that only a cloud machine's own metadata service has are refused. Bodies pass through in both
//! directions as they come; a reader who stops reading stops the sender, and dropping an answer ends its request.
//!
//! Built on hyper rather than on a client that knows redirects, cookies and proxy variables and would have to be told to leave
//! them: paths reach the server byte for byte, and what is not there cannot be switched on. Called by `probe` and `proxy`.

mod body;
mod connect;
mod failure;
mod inflate;
mod line;
mod names;
mod route;
mod tasks;
mod trust;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::rt::TokioTimer;

pub use body::{Answered, collect};
pub use failure::{Failure, Kind, Phase};
pub use route::{Route, of_environment};
pub use tasks::Tasks;

use crate::config::Network;
use connect::{BoxError, Deadline, Ways};

/// How long each part of a request may take. None of them limits how long a stream may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// To reach the server: its name, the connection, the proxy on the way, and TLS, all together.
    pub connect: Duration,
    /// From handing the request over until the answer's first line, a new connection included.
    pub first_byte: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
}

impl Timeouts {
    /// For a probe, at which a person waits.
    pub const PROBE: Self =
        Self { connect: Duration::from_secs(8), first_byte: Duration::from_secs(15), idle: Duration::from_secs(10) };

    /// For a model that thinks before it answers.
    pub const UPSTREAM: Self =
        Self { connect: Duration::from_secs(10), first_byte: Duration::from_secs(600), idle: Duration::from_secs(300) };
}

/// How long an idle connection is kept for the next request.
const POOL_IDLE: Duration = Duration::from_secs(90);

type Outgoing = UnsyncBoxBody<Bytes, BoxError>;

/// A client with its own connections. Cloning shares them; [`Client::apart`] does not.
#[derive(Clone)]
pub struct Client {
    ways: Arc<Ways>,
    pool: Pool<Deadline, Outgoing>,
    timeouts: Timeouts,
    tasks: Tasks,
}

impl Client {
    /// Makes a client for these settings. Reads the system's certificates, so it takes some milliseconds: make it when it is needed.
    ///
    /// Never fails: what is wrong with certificates is said by the requests that need them, for a server on this machine needs none.
    /// Has to be used inside a Tokio runtime.
    pub fn new(network: &Network, timeouts: Timeouts) -> Self {
        Self::with_tasks(network, timeouts, Tasks::of_runtime())
    }

    /// The same, with its connections' tasks where the caller wants them.
    pub fn with_tasks(network: &Network, timeouts: Timeouts, tasks: Tasks) -> Self {
        Self::over(Arc::new(Ways::new(network)), timeouts, tasks)
    }

    /// Gives a client with the same settings and connections of its own, so that two accounts never share one.
    #[must_use]
    pub fn apart(&self, timeouts: Timeouts) -> Self {
        Self::over(Arc::clone(&self.ways), timeouts, self.tasks.clone())
    }

    fn over(ways: Arc<Ways>, timeouts: Timeouts, tasks: Tasks) -> Self {
        let mut builder = Pool::builder(tasks.clone());
        builder
            .pool_idle_timeout(POOL_IDLE)
            .pool_timer(TokioTimer::new())
            .timer(TokioTimer::new())
            .http2_adaptive_window(true);
        let pool = builder.build(Deadline::new(&ways, timeouts.connect));
        Self { ways, pool, timeouts, tasks }
    }

    /// Sends a request to the absolute `http` or `https` address in it, and gives the answer when its head is there.
    ///
    /// The caller's headers go out as they are; only `Host` is added where it is missing. HTTP/2 where the server offers it, else
    /// HTTP/1.1. Errors say in plain words what did not work; none of them contains a header or a body.
    pub async fn send<B>(&self, request: http::Request<B>) -> Result<http::Response<Answered>, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let to = failure::destination(request.uri());
        // The version is the connection's to choose.
        let (mut parts, body) = request.into_parts();
        parts.version = http::Version::HTTP_11;
        let request = http::Request::from_parts(parts, body.map_err(Into::into).boxed_unsync());
        let limit = self.timeouts.first_byte;
        match tokio::time::timeout(limit, self.pool.request(request)).await {
            Err(_) => Err(Failure::timeout(Phase::FirstByte, &to, limit)),
            Ok(Err(err)) => Err(Failure::of_request(&err, &to)),
            Ok(Ok(answer)) => Ok(answer.map(|body| Answered::new(body, self.timeouts.idle, to))),
        }
    }

    /// The same over a connection of its own, which nobody has used before and nobody will again.
    pub async fn send_afresh<B>(&self, request: http::Request<B>) -> Result<http::Response<Answered>, Failure>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        self.apart(self.timeouts).send(request).await
    }

    /// Says by which road requests to this address go.
    pub fn route(&self, uri: &http::Uri) -> Route {
        self.ways.route.of(uri)
    }
}

/// One client, made at its first use and anew when `[network]` has changed.
///
/// What waits in memory until then is a pointer, so a daemon that nobody asks for the network stays small.
#[derive(Default)]
pub struct Lazy(Mutex<Option<(Network, Client)>>);

impl Lazy {
    /// Gives the client for these settings.
    pub fn client(&self, network: &Network, timeouts: Timeouts) -> Client {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*held {
            Some((made_for, client)) if made_for == network && client.timeouts == timeouts => client.clone(),
            _ => {
                let client = Client::new(network, timeouts);
                *held = Some((network.clone(), client.clone()));
                client
            }
        }
    }
}

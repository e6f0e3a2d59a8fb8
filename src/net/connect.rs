//! Making a connection: the road of `[network]`, TLS, and one limit on how long all of it takes.

use std::error::Error as StdError;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower_service::Service;

use super::failure::{destination, find};
use super::line::Line;
use super::names::{Names, check_literal};
use super::route::Routes;
use super::{Failure, Kind, Phase, trust};
use crate::config::Network;

pub(super) type BoxError = Box<dyn StdError + Send + Sync>;
type Tcp = TokioIo<TcpStream>;
/// To the server, or to the proxy, which may itself be behind TLS.
type Road = MaybeHttpsStream<Tcp>;
type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, Failure>> + Send>>;

/// How often the system looks whether a silent peer is still there.
const KEEPALIVE: Duration = Duration::from_secs(30);

/// Everything that is made once from `[network]` and shared by all connections.
pub(super) struct Ways {
    pub(super) route: Arc<Routes>,
    config: rustls::ClientConfig,
    broken: Option<Failure>,
}

impl Ways {
    pub(super) fn new(network: &Network) -> Self {
        let trust = trust::trust(network.ca_file.as_deref());
        Self { route: Arc::new(Routes::new(network)), config: trust.config, broken: trust.broken }
    }
}

/// Connects within a time limit, and not at all where certificates are needed and none are there.
#[derive(Clone)]
pub(super) struct Deadline {
    inner: HttpsConnector<Roads>,
    broken: Option<Failure>,
    limit: Duration,
}

impl Deadline {
    pub(super) fn new(ways: &Ways, limit: Duration) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Names);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(KEEPALIVE));
        let tls = || HttpsConnectorBuilder::new().with_tls_config(ways.config.clone()).https_or_http();
        let roads = Roads { tcp: tls().enable_http1().wrap_connector(tcp), route: Arc::clone(&ways.route) };
        Self { inner: tls().enable_all_versions().wrap_connector(roads), broken: ways.broken.clone(), limit }
    }
}

impl Service<Uri> for Deadline {
    type Response = TokioIo<Line<TokioIo<MaybeHttpsStream<Road>>>>;
    type Error = Failure;
    type Future = Connecting<Self::Response>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        if let (Some("https"), Some(failure)) = (uri.scheme_str(), &self.broken) {
            return Box::pin(std::future::ready(Err(failure.clone())));
        }
        let (to, limit) = (destination(&uri), self.limit);
        let connecting = self.inner.call(uri);
        Box::pin(async move {
            match tokio::time::timeout(limit, connecting).await {
                Ok(Ok(connection)) => Ok(TokioIo::new(Line::new(TokioIo::new(connection)))),
                Ok(Err(err)) => Err(Failure::of_connecting(&*err, &to)),
                Err(_) => Err(Failure::timeout(Phase::Connect, &to, limit)),
            }
        })
    }
}

/// A connection to the server, straight or through the proxy.
#[derive(Clone)]
struct Roads {
    tcp: HttpsConnector<HttpConnector<Names>>,
    route: Arc<Routes>,
}

impl Service<Uri> for Roads {
    type Response = Road;
    type Error = Failure;
    type Future = Connecting<Road>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let to = destination(&uri);
        if let Err(refused) = check_literal(uri.host().unwrap_or_default()) {
            return Box::pin(std::future::ready(Err(refused)));
        }
        let Some(proxy) = self.route.proxy(&uri) else {
            let connecting = self.tcp.call(plain(&uri));
            return Box::pin(async move { connecting.await.map_err(|err| Failure::of_connecting(&*err, &to)) });
        };
        let mut tunnel = Tunnel::new(proxy.uri().clone(), self.tcp.clone());
        if let Some(auth) = proxy.basic_auth() {
            tunnel = tunnel.with_auth(auth.clone());
        }
        let shown = super::route::shown(proxy.uri());
        let connecting = tunnel.call(uri);
        Box::pin(async move { connecting.await.map_err(|err| of_proxy(&err, &shown, &to)) })
    }
}

/// The same place without TLS: that comes one layer above, so that it ends at the server and not at the proxy.
fn plain(uri: &Uri) -> Uri {
    if uri.scheme_str() != Some("https") {
        return uri.clone();
    }
    let (host, port) = (uri.host().unwrap_or_default(), uri.port_u16().unwrap_or(443));
    let built = Uri::builder().scheme("http").authority(format!("{host}:{port}")).path_and_query("/").build();
    // Host and port come from an address that was read as one.
    built.unwrap_or_else(|_| uri.clone())
}

fn of_proxy(err: &(dyn StdError + 'static), proxy: &str, to: &str) -> Failure {
    if let Some(cause) = find::<Failure>(err).cloned() {
        return Failure { message: format!("the proxy `{proxy}` of `[network]`: {}", cause.message), ..cause };
    }
    let cause = err.source();
    match (err.to_string(), cause) {
        (text, _) if text.ends_with("proxy authorization required") => {
            Failure::new(Kind::Proxy, format!("the proxy `{proxy}` of `[network]` wants a user and a password"))
                .hint("they stand in `https_proxy`: `http://USER:PASSWORD@HOST:PORT`")
        }
        (_, Some(cause)) => {
            let inner = Failure::of_connecting(cause, proxy);
            let message = format!("the proxy of `[network]`: {}", inner.message);
            let hint = inner.hint.or_else(|| Some("`https_proxy` in the configuration names it".to_owned()));
            Failure { kind: Kind::Proxy, message, hint }
        }
        (text, None) if text.ends_with("unexpected end of file") => {
            Failure::new(Kind::Proxy, format!("the proxy `{proxy}` of `[network]` hung up when asked for `{to}`"))
        }
        _ => Failure::new(Kind::Proxy, format!("the proxy `{proxy}` of `[network]` does not let `{to}` through")),
    }
}

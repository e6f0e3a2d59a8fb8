//! Sending a request upstream: each profile over connections of its own, again only while the client has seen nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, Method, Request, Response};
use tokio::time::Instant;

use super::settings::Settings;
use crate::config::Network;
use crate::dialect::form::{Failure, FailureKind};
use crate::net::{self, Answered, Kind, Phase, Tasks, Timeouts};

/// How long all repetitions of one request may take together, waiting included.
const RETRY_BUDGET: Duration = Duration::from_secs(5);
/// How long to wait before a connection that could not be made is tried again.
const RECONNECT_AFTER: [Duration; 2] = [Duration::from_millis(100), Duration::from_millis(400)];
/// The longest `Retry-After` that is waited out here; a longer one is the client's to wait.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(2);

/// A request as often as it takes.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// All headers but `host` and `content-length`.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The clients, one a profile: two accounts never share a connection.
pub struct Upstreams {
    tasks: Tasks,
    clients: RefCell<Option<Made>>,
}

struct Made {
    network: Network,
    timeouts: Timeouts,
    first: net::Client,
    of_profiles: HashMap<String, net::Client>,
}

impl Upstreams {
    /// None yet. Their connections are tasks of the `LocalSet` from which this is called.
    pub fn new() -> Self {
        Self { tasks: Tasks::of_local_set(), clients: RefCell::default() }
    }

    /// The client of a profile.
    pub fn client(&self, profile: &str, settings: &Settings) -> net::Client {
        let mut clients = self.clients.borrow_mut();
        let is_same = |made: &Made| made.network == settings.network && made.timeouts == settings.timeouts;
        if !clients.as_ref().is_some_and(is_same) {
            let first = net::Client::with_tasks(&settings.network, settings.timeouts, self.tasks.clone());
            *clients = Some(Made {
                network: settings.network.clone(),
                timeouts: settings.timeouts,
                first,
                of_profiles: HashMap::new(),
            });
        }
        let Some(made) = clients.as_mut() else { return net::Client::new(&settings.network, settings.timeouts) };
        let (first, timeouts) = (&made.first, made.timeouts);
        made.of_profiles.entry(profile.to_owned()).or_insert_with(|| first.apart(timeouts)).clone()
    }
}

/// Sends a request until there is an answer, or an error that another try would not mend.
pub async fn send(client: &net::Client, outgoing: &Outgoing) -> Result<Response<Answered>, Failure> {
    let begun = Instant::now();
    let (mut tries, mut is_afresh) = (0, false);
    loop {
        let request = request(outgoing)?;
        let result = if is_afresh { client.send_afresh(request).await } else { client.send(request).await };
        // Other connections that are kept may be as old: the second try is over one that is not.
        let is_stale = result.as_ref().is_err_and(|err| err.kind == Kind::Stale);
        if is_stale && !is_afresh && begun.elapsed() < RETRY_BUDGET {
            is_afresh = true;
            continue;
        }
        let pause = match &result {
            Err(err) if err.kind == Kind::Connect => RECONNECT_AFTER.get(tries).copied(),
            Ok(answer) if tries < 2 => wanted_pause(answer),
            _ => None,
        };
        let pause = pause.filter(|pause| begun.elapsed() + *pause <= RETRY_BUDGET);
        let Some(pause) = pause else { return result.map_err(|err| failure_of(&err)) };
        tries += 1;
        tokio::time::sleep(pause).await;
    }
}

fn request(outgoing: &Outgoing) -> Result<Request<Full<Bytes>>, Failure> {
    let built = Request::builder().method(outgoing.method.clone()).uri(&outgoing.url);
    let mut request = built
        .body(Full::new(outgoing.body.clone()))
        .map_err(|_| Failure::new(FailureKind::Upstream, "the profile's base URL and this path make no address"))?;
    *request.headers_mut() = outgoing.headers.clone();
    Ok(request)
}

/// How long an upstream that is busy asks to wait, where that is short and it does not say that asking again is useless.
fn wanted_pause(answer: &Response<Answered>) -> Option<Duration> {
    if !matches!(answer.status().as_u16(), 429 | 503 | 529) {
        return None;
    }
    let text = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if text("x-should-retry").is_some_and(|value| value.eq_ignore_ascii_case("false")) {
        return None;
    }
    let millis = text("retry-after-ms").and_then(|value| value.parse::<f64>().ok());
    let seconds = text("retry-after").and_then(|value| value.parse::<f64>().ok());
    let seconds = millis.map(|millis| millis / 1000.0).or(seconds).filter(|seconds| seconds.is_finite())?;
    (0.0..=MAX_RETRY_AFTER.as_secs_f64()).contains(&seconds).then(|| Duration::from_secs_f64(seconds))
}

/// What went wrong on the way, in the words of the dialects' errors.
pub fn failure_of(err: &net::Failure) -> Failure {
    let kind = match err.kind {
        Kind::Timeout(Phase::Connect | Phase::FirstByte | Phase::Idle) => FailureKind::Timeout,
        _ => FailureKind::Upstream,
    };
    let message = match &err.hint {
        Some(hint) => format!("{}; {hint}", err.message),
        None => err.message.clone(),
    };
    Failure::new(kind, message)
}

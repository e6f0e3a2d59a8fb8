//! The outgoing client, against scripted servers on loopback.

mod answers;
mod http2;
mod road;
mod secure;
mod targets;

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{Empty, Full};
use llmenv::config::Network;
use llmenv::net::{Client, Failure, Timeouts, collect};

/// Long enough never to be met by a test that is not about it.
const PATIENT: Timeouts =
    Timeouts { connect: Duration::from_secs(20), first_byte: Duration::from_secs(20), idle: Duration::from_secs(20) };

/// What a probe would accept.
const CAP: usize = 64 * 1024;

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn client(network: &Network) -> Client {
    Client::new(network, PATIENT)
}

fn get(url: &str) -> http::Request<Empty<Bytes>> {
    http::Request::get(url)
        .header("authorization", "Bearer sk-test-0000")
        .header("x-api-key", "sk-test-0000")
        .header("api-key", "sk-test-0000")
        .header("x-goog-api-key", "sk-test-0000")
        .body(Empty::new())
        .unwrap()
}

fn post(url: &str, body: impl Into<Bytes>) -> http::Request<Full<Bytes>> {
    http::Request::post(url).body(Full::new(body.into())).unwrap()
}

/// One request: status and body.
fn fetch(network: &Network, url: &str) -> Result<(u16, String), Failure> {
    block_on(async {
        let answer = client(network).send(get(url)).await?;
        let status = answer.status().as_u16();
        Ok((status, String::from_utf8(collect(answer.into_body(), CAP).await?.to_vec()).unwrap()))
    })
}

//! Answers to those who are not let in, or need no token: refusals, health, preflights.

use hmac::{Hmac, KeyInit, Mac};
use hyper::header::{CONNECTION, HeaderValue};
use hyper::{HeaderMap, Method, Response, StatusCode};
use sha2::Sha256;

use super::gate::Refusal;
use super::reply::{self, Reply, whole};
use crate::dialect::Dialect;
use crate::dialect::form::{Failure, FailureKind};
use crate::fingerprint::hex;

/// A secret that only this user's files hold: whoever answers with it is not another program on an old port.
#[derive(Clone)]
pub struct Proof(pub [u8; 32]);

impl Proof {
    /// The answer to a nonce.
    pub fn of(&self, nonce: &str) -> String {
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        mac.update(b"llmenv proxy\0");
        mac.update(nonce.as_bytes());
        hex(&mac.finalize().into_bytes())
    }
}

/// `HEAD /`, `GET /`, `GET /health`: that something is here, and to `?nonce=` that it is llmenv.
pub fn open(proof: &Proof, method: &Method, query: Option<&str>) -> Response<Reply> {
    if method != Method::GET && method != Method::HEAD {
        return self::method(Dialect::OpenaiChat);
    }
    let nonce = query.and_then(|query| query.split('&').find_map(|part| part.strip_prefix("nonce=")));
    let nonce = nonce.filter(|nonce| nonce.len() <= 64 && nonce.bytes().all(|b| b.is_ascii_hexdigit()));
    let body = match nonce {
        Some(nonce) => format!("{{\"status\":\"ok\",\"proof\":\"{}\"}}\n", proof.of(nonce)),
        None => "{\"status\":\"ok\"}\n".to_owned(),
    };
    whole(StatusCode::OK, "application/json", body)
}

/// The base URL itself, with a good token.
pub fn profile_root(method: &Method) -> Response<Reply> {
    if method == Method::GET || method == Method::HEAD {
        return whole(StatusCode::OK, "application/json", "{\"status\":\"ok\"}\n");
    }
    self::method(Dialect::OpenaiChat)
}

/// A page, or a name that only resolves to this machine.
pub fn refused(refusal: Refusal) -> Response<Reply> {
    let message = match refusal {
        Refusal::Host => "llmenv proxy: only requests to 127.0.0.1, localhost or [::1] are answered",
        Refusal::Origin => {
            "llmenv proxy: requests of web pages are refused; `allow_origins` in `[proxy]` of llmenv's configuration \
             lists those that may"
        }
    };
    let mut response = reply::failure(Dialect::OpenaiChat, &Failure::new(FailureKind::Permission, message));
    response.headers_mut().insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    response
}

/// The answer to a page that may use the proxy and asks how.
pub fn preflight(asked: &HeaderMap) -> Response<Reply> {
    let mut response = whole(StatusCode::NO_CONTENT, "application/json", "");
    let headers = response.headers_mut();
    headers.remove("content-type");
    headers.insert("access-control-allow-methods", HeaderValue::from_static("GET, POST, DELETE"));
    if let Some(names) = asked.get("access-control-request-headers") {
        headers.insert("access-control-allow-headers", names.clone());
    }
    headers.insert("access-control-max-age", HeaderValue::from_static("600"));
    if asked.contains_key("access-control-request-private-network") {
        headers.insert("access-control-allow-private-network", HeaderValue::from_static("true"));
    }
    response
}

/// A WebSocket is refused at once: clients fall back to HTTP, and the sooner the better.
pub fn no_upgrade() -> Response<Reply> {
    let mut failure = Failure::new(FailureKind::Request, "llmenv proxy: no WebSocket and no tunnel here; use HTTP");
    failure.status = StatusCode::UPGRADE_REQUIRED.as_u16();
    let mut response = reply::failure(Dialect::OpenaiChat, &failure);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A path that could be read as another one further on.
pub fn bad_path(is_anthropic: bool) -> Response<Reply> {
    let dialect = if is_anthropic { Dialect::AnthropicMessages } else { Dialect::OpenaiChat };
    reply::failure(dialect, &Failure::new(FailureKind::Request, "llmenv proxy: this path is not one a client sends"))
}

/// A method that nothing here has.
pub fn method(dialect: Dialect) -> Response<Reply> {
    let mut failure = Failure::new(FailureKind::Request, "llmenv proxy: this method is not answered here");
    failure.status = StatusCode::METHOD_NOT_ALLOWED.as_u16();
    reply::failure(dialect, &failure)
}

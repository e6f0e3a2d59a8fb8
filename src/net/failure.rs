//! Why a request got no answer: its kind, for the program, and one sentence, for people.

use std::error::Error as StdError;
use std::time::Duration;

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The address, or what it stands for, is one that no key is sent to.
    Refused,
    /// No address is known for the name.
    Name,
    /// The server was not reached.
    Connect,
    /// The proxy of `[network]` was not reached or would not pass the request on.
    Proxy,
    /// The server's certificate, or the lack of certificates to judge it by.
    Tls,
    /// One part took longer than allowed.
    Timeout(Phase),
    /// The connection ended in the middle.
    Cut,
    /// The connection, kept from an earlier request, ended before a byte of the answer: most likely it was closed all along.
    Stale,
    /// What came is not HTTP.
    Protocol,
    /// The answer is larger than allowed.
    TooLarge,
}

/// The part of a request that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reaching the server.
    Connect,
    /// Waiting for the answer to begin.
    FirstByte,
    /// Waiting for its next piece.
    Idle,
}

/// A request that got no whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What sort of failure it is.
    pub kind: Kind,
    /// What happened, in plain words; names the host, and nothing of the request.
    pub message: String,
    /// What to do about it, where there is something.
    pub hint: Option<String>,
}

impl Failure {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn timeout(phase: Phase, to: &str, limit: Duration) -> Self {
        let limit = if limit.subsec_millis() == 0 && limit.as_secs() > 0 {
            format!("{} s", limit.as_secs())
        } else {
            format!("{} ms", limit.as_millis())
        };
        let message = match phase {
            Phase::Connect => format!("`{to}` was not reached within {limit}"),
            Phase::FirstByte => format!("`{to}` took the request and did not answer within {limit}"),
            Phase::Idle => format!("`{to}` began to answer and then said nothing for {limit}"),
        };
        Self::new(Kind::Timeout(phase), message)
    }

    /// Says what the pool's error means; one that was made here comes back as it was.
    pub(super) fn of_request(err: &hyper_util::client::legacy::Error, to: &str) -> Self {
        if let Some(own) = find::<Self>(err) {
            return own.clone();
        }
        if err.is_connect() {
            return Self::of_connecting(err, to);
        }
        let failure = Self::of_exchange(err, to);
        if failure.kind == Kind::Cut && err.connect_info().is_some_and(super::line::was_stale) {
            return Self { kind: Kind::Stale, ..failure };
        }
        failure
    }

    /// Says what an error of the exchange means, after the connection stood.
    pub(super) fn of_exchange(err: &(dyn StdError + 'static), to: &str) -> Self {
        if let Some(own) = find::<Self>(err) {
            return own.clone();
        }
        if let Some(err) = find::<hyper::Error>(err)
            && err.is_parse()
        {
            return Self::new(Kind::Protocol, format!("what `{to}` answered is not HTTP"));
        }
        Self::new(Kind::Cut, format!("`{to}` closed the connection before its answer was complete"))
    }

    /// Says why a connection could not be made.
    pub(super) fn of_connecting(err: &(dyn StdError + 'static), to: &str) -> Self {
        if let Some(own) = find::<Self>(err) {
            return own.clone();
        }
        if let Some(tls) = find::<rustls::Error>(err) {
            return of_tls(tls, to);
        }
        match find::<std::io::Error>(err) {
            Some(err) if err.kind() == std::io::ErrorKind::UnexpectedEof => {
                Self::new(Kind::Tls, format!("`{to}` closed the connection during the TLS handshake"))
            }
            Some(err) => Self::new(Kind::Connect, format!("cannot connect to `{to}`: {}", words(err))),
            None => Self::new(Kind::Connect, format!("cannot connect to `{to}`")),
        }
    }
}

fn of_tls(err: &rustls::Error, to: &str) -> Failure {
    use rustls::CertificateError as Certificate;
    let own_ca = "if a company's proxy opens TLS here, name its certificate in `[network]` as `ca_file`";
    match err {
        // The second: of an authority of that name, but not by its key.
        rustls::Error::InvalidCertificate(Certificate::UnknownIssuer | Certificate::BadSignature) => Failure::new(
            Kind::Tls,
            format!("the certificate of `{to}` is signed by nobody that this system trusts, so nothing was sent"),
        )
        .hint(own_ca),
        rustls::Error::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            Failure::new(Kind::Tls, format!("the certificate of `{to}` has expired, so nothing was sent"))
                .hint("look at this machine's clock, too: `date`")
        }
        rustls::Error::InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
            Failure::new(Kind::Tls, format!("the certificate of `{to}` is not valid yet, so nothing was sent"))
                .hint("look at this machine's clock: `date`")
        }
        rustls::Error::InvalidCertificate(
            Certificate::NotValidForName | Certificate::NotValidForNameContext { .. },
        ) => Failure::new(Kind::Tls, format!("the certificate of `{to}` is for another name, so nothing was sent"))
            .hint(own_ca),
        rustls::Error::InvalidMessage(_) => {
            Failure::new(Kind::Tls, format!("`{to}` does not speak TLS")).hint("is its address `http://`?")
        }
        other => Failure::new(Kind::Tls, format!("no secure connection to `{to}`: {other}")),
    }
}

/// The system's reason without its number.
fn words(err: &std::io::Error) -> String {
    let text = err.to_string();
    let plain = text.split(" (os error").next().unwrap_or(&text);
    let mut letters = plain.chars();
    // "Connection refused" reads as a sentence of its own; here it is a part of one.
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Looks for an error of one type in a chain of causes.
pub(super) fn find<'a, T: StdError + 'static>(err: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(err);
    while let Some(err) = next {
        if let Some(found) = err.downcast_ref::<T>() {
            return Some(found);
        }
        // An I/O error does not give what it was made of as its cause, but the cause of that.
        let inner = err.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| find::<T>(inner)) {
            return Some(found);
        }
        next = err.source();
    }
    None
}

/// The host of an address, with its port where that is not the scheme's own.
pub(super) fn destination(uri: &http::Uri) -> String {
    match (uri.host(), uri.port_u16()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "an address without a host".to_owned(),
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Failure {}

impl From<Failure> for crate::error::Error {
    fn from(failure: Failure) -> Self {
        let error = Self::new(failure.message);
        match failure.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

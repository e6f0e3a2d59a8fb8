//! What is wrong with values, wherever they stand: values come in, findings with stable ids go out. Nothing is read or changed here.

pub mod address;
pub mod environment;
pub mod value;

use crate::ipc::protocol::Severity;

/// Something that is wrong, and the one thing to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// A stable id.
    pub id: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The variable it is about.
    pub variable: String,
    /// One sentence. Never quotes a value.
    pub message: String,
    /// What to do.
    pub fix: String,
}

impl Fault {
    fn error(id: &'static str, variable: &str, message: String, fix: impl Into<String>) -> Self {
        Self { id, severity: Severity::Error, variable: variable.to_owned(), message, fix: fix.into() }
    }

    fn warning(id: &'static str, variable: &str, message: String, fix: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(id, variable, message, fix) }
    }
}

/// Whether a host is this machine, by the names that are used for it.
fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.ends_with(".localhost")
        || host == "host.docker.internal"
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

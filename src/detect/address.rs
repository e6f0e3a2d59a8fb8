//! One base URL variable's value: what keeps it from being an address, and what sends requests to another place.

use url::Url;

use super::{Fault, is_this_machine};
use crate::profile::{Dialect, Family};
use crate::provider;

/// What programs add to a base URL themselves.
const ENDPOINTS: [&str; 6] = ["/chat/completions", "/messages", "/responses", "/completions", "/embeddings", "/models"];

/// Finds what is wrong with a base URL, which may hold a password and is never quoted.
pub fn faults(variable: &str, value: &str) -> Vec<Fault> {
    let error = |id, what: &str, fix: &str| vec![Fault::error(id, variable, format!("{variable} {what}"), fix)];
    let trimmed = value.trim();
    if trimmed.is_empty() {
        return vec![Fault::warning(
            "empty-base-url",
            variable,
            format!("{variable} is set and empty: some programs take that for an address, others for none"),
            format!("`unset {variable}`"),
        )];
    }
    if trimmed.starts_with(['"', '\'', '`', '\u{201c}', '\u{2018}'])
        || trimmed.ends_with(['"', '\'', '`', '\u{201d}', '\u{2019}'])
    {
        return error("url-quoted", "has quotes in its value", "take the quotes off where it is set");
    }
    if value.chars().any(|c| c.is_whitespace() || c.is_control() || crate::sanitize::is_invisible(c)) {
        return error("url-whitespace", "has a blank or another character that is not seen", "set it again without");
    }
    if !value.contains("://") {
        return error("url-no-scheme", "has no `https://` in front", "write it with `https://`");
    }
    let Ok(url) = Url::parse(value) else {
        return error("url-no-scheme", "is no address", "write it like `https://HOST/v1`");
    };
    of_url(variable, &url)
}

fn of_url(variable: &str, url: &Url) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut warn =
        |id, what: &str, fix: String| faults.push(Fault::warning(id, variable, format!("{variable} {what}"), fix));
    let host = url.host_str().unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    if host == "0.0.0.0" || host == "[::]" {
        warn(
            "wildcard-host",
            "names 0.0.0.0, which servers listen on and nobody can be reached at",
            "write 127.0.0.1".into(),
        );
    }
    if url.scheme() == "http" && !is_this_machine(host) && !is_private(host) {
        warn("plaintext-url", "is `http://`: the key travels in clear", "write `https://`".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        warn("userinfo-in-url", "has a user name or password in it", "take `USER:PASSWORD@` out".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        warn(
            "query-in-base",
            "has a `?` or `#` part, and programs append their path to it",
            "take that part off".into(),
        );
    }
    let is_anthropic = Family::of_variable(variable) == Some(Family::Anthropic);
    if path.contains("/v1/v1") || is_anthropic && path.ends_with("/v1") {
        warn("doubled-v1", "leads to `/v1/v1/…`, which is not there", "take one `/v1` off".into());
    } else if let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| path.ends_with(**endpoint)) {
        warn(
            "endpoint-as-base",
            &format!("ends with `{endpoint}`, and programs add that themselves"),
            format!("take `{endpoint}` off"),
        );
    } else if let Some(right) = versioned(variable, host, path) {
        warn(
            "missing-version-path",
            &format!("has the host and not the whole address, `{right}`"),
            format!("set {variable}={right}"),
        );
    } else if url.path().len() > 1 && url.path().ends_with('/') {
        warn("trailing-slash", "ends with `/`, and some programs then ask for `//…`", "take the last `/` off".into());
    }
    faults
}

/// The provider's own address where this one is a beginning of it.
fn versioned(variable: &str, host: &str, path: &str) -> Option<String> {
    let dialect = match Family::of_variable(variable)? {
        Family::Openai => Dialect::OpenaiChat,
        Family::Anthropic => Dialect::AnthropicMessages,
        Family::Gemini => return None,
    };
    let endpoint = provider::of_host(host)?.endpoint(dialect)?;
    let right = Url::parse(&endpoint.base_url).ok()?;
    let whole = right.path().trim_end_matches('/');
    let is_beginning = whole.len() > path.len() && whole.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    (right.host_str() == Some(host) && is_beginning).then(|| endpoint.base_url.clone())
}

/// Whether a host is in a private network, or a bare name as containers have.
fn is_private(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => {
            !host.contains('.') || [".local", ".lan", ".internal", ".home.arpa"].iter().any(|end| host.ends_with(end))
        }
    }
}

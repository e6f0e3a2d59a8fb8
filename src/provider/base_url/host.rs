//! The host of a base URL: its spelling, and whether the key would cross a network in clear.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

use crate::error::{Error, Result};

/// Shows host and port.
pub(super) fn shown(url: &Url) -> String {
    let host = crate::printable::text(url.host_str().unwrap_or_default());
    url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
}

/// Tells what the parser made of the host, drops a dot at its end, and turns a listening address into one that can be called.
pub(super) fn normalise(url: &mut Url, text: &str, changes: &mut Vec<String>) -> Result<()> {
    let authority =
        text.split_once("://").map_or(text, |(_, rest)| rest).split(['/', '?', '#']).next().unwrap_or_default();
    let typed = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let default_port = if url.scheme() == "https" { ":443" } else { ":80" };
    let mut spelled = typed;
    if url.port().is_none()
        && let Some((host, port)) = typed.rsplit_once(':')
        && !port.contains(']')
    {
        if typed.ends_with(default_port) {
            changes.push(format!("removed the default port `{default_port}`"));
        }
        spelled = host;
    } else if let Some(port) = url.port() {
        spelled = typed.strip_suffix(&format!(":{port}")).unwrap_or(typed);
    }
    let dotted = spelled.trim_end_matches('.');
    if dotted.len() != spelled.len() {
        changes.push("removed the dot after the host".to_owned());
    }
    drop_dot(url)?;
    let host = url.host_str().unwrap_or_default().to_owned();
    if host != dotted {
        let said = if host == dotted.to_ascii_lowercase() { "lower case" } else { "the form in which it is looked up" };
        changes.push(format!("wrote the host in {said}: `{}`", crate::printable::text(&host)));
    }
    let callable = match url.host() {
        Some(Host::Ipv4(Ipv4Addr::UNSPECIFIED)) => Some("127.0.0.1"),
        Some(Host::Ipv6(Ipv6Addr::UNSPECIFIED)) => Some("[::1]"),
        _ => None,
    };
    if let Some(callable) = callable {
        set_host(url, callable)?;
        changes.push(format!("replaced `{host}`, which only listens, by `{callable}`"));
    }
    Ok(())
}

/// Drops dots at the end of the host.
pub(super) fn drop_dot(url: &mut Url) -> Result<()> {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_end_matches('.');
    if bare.is_empty() {
        return Err(Error::usage("the base URL has no host"));
    }
    if bare.len() == host.len() {
        return Ok(());
    }
    let bare = bare.to_owned();
    set_host(url, &bare)
}

fn set_host(url: &mut Url, host: &str) -> Result<()> {
    url.set_host(Some(host)).map_err(|err| Error::usage(format!("the base URL's host cannot be used: {err}")))
}

/// Refuses plain `http://` across a public network, and says what it costs where it is the user's own choice.
pub(super) fn check_encryption(url: &Url, is_custom: bool, shown: &str, changes: &mut Vec<String>) -> Result<()> {
    if url.scheme() == "https" || is_near(url) {
        return Ok(());
    }
    let host = self::shown(url);
    if is_custom && super::of_host(url.host_str().unwrap_or_default()).is_none() {
        changes.push(format!("kept `http://`: the key and every answer cross the network to `{host}` in clear"));
        return Ok(());
    }
    Err(Error::usage(format!("plain http would send the key to `{host}` in clear"))
        .hint(format!("use {}", shown.replacen("http://", "https://", 1))))
}

/// Says whether the host is this machine or in a private network.
fn is_near(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => is_near_name(name),
        Some(Host::Ipv4(ip)) => is_near_ip(ip.into()),
        Some(Host::Ipv6(ip)) => is_near_ip(ip.into()),
        None => false,
    }
}

fn is_near_name(name: &str) -> bool {
    const NEAR_ENDINGS: &[&str] = &[".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test"];
    !name.contains('.') || NEAR_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

fn is_near_ip(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            // 100.64.0.0/10 is RFC 6598, what VPN meshes hand out.
            let is_shared = ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64;
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => match ip.to_ipv4_mapped() {
            Some(ip) => is_near_ip(ip.into()),
            None => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
        },
    }
}

/// Says whether a host name or address is this machine.
pub(super) fn is_loopback_host(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.ends_with(".localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Says whether a text without a scheme starts with this machine's name or address.
pub(super) fn is_loopback_text(text: &str) -> bool {
    let authority = text.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let host = match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, _)) => inside,
        None => authority.split(':').next().unwrap_or_default(),
    };
    is_loopback_host(host) || matches!(host, "0.0.0.0" | "::")
}

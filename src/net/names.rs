//! A host's name to its addresses, without those that no key is sent to.
//!
//! In a static link of glibc, only hosts and DNS are asked: other modules of `nsswitch.conf` would have to be loaded at run time, from
//! exactly the C library that the program was built with, and one that does not fit can bring the process down.

use std::future::Future;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use super::{Failure, Kind};

/// Asks the system on a thread of its own; the connection's time limit covers it.
#[derive(Clone, Copy)]
pub(super) struct Names;

impl Service<Name> for Names {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let asked = tokio::task::spawn_blocking(move || look_up(&host));
            asked.await.unwrap_or_else(|_| Err(Failure::new(Kind::Name, "looking up a name was broken off")))
        })
    }
}

fn look_up(host: &str) -> Result<std::vec::IntoIter<SocketAddr>, Failure> {
    hosts_and_dns_alone();
    let unknown = |why: &str| {
        Failure::new(Kind::Name, format!("no address is known for `{host}`{why}"))
            .hint("is this machine online? Behind a proxy, `[network] https_proxy` in the configuration names it")
    };
    let all = (host, 0).to_socket_addrs().map_err(|_| unknown(""))?;
    let (refused, good): (Vec<_>, Vec<_>) = all.partition(|address| is_never_sent_to(address.ip()));
    match (good.is_empty(), refused.first()) {
        (true, Some(address)) => Err(refusal(host, address.ip())),
        (true, None) => Err(unknown("")),
        (false, _) => Ok(good.into_iter()),
    }
}

/// Refuses an address that is written as such.
pub(super) fn check_literal(host: &str) -> Result<(), Failure> {
    match host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
        Ok(ip) if is_never_sent_to(ip) => Err(refusal(host, ip)),
        _ => Ok(()),
    }
}

fn refusal(host: &str, ip: IpAddr) -> Failure {
    let stands = if host.trim_matches(['[', ']']) == ip.to_string() {
        format!("`{ip}` is an address")
    } else {
        format!("`{host}` stands for {ip}, an address")
    };
    Failure::new(
        Kind::Refused,
        format!("{stands} of this link alone or of a cloud's metadata service: nothing was sent"),
    )
}

/// Link-local addresses, and the metadata services that live elsewhere (AWS on IPv6, Alibaba): no provider is there.
fn is_never_sent_to(ip: IpAddr) -> bool {
    const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local() || ip.octets() == [100, 100, 100, 200],
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip == AWS_METADATA,
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static"))]
fn hosts_and_dns_alone() {
    use std::ffi::{c_char, c_int};
    unsafe extern "C" {
        /// `<nss.h>`: what `nsswitch.conf` would say for one database.
        fn __nss_configure_lookup(database: *const c_char, services: *const c_char) -> c_int;
    }
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: two strings that end in NUL and live for ever; glibc takes a lock of its own.
        let status = unsafe { __nss_configure_lookup(c"hosts".as_ptr(), c"files dns".as_ptr()) };
        debug_assert_eq!(status, 0, "glibc does not know these services");
    });
}

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_feature = "crt-static")))]
fn hosts_and_dns_alone() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_services_and_link_local_addresses_are_refused_in_every_spelling() {
        for host in ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "[::ffff:169.254.169.254]"] {
            let failure = check_literal(host).expect_err(host);
            assert_eq!(failure.kind, Kind::Refused, "{host}");
        }
        for host in
            ["127.0.0.1", "[::1]", "10.1.2.3", "192.168.0.7", "[fd00::7]", "8.8.8.8", "localhost", "fe80.example"]
        {
            assert!(check_literal(host).is_ok(), "{host}");
        }
    }

    #[test]
    fn names_of_this_machine_are_found_and_others_fail_in_words() {
        let mut found = look_up("localhost").expect("the name of this machine");
        assert!(found.all(|address| address.ip().is_loopback()));
        // No name at all, so that nobody is asked for it.
        let failure = look_up("no..host").expect_err("a name with an empty part");
        assert_eq!(failure.kind, Kind::Name);
        assert_eq!(failure.message, "no address is known for `no..host`");
    }
}

//! Which certificates are believed: the operating system's, and beside them those of `[network] ca_file`.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::{Failure, Kind};
use crate::bounded::{self, Links};

/// The most a file of certificates may hold; a system's is about 200 KiB.
const MAX_CA_BYTES: u64 = 4 * 1024 * 1024;

/// A TLS configuration, and why nothing can be judged by it where that is so.
pub(super) struct Trust {
    pub(super) config: ClientConfig,
    pub(super) broken: Option<Failure>,
}

/// Reads what is to be believed. A file that is missing or wrong is said by every request that needs it.
pub(super) fn trust(ca_file: Option<&Path>) -> Trust {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let (extra, mut broken) = match ca_file.map(own_certificates) {
        None => (Vec::new(), None),
        Some(Ok(extra)) => (extra, None),
        Some(Err(failure)) => (Vec::new(), Some(failure)),
    };
    let (config, missing) = system_and(extra, provider);
    broken = broken.or(missing);
    Trust { config, broken }
}

/// Reads `ca_file`: PEM, at least one certificate.
fn own_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let shown = crate::printable::path(path);
    let failure = |why: String| {
        Failure::new(Kind::Tls, format!("`ca_file` of `[network]`: {why}"))
            .hint("it holds certificates as text, each from `-----BEGIN CERTIFICATE-----` on")
    };
    let (bytes, _) = bounded::read(path, MAX_CA_BYTES, Links::Follow)
        .map_err(|err| failure(err.into_error(path, MAX_CA_BYTES).message))?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let found = found.map_err(|_| failure(format!("`{shown}` is not PEM")))?;
    if found.is_empty() {
        return Err(failure(format!("no certificate is in `{shown}`")));
    }
    // One that TLS cannot use would otherwise be dropped without a word.
    let mut roots = rustls::RootCertStore::empty();
    for certificate in &found {
        roots
            .add(certificate.clone())
            .map_err(|err| failure(format!("a certificate in `{shown}` is not usable: {err}")))?;
    }
    Ok(found)
}

#[cfg(not(any(target_os = "macos", windows)))]
fn system_and(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> (ClientConfig, Option<Failure>) {
    let mut roots = rustls::RootCertStore::empty();
    let from_system = system_bundle().map_or(0, |bytes| {
        // Bundles carry some that TLS has no use for; the rest counts.
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&bytes).filter_map(Result::ok)).0
    });
    let own = !extra.is_empty();
    roots.add_parsable_certificates(extra);
    let missing = (from_system == 0 && !own).then(|| {
        Failure::new(
            Kind::Tls,
            format!("this system has no certificate authorities to judge a server by: {} is not there", BUNDLES[0]),
        )
        .hint("install the package `ca-certificates`, or name a file of certificates in `[network]` as `ca_file`")
    });
    let config = versions(provider).with_root_certificates(roots).with_no_client_auth();
    (config, missing)
}

/// Where systems keep their certificates in one file, after Go's `crypto/x509/root_linux.go` and `root_bsd.go` (read 2026-11-28).
#[cfg(not(any(target_os = "macos", windows)))]
const BUNDLES: [&str; 8] = [
    "/etc/ssl/certs/ca-certificates.crt", // Debian, Ubuntu, Arch, Alpine, Gentoo, NixOS
    "/etc/pki/tls/certs/ca-bundle.crt",   // Fedora, RHEL 6
    "/etc/ssl/ca-bundle.pem",             // openSUSE
    "/etc/pki/tls/cacert.pem",            // OpenELEC
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // CentOS, RHEL 7
    "/etc/ssl/cert.pem",                  // Alpine, OpenBSD
    "/usr/local/etc/ssl/cert.pem",        // FreeBSD
    "/usr/local/share/certs/ca-root-nss.crt", // DragonFly
];

#[cfg(not(any(target_os = "macos", windows)))]
fn system_bundle() -> Option<Vec<u8>> {
    BUNDLES.iter().find_map(|path| bounded::read(Path::new(path), MAX_CA_BYTES, Links::Follow).ok().map(|read| read.0))
}

#[cfg(any(target_os = "macos", windows))]
fn system_and(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> (ClientConfig, Option<Failure>) {
    match rustls_platform_verifier::Verifier::new_with_extra_roots(extra, Arc::clone(&provider)) {
        Ok(verifier) => {
            let builder = versions(provider).dangerous();
            (builder.with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(), None)
        }
        Err(err) => {
            let failure = Failure::new(Kind::Tls, format!("the system's certificates cannot be used: {err}"));
            let roots = rustls::RootCertStore::empty();
            (versions(provider).with_root_certificates(roots).with_no_client_auth(), Some(failure))
        }
    }
}

/// TLS 1.3 and 1.2, by the provider that is given rather than by one installed for the whole process.
fn versions(provider: Arc<CryptoProvider>) -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    let builder = ClientConfig::builder_with_provider(provider);
    builder.with_protocol_versions(rustls::ALL_VERSIONS).expect("ring speaks both versions")
}

//! Variables of one environment together: what hides, splits or contradicts what.

use std::collections::BTreeMap;
use std::path::Path;

use url::Url;

use super::{Fault, address, is_this_machine, value};
use crate::profile::Family;
use crate::provider::{self, Role};
use crate::secret::Secret;

/// Variables that name a file of certificates.
const CA_FILES: [&str; 5] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "HTTPLIB2_CA_CERTS"];
/// Names that clients once read for the base URL.
const LEGACY_BASES: [&str; 4] = ["OPENAI_API_BASE", "OPENAI_API_HOST", "OPENAI_BASE", "OPENAI_API_URL"];

/// Finds what is wrong in an environment. `own`: names that llmenv set, whose values are clean.
pub fn faults(variables: &BTreeMap<String, Secret>, own: &[String]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, value) in variables.iter().filter(|(name, _)| !own.contains(name)) {
        if is_key(name) {
            if value.is_empty() {
                faults.push(Fault::warning(
                    "empty-shadows-file",
                    name,
                    format!("{name} is set and empty: a `.env` file does not fill it in, since it counts as set"),
                    format!("`unset {name}`"),
                ));
            } else {
                faults.extend(value::faults(name, value, goes_to_this_machine(variables, name)));
            }
        } else if is_base_url(name) {
            faults.extend(address::faults(name, value.expose()));
        }
    }
    contradictions(variables, &mut faults);
    network(variables, &mut faults);
    faults
}

/// Whether a variable is one for keys.
pub fn is_key(name: &str) -> bool {
    Family::ALL.iter().any(|family| family.variables().key.contains(&name))
        || provider::of_variable(name).iter().any(|(_, variable)| variable.role == Role::Key)
}

/// Whether a variable is one for base URLs.
pub fn is_base_url(name: &str) -> bool {
    Family::ALL.iter().any(|family| family.base_url_variable() == name)
        || provider::of_variable(name).iter().any(|(_, variable)| variable.role == Role::BaseUrl)
        || name == "OPENAI_API_BASE"
}

fn text<'a>(variables: &'a BTreeMap<String, Secret>, name: &str) -> Option<&'a str> {
    variables.get(name).map(|value| value.expose().trim()).filter(|value| !value.is_empty())
}

fn host_of(variables: &BTreeMap<String, Secret>, name: &str) -> Option<String> {
    Url::parse(text(variables, name)?).ok()?.host_str().map(str::to_owned)
}

/// Whether a key goes to a server on this machine, as far as the family's base URL says.
pub fn goes_to_this_machine(variables: &BTreeMap<String, Secret>, name: &str) -> bool {
    let bases: &[&str] = match Family::of_variable(name) {
        Some(Family::Openai) => &["OPENAI_BASE_URL", "OPENAI_API_BASE"],
        Some(family) => &[family.base_url_variable()],
        None => return provider::of_variable(name).iter().any(|(row, _)| row.local),
    };
    bases.iter().find_map(|base| host_of(variables, base)).is_some_and(|host| is_this_machine(&host))
}

fn contradictions(variables: &BTreeMap<String, Secret>, faults: &mut Vec<Fault>) {
    if text(variables, "OPENAI_BASE_URL").is_none()
        && let Some(name) = LEGACY_BASES.iter().find(|name| text(variables, name).is_some())
    {
        faults.push(Fault::warning(
            "legacy-base-var",
            name,
            format!("{name} is set and OPENAI_BASE_URL is not: today's OpenAI clients read the latter alone, and go to api.openai.com"),
            "set OPENAI_BASE_URL to the same address",
        ));
    }
    if text(variables, "ANTHROPIC_API_KEY").is_some() && text(variables, "ANTHROPIC_AUTH_TOKEN").is_some() {
        faults.push(Fault::warning(
            "anthropic-auth-conflict",
            "ANTHROPIC_AUTH_TOKEN",
            "ANTHROPIC_API_KEY and ANTHROPIC_AUTH_TOKEN are both set: which one is sent depends on the program".into(),
            "unset the one that does not belong to ANTHROPIC_BASE_URL",
        ));
    }
    if let (Some(google), Some(gemini)) = (variables.get("GOOGLE_API_KEY"), variables.get("GEMINI_API_KEY"))
        && !google.is_empty()
        && !gemini.is_empty()
        && !google.same_as(gemini)
    {
        faults.push(Fault::warning(
            "gemini-dual-key",
            "GOOGLE_API_KEY",
            "GOOGLE_API_KEY and GEMINI_API_KEY hold different keys: Google's SDK takes the first".into(),
            "unset GOOGLE_API_KEY",
        ));
    }
    let org = ["OPENAI_ORG_ID", "OPENAI_ORGANIZATION", "OPENAI_PROJECT_ID"]
        .into_iter()
        .find(|name| text(variables, name).is_some());
    if let (Some(org), Some(host)) = (org, host_of(variables, "OPENAI_BASE_URL"))
        && !host.ends_with("openai.com")
        && !host.ends_with("openai.azure.com")
    {
        faults.push(Fault::warning(
            "org-header-to-foreign-host",
            org,
            format!("{org} is sent along to a host that is not OpenAI's"),
            format!("`unset {org}`"),
        ));
    }
}

fn network(variables: &BTreeMap<String, Secret>, faults: &mut Vec<Fault>) {
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        let upper = name.to_ascii_uppercase();
        if let (Some(low), Some(high)) = (variables.get(name), variables.get(&upper))
            && !low.same_as(high)
        {
            let message = format!("{name} and {upper} differ: some programs read one, some the other");
            faults.push(Fault::warning("proxy-case-split", &upper, message, "set both to the same"));
        }
    }
    let either = |name: &str| text(variables, name).or_else(|| text(variables, &name.to_ascii_uppercase()));
    let proxy = either("https_proxy").or_else(|| either("all_proxy"));
    if either("all_proxy").is_some_and(|proxy| proxy.starts_with("socks")) && either("https_proxy").is_none() {
        faults.push(Fault::warning(
            "socks-proxy",
            "ALL_PROXY",
            "ALL_PROXY names a SOCKS proxy: Python's SDKs fail at once where `socksio` is not installed".into(),
            "`pip install \"httpx[socks]\"` where the program runs, or unset ALL_PROXY for it",
        ));
    }
    let plain = either("http_proxy").or(proxy);
    let local = Family::ALL.iter().map(|family| family.base_url_variable()).find(|name| {
        let url = text(variables, name).and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| url.host_str().is_some_and(is_this_machine))
    });
    let exceptions = either("no_proxy").unwrap_or_default();
    let is_excepted = exceptions == "*" || exceptions.contains("localhost") || exceptions.contains("127.0.0.1");
    if let (Some(name), Some(_), false) = (local, plain, is_excepted) {
        faults.push(Fault::warning(
            "no-proxy-missing",
            name,
            format!("{name} is on this machine, and requests to it go through the proxy variable"),
            "set NO_PROXY=localhost,127.0.0.1,::1 (and no_proxy)",
        ));
    }
    for name in CA_FILES {
        if let Some(path) = text(variables, name)
            && !Path::new(path).exists()
        {
            let message = format!("{name} names a file that is not there, so every TLS connection fails");
            faults.push(Fault::error("ca-file-missing", name, message, format!("correct it, or `unset {name}`")));
        }
    }
    let off = ["NODE_TLS_REJECT_UNAUTHORIZED", "PYTHONHTTPSVERIFY"];
    for name in off.into_iter().filter(|name| text(variables, name) == Some("0")) {
        let message = format!("{name}=0 lets anybody on the way read the key");
        faults.push(Fault::warning(
            "tls-verification-off",
            name,
            message,
            format!("`unset {name}`, and name the root with NODE_EXTRA_CA_CERTS"),
        ));
    }
}

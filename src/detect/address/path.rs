//! What is wrong with the host or the path of an address.

use url::Url;

use super::{Fault, fault};
use crate::detect::look::Values;
use crate::detect::{Finding, is_private, is_this_machine};
use crate::profile::{Dialect, Family};
use crate::provider::{self, Provider, base_url};

/// What programs add to a base URL themselves.
const ENDPOINTS: [&str; 7] =
    ["/chat/completions", "/messages", "/responses", "/completions", "/embeddings", "/models", ":generateContent"];

pub(super) fn of_path(
    variable: &str,
    family: Family,
    url: &Url,
    host: &str,
    path: &str,
    with: &dyn Fn(&str) -> Option<String>,
) -> Option<Fault> {
    let row = provider::of_host(host);
    if let Some(fault) = wire(variable, family, row, host, path) {
        return Some(fault);
    }
    if path.contains("/v1/v1") || family == Family::Anthropic && path.ends_with("/v1") {
        let finding = Finding::warning(
            "doubled-v1",
            format!("{variable} leads to `/v1/v1/…`, which is not there: clients add `/v1` themselves"),
        );
        let right =
            if path.contains("/v1/v1") { path.replacen("/v1/v1", "/v1", 1) } else { path[..path.len() - 3].to_owned() };
        return Some(fault(finding, variable, "take one `/v1` off").right(with(&right), true));
    }
    if let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| path.ends_with(**endpoint)) {
        let finding = Finding::warning(
            "endpoint-as-base",
            format!("{variable} ends with `{endpoint}`, and programs add that themselves"),
        );
        let right = with(path.strip_suffix(endpoint).unwrap_or(path));
        return Some(fault(finding, variable, format!("take `{endpoint}` off")).right(right, true));
    }
    // Variables of one provider's own tools have forms of their own.
    if !matches!(variable, "OPENAI_BASE_URL" | "OPENAI_API_BASE" | "ANTHROPIC_BASE_URL") {
        return None;
    }
    if let Some(row) = row {
        return known_path(variable, family, row, url, host, path);
    }
    if family == Family::Openai && path.is_empty() && is_this_machine(host) {
        let finding = Finding::warning(
            "missing-version-path",
            format!("{variable} has no `/v1`: clients would ask for /chat/completions, which answers 404"),
        );
        return Some(fault(finding, variable, "write `/v1` at the end").right(with("/v1"), false));
    }
    None
}

/// The path of a host in the catalogue.
fn known_path(variable: &str, family: Family, row: &Provider, url: &Url, host: &str, path: &str) -> Option<Fault> {
    let right = base_url::canonical(Some(row), family, url.as_str()).ok()?.url;
    let whole = Url::parse(&right).ok()?;
    let (wanted, is_same_host) = (whole.path().trim_end_matches('/'), whole.host_str() == Some(host));
    let is_known = |known: &str| {
        Url::parse(known)
            .is_ok_and(|known| known.host_str() == Some(host) && known.path().trim_end_matches('/') == path)
    };
    let urls =
        row.endpoints.iter().filter(|endpoint| endpoint.dialect.family() == family).map(|endpoint| &endpoint.base_url);
    if urls.chain(&row.other_urls).any(|known| is_known(known)) || wanted == path && is_same_host {
        return None;
    }
    let is_beginning = wanted.strip_prefix(path).is_some_and(|rest| rest.starts_with('/') || path.is_empty());
    let (id, what) = if is_beginning {
        ("missing-version-path", format!("{variable} has the host and not the whole address, `{right}`"))
    } else {
        ("wrong-path", format!("{variable} has a path that {} does not have; theirs is `{right}`", row.name))
    };
    Some(fault(Finding::warning(id, what), variable, format!("set {variable}={right}")).right(Some(right), true))
}

/// A client of one grammar at an endpoint of the other.
fn wire(variable: &str, family: Family, row: Option<&Provider>, host: &str, path: &str) -> Option<Fault> {
    if family == Family::Openai
        && matches!(variable, "OPENAI_BASE_URL" | "OPENAI_API_BASE")
        && path.contains("/anthropic")
    {
        let finding = Finding::warning(
            "wire-mismatch",
            format!("{variable} points to the endpoint for Anthropic's clients, which speaks another grammar"),
        );
        let right = row.and_then(|row| row.endpoint(Dialect::OpenaiChat)).map(|endpoint| endpoint.base_url.clone());
        return Some(fault(finding, variable, "take the provider's address for OpenAI's clients").right(right, false));
    }
    if variable != "ANTHROPIC_BASE_URL" {
        return None;
    }
    let row = row.filter(|row| row.id != "anthropic")?;
    let speaks = row.endpoint(Dialect::AnthropicMessages);
    let is_openai =
        row.endpoints.iter().filter(|endpoint| endpoint.dialect.family() == Family::Openai).any(|endpoint| {
            Url::parse(&endpoint.base_url)
                .is_ok_and(|known| known.host_str() == Some(host) && known.path().trim_end_matches('/') == path)
        });
    let is_right = speaks.is_some_and(|endpoint| {
        Url::parse(&endpoint.base_url)
            .is_ok_and(|known| known.host_str() == Some(host) && known.path().trim_end_matches('/') == path)
    });
    if is_right || speaks.is_some() && !is_openai {
        return None;
    }
    let finding = Finding::warning(
        "wire-mismatch",
        format!(
            "{variable} points to an endpoint of {} for OpenAI's clients, which Claude Code does not speak",
            row.name
        ),
    );
    let advice = match speaks {
        Some(endpoint) => format!("set {variable}={}", endpoint.base_url),
        None => "only a proxy that translates can serve it there".into(),
    };
    Some(fault(finding, variable, advice).right(speaks.map(|endpoint| endpoint.base_url.clone()), true))
}

pub(super) fn placeholder(url: &str) -> Option<&str> {
    const WORDS: [&str; 9] = [
        "your-resource",
        "your_resource",
        "yourresource",
        "your-deployment",
        "your-domain",
        "your-proxy",
        "your-endpoint",
        "your-host",
        "your-account",
    ];
    let lower = url.to_ascii_lowercase();
    let word = WORDS.iter().find_map(|word| lower.find(word).map(|at| &url[at..at + word.len()]));
    word.or_else(|| {
        let open = url.find(['<', '{'])?;
        let close = url[open..].find(['>', '}'])? + open;
        (!url[..open].ends_with('$')).then(|| &url[open..=close])
    })
}

pub(super) fn azure(variable: &str, text: &str, beside: &dyn Values) -> Option<Fault> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let is_azure = [".openai.azure.com", ".cognitiveservices.azure.com"].iter().any(|end| host.ends_with(end));
    let has_version = url.query().is_some_and(|query| query.contains("api-version="));
    let is_set = |name: &str| beside.get(name).is_some_and(|value| !value.expose().trim().is_empty());
    if !is_azure
        || has_version
        || url.path().contains("/openai/v1")
        || matches!(variable, "AZURE_OPENAI_ENDPOINT" | "AZURE_API_BASE") && url.path().len() <= 1
        || ["OPENAI_API_VERSION", "AZURE_OPENAI_API_VERSION", "AZURE_API_VERSION"].iter().any(|name| is_set(name))
    {
        return None;
    }
    let finding = Finding::warning(
        "azure-needs-api-version",
        format!("{variable} is of Azure, which wants an api-version and the header `api-key`, and this has neither"),
    );
    let advice =
        "take `https://RESOURCE.openai.azure.com/openai/v1`, which needs no version, or set OPENAI_API_VERSION";
    Some(fault(finding, variable, advice))
}

pub(super) fn lookalike(variable: &str, host: &str) -> Option<Fault> {
    const MIN_BYTES: usize = 8;
    let host = host.trim_end_matches('.');
    if host.len() < MIN_BYTES || provider::of_host(host).is_some() || is_private(host) || is_this_machine(host) {
        return None;
    }
    let hosts = provider::all().iter().filter(|row| !row.local).flat_map(|row| {
        let urls = row.endpoints.iter().map(|endpoint| endpoint.base_url.as_str());
        urls.chain(row.other_urls.iter().map(String::as_str))
            .filter_map(|url| Url::parse(url).ok()?.host_str().map(str::to_owned))
    });
    let meant = hosts.filter(|known| known.len() >= MIN_BYTES && !known.contains('%')).find(|known| {
        // `api.` and `.com` are half of such a name: the part between has to be alike, too.
        known.split('.').count() == host.split('.').count() && strsim::damerau_levenshtein(known, host) <= 2 && {
            let differing = known.split('.').zip(host.split('.')).filter(|(one, other)| one != other);
            differing.map(|(one, _)| one.len()).min().is_some_and(|least| least >= 4)
        }
    });
    let what = match &meant {
        Some(meant) => format!(
            "{variable} points to {}, which is not {meant}: a key sent there is somebody else's",
            crate::printable::text(host)
        ),
        None if host.split('.').any(|label| label.starts_with("xn--")) => {
            format!("{variable} points to {}, a name with letters that look like others", crate::printable::text(host))
        }
        None => return None,
    };
    let advice = match &meant {
        Some(meant) => format!("write {meant}, if that is what is meant"),
        None => "make sure of the host before a key goes there".into(),
    };
    let finding = Finding::error("lookalike-host", what).data("host", host).data("meant", meant);
    Some(fault(finding, variable, advice))
}

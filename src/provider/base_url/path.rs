//! The path of a base URL: pasted endpoint paths come off, version paths go to where the family wants them.

use url::Url;

use super::row_of;
use crate::error::{Error, Result};
use crate::profile::Family;
use crate::provider::{Provider, all};

/// Paths that clients append themselves, longest first. The short ones are cut only after a version or a known path.
const APPENDED: &[&str] = &["/chat/completions", "/messages/count_tokens", "/completions"];
/// Shorter ones: words that may well be part of somebody's own path.
const APPENDED_AFTER_VERSION: &[&str] = &["/responses", "/messages", "/models", "/embeddings"];
/// Segments that say nothing about which of a known host's paths was meant.
const GENERIC_SEGMENTS: &[&str] = &[
    "v1",
    "v2",
    "v3",
    "v4",
    "v1beta",
    "api",
    "openai",
    "anthropic",
    "inference",
    "compat",
    "compatible-mode",
    "apps",
    "paas",
    "beta",
];

/// Brings the path to the row's form, or to the family's habit where the host is not in the catalogue.
pub(super) fn normalise(
    url: &mut Url,
    provider: Option<&Provider>,
    family: Family,
    changes: &mut Vec<String>,
) -> Result<()> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let row = row_of(provider, &host);
    let mut path = tidy(url.path(), changes);
    path = cut_appended(&path, row.is_some(), changes);
    let wanted = row.map(|row| templates(row, family)).filter(|templates| !templates.is_empty());
    path = match (row, wanted) {
        (Some(row), Some(templates)) => to_row(&path, row, &host, family, &templates, changes)?,
        _ => to_habit(&path, family, changes),
    };
    url.set_path(&path);
    Ok(())
}

/// Says whether a host is of one of a row's URLs.
pub(super) fn has_host(row: &Provider, host: &str) -> bool {
    row.endpoints.iter().any(|endpoint| split(&endpoint.base_url).0 == host)
}

/// Drops doubled slashes and slashes at the end.
fn tidy(path: &str, changes: &mut Vec<String>) -> String {
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let tidied = if segments.is_empty() { String::new() } else { format!("/{}", segments.join("/")) };
    if path.contains("//") && tidied != path.trim_end_matches('/') {
        changes.push("removed doubled slashes".to_owned());
    }
    // The parser gives every URL a path of at least `/`.
    if path.len() > 1 && path.ends_with('/') {
        changes.push("removed the slash at the end".to_owned());
    }
    tidied
}

fn cut_appended(path: &str, is_known_host: bool, changes: &mut Vec<String>) -> String {
    let lower = path.to_ascii_lowercase();
    let ends_in_version = |rest: &str| rest.rsplit('/').next().is_some_and(|last| is_version(last)) || is_known_host;
    let cut = APPENDED.iter().find_map(|end| lower.strip_suffix(end).map(|rest| rest.len())).or_else(|| {
        let rest = APPENDED_AFTER_VERSION.iter().find_map(|end| lower.strip_suffix(end))?;
        ends_in_version(rest).then_some(rest.len())
    });
    // Gemini's own grammar: `/v1beta/models/NAME:generateContent`.
    let cut = cut.or_else(|| lower.find("/models/").filter(|at| lower[*at..].contains(':')));
    let Some(length) = cut else { return path.to_owned() };
    changes.push(format!("removed `{}`, which clients append themselves", crate::printable::text(&path[length..])));
    path[..length].to_owned()
}

/// The path templates of a row that serve a family, preferred first.
fn templates(row: &Provider, family: Family) -> Vec<&str> {
    let own = row.endpoints.iter().filter(|e| e.dialect.family() == family).map(|e| e.base_url.as_str());
    let others = row.other_urls.iter().map(String::as_str).filter(|_| family == Family::Openai);
    own.chain(others).collect()
}

/// Finds the path of a catalogue row that was meant.
fn to_row(
    path: &str,
    row: &Provider,
    host: &str,
    family: Family,
    templates: &[&str],
    changes: &mut Vec<String>,
) -> Result<String> {
    let twins = all().iter().filter(|other| other.id != row.id && has_host(other, host));
    let twin_templates: Vec<_> = twins.flat_map(|twin| self::templates(twin, family)).collect();
    let is_one_of = |templates: &[&str]| {
        templates.iter().any(|template| {
            let (template_host, template_path) = split(template);
            (template_host == host || template_host.contains('{') || row.local) && fits(path, template_path)
        })
    };
    if is_one_of(templates) || is_one_of(&twin_templates) {
        return Ok(path.to_owned());
    }
    // An alternative host of the row has paths of its own, where the catalogue knows them.
    let same_host = templates.iter().find(|template| split(template).0 == host);
    let (_, wanted) = split(same_host.unwrap_or(&templates[0]));
    let completed = match complete(path, wanted) {
        Completion::To(completed) => Some(completed),
        Completion::Missing(name) => {
            return Err(Error::usage(format!("the base URL of {} lacks its `{name}`", row.name))
                .hint(format!("write it like {}", templates[0])));
        }
        Completion::No => is_generic(path, row).then(|| wanted.to_owned()),
    };
    let Some(completed) = completed else { return Ok(path.to_owned()) };
    if completed.contains('{') {
        return Err(Error::usage(format!("the base URL of {} lacks its own parts", row.name))
            .hint(format!("write it like {}", templates[0])));
    }
    tell(path, &completed, &format!("{} for `{}`", row.name, family.base_url_variable()), changes);
    Ok(completed)
}

/// Brings an unknown host's path to what the family's clients expect.
fn to_habit(path: &str, family: Family, changes: &mut Vec<String>) -> String {
    let variable = family.base_url_variable();
    let mut wanted = path.to_owned();
    while let Some(single) = wanted.strip_suffix("/v1/v1") {
        wanted = format!("{single}/v1");
    }
    match family {
        Family::Openai if wanted.is_empty() => wanted = "/v1".to_owned(),
        Family::Openai => {}
        Family::Anthropic | Family::Gemini => {
            while let Some(last) = wanted.rsplit('/').next().filter(|last| matches!(*last, "v1" | "v1beta")) {
                wanted.truncate(wanted.len() - last.len() - 1);
            }
        }
    }
    tell(path, &wanted, &format!("clients reading `{variable}`"), changes);
    wanted
}

fn tell(from: &str, to: &str, reason: &str, changes: &mut Vec<String>) {
    if from == to {
        return;
    }
    let shown = |path: &str| crate::printable::text(path);
    changes.push(if let Some(added) = to.strip_prefix(from) {
        format!("added `{}` to the path, as {reason} want it", shown(added))
    } else if let Some(removed) = from.strip_prefix(to) {
        format!("removed `{}` from the path, as {reason} want it", shown(removed))
    } else {
        format!("replaced the path `{}` by `{}`, as {reason} want it", shown(from), shown(to))
    });
}

/// Splits a URL of the catalogue into host and path.
fn split(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    (authority.split(':').next().unwrap_or_default(), path)
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Says whether a path is what a template describes, `{words}` standing for any one segment.
fn fits(path: &str, template: &str) -> bool {
    let (path, template): (Vec<_>, Vec<_>) = (path.split('/').collect(), template.split('/').collect());
    path.len() == template.len() && path.iter().zip(&template).all(|(segment, wanted)| stands_for(segment, wanted))
}

fn stands_for(segment: &str, wanted: &str) -> bool {
    segment == wanted || wanted.starts_with('{') && !segment.is_empty()
}

/// What became of completing a path to a template.
enum Completion {
    /// The path is a beginning of the template and what is missing is known.
    To(String),
    /// The path is a beginning of the template and this part is the user's to name.
    Missing(String),
    /// The path is something else.
    No,
}

fn complete(path: &str, template: &str) -> Completion {
    let wanted: Vec<_> = template.split('/').collect();
    let found: Vec<_> = path.split('/').collect();
    if found.len() > wanted.len() || !found.iter().zip(&wanted).all(|(segment, wanted)| stands_for(segment, wanted)) {
        return Completion::No;
    }
    let missing = &wanted[found.len()..];
    match missing.iter().find(|segment| segment.starts_with('{')) {
        Some(name) => Completion::Missing((*name).to_owned()),
        None => Completion::To(found.iter().chain(missing).copied().collect::<Vec<_>>().join("/")),
    }
}

/// Says whether a path on a known host names nothing of its own: other families' paths and common words.
fn is_generic(path: &str, row: &Provider) -> bool {
    let is_another_familys = row.endpoints.iter().any(|endpoint| split(&endpoint.base_url).1 == path);
    is_another_familys || path.split('/').skip(1).all(|segment| GENERIC_SEGMENTS.contains(&segment))
}

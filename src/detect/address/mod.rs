//! The value of a base URL variable, wherever it stands: what keeps it from being an address, and what sends requests elsewhere.

mod path;

use url::Url;

use path::{azure, lookalike, of_path, placeholder};

use crate::detect::env_file::EnvFile;
use crate::detect::environment::is_base_url;
use crate::detect::fix::Fix;
use crate::detect::look::{Look, Values};
use crate::detect::{Detector, Finding, is_private, is_this_machine, value};
use crate::profile::Family;
use crate::provider;
use crate::secret::Secret;
use crate::source::Kind;

/// The detector.
pub const DETECTOR: Detector = Detector {
    ids: &[
        "empty-base-url",
        "url-quoted",
        "url-whitespace",
        "url-no-scheme",
        "wildcard-host",
        "plaintext-url",
        "userinfo-in-url",
        "query-in-base",
        "doubled-v1",
        "endpoint-as-base",
        "missing-version-path",
        "trailing-slash",
        "wrong-path",
        "wire-mismatch",
        "placeholder-in-url",
        "azure-needs-api-version",
        "lookalike-host",
        "swapped-pair",
    ],
    find,
};

/// Other places that hold such values.
const OTHERS: [Kind; 10] = [
    Kind::Envrc,
    Kind::Mise,
    Kind::Rc,
    Kind::FishUniversal,
    Kind::System,
    Kind::SystemdUser,
    Kind::VsCode,
    Kind::ToolConfig,
    Kind::WindowsUser,
    Kind::WindowsMachine,
];

fn find(look: &Look) -> Vec<Finding> {
    let mut found = Vec::new();
    for (name, value) in look.foreign().filter(|(name, _)| is_base_url(name)) {
        for fault in faults(name, value.expose(), &look.scene.variables) {
            found.push(fault.finding.at(look.here(name)).fix(Fix::hint(fault.advice)));
        }
    }
    for file in &look.files {
        in_file(look, file, &mut found);
    }
    for (assignment, value) in look.texts(&OTHERS).filter(|(assignment, _)| is_base_url(&assignment.name)) {
        for fault in faults(&assignment.name, value.expose(), &look.scene.variables) {
            found.push(fault.finding.at(look.place(assignment)).fix(Fix::hint(fault.advice)));
        }
    }
    found
}

fn in_file(look: &Look, file: &EnvFile, found: &mut Vec<Finding>) {
    let mut names: Vec<&str> = Vec::new();
    for line in file.lines.iter().filter(|line| is_base_url(&line.name)) {
        if names.contains(&line.name.as_str()) {
            continue;
        }
        names.push(&line.name);
        let readings = file.readings_of(&line.name);
        // The reading of most loaders; what single ones make of quotes and comments has findings of its own.
        let Some((text, loaders)) = readings.iter().max_by_key(|(_, loaders)| loaders.len()) else { continue };
        let together = value::beside(look, file, loaders[0]);
        for fault in faults(&line.name, text.expose(), &together) {
            let winner = file.value(&line.name).map_or(line.number, |(_, number)| number);
            let line =
                file.lines.iter().find(|other| other.number == winner && other.name == line.name).unwrap_or(line);
            let finding = match look.in_file(file, &line.name) {
                Some(spot) => fault.finding.at(spot),
                None => fault.finding,
            };
            let change = fault.right.as_deref().and_then(|right| file.rewrite(line, right));
            found.push(finding.fix(match change {
                Some(change) => {
                    let edit = Fix::edit(fault.advice, &file.path, change);
                    if fault.is_certain { edit.safe() } else { edit }
                }
                None => Fix::hint(fault.advice),
            }));
        }
    }
}

/// Something about an address.
pub struct Fault {
    /// The finding, without a place. Quotes no part of the value but a host.
    pub finding: Finding,
    /// What to do.
    pub advice: String,
    /// The address as it was meant.
    pub right: Option<String>,
    /// Whether nobody can have meant anything else.
    pub is_certain: bool,
}

fn fault(finding: Finding, variable: &str, advice: impl Into<String>) -> Fault {
    Fault { finding: finding.variable(variable), advice: advice.into(), right: None, is_certain: false }
}

impl Fault {
    fn right(mut self, right: Option<String>, is_certain: bool) -> Self {
        // A password in an address is nobody's to read in a report.
        let is_open = |right: &&String| {
            Url::parse(right)
                .is_ok_and(|url| url.username().is_empty() && url.password().is_none() && url.query().is_none())
        };
        if let Some(right) = right.as_ref().filter(is_open) {
            self.finding = self.finding.data("suggestion", right.as_str());
        }
        self.is_certain = is_certain && right.is_some();
        self.right = right;
        self
    }
}

/// Finds what is wrong with a base URL. `beside`: the variables around it.
pub fn faults(variable: &str, value: &str, beside: &dyn Values) -> Vec<Fault> {
    let trimmed = value.trim();
    if trimmed.is_empty() {
        let what = match Family::of_variable(variable) {
            Some(Family::Openai) => "Python's client fails, Node's sends the key to api.openai.com",
            _ => "some programs take that for an address, others for none",
        };
        let finding = Finding::warning("empty-base-url", format!("{variable} is set and empty, not unset: {what}"));
        return vec![fault(finding, variable, format!("`unset {variable}`"))];
    }
    let error =
        |id, what: &str, advice: &str| vec![fault(Finding::error(id, format!("{variable} {what}")), variable, advice)];
    let bare = trimmed.trim_matches(|c| "\"'`\u{201c}\u{201d}\u{2018}\u{2019}".contains(c));
    if bare.len() < trimmed.len() {
        let mut found = error("url-quoted", "has quotes in its value", "take the quotes off where it is set");
        let right = Url::parse(bare).is_ok().then(|| bare.to_owned());
        found = found.into_iter().map(|fault| fault.right(right.clone(), true)).collect();
        return found;
    }
    if !provider::of_key(&Secret::new(trimmed)).is_empty() {
        return error("swapped-pair", "holds a key, not an address", "the key belongs into the variable for keys");
    }
    if value.chars().any(|c| c.is_whitespace() || c.is_control() || crate::sanitize::is_invisible(c)) {
        let clean: String = value
            .chars()
            .filter(|c| !c.is_whitespace() && !c.is_control() && !crate::sanitize::is_invisible(*c))
            .collect();
        let right = Url::parse(&clean).is_ok().then_some(clean);
        let found =
            error("url-whitespace", "has a blank or another character that is not seen", "set it again without");
        return found.into_iter().map(|fault| fault.right(right.clone(), true)).collect();
    }
    if let Some(word) = placeholder(value) {
        return error(
            "placeholder-in-url",
            &format!("still has a guide's placeholder in it, `{}`", crate::printable::text(word)),
            "put your own name there",
        )
        .into_iter()
        .chain(azure(variable, value, beside))
        .collect();
    }
    let lower = value.to_ascii_lowercase();
    if lower.matches("://").count() != 1 || !(lower.starts_with("http://") || lower.starts_with("https://")) {
        let rest = lower.rsplit("://").next().unwrap_or(&lower).trim_start_matches(['/', ':']);
        let rest = ["https//", "http//", "https:/", "http:/", "htps:"]
            .iter()
            .fold(rest, |rest, start| rest.strip_prefix(start).unwrap_or(rest));
        let host = rest.split(['/', ':', '?']).next().unwrap_or_default();
        let right = provider::of_host(host).is_some().then(|| format!("https://{rest}"));
        let found = error(
            "url-no-scheme",
            "does not begin with one `https://`: Python reports only `Connection error`, Node `Invalid URL`",
            "write it with `https://` in front",
        );
        return found.into_iter().map(|fault| fault.right(right.clone(), false)).collect();
    }
    if value.contains('\\') {
        return error("url-no-scheme", "has backslashes in it", "write `/`");
    }
    let Ok(url) = Url::parse(value) else {
        return error("url-no-scheme", "is no address", "write it like `https://HOST/v1`");
    };
    of_url(variable, value, &url, beside)
}

fn of_url(variable: &str, text: &str, url: &Url, beside: &dyn Values) -> Vec<Fault> {
    let mut found = Vec::new();
    let host = url.host_str().unwrap_or_default();
    let path = url.path().trim_end_matches('/');
    let with = |path: &str| {
        let mut right = url.clone();
        right.set_path(path);
        Some(right.as_str().trim_end_matches('/').to_owned())
    };
    let family = Family::of_variable(variable).unwrap_or(Family::Openai);
    if host == "0.0.0.0" || host == "[::]" {
        let finding = Finding::warning(
            "wildcard-host",
            format!("{variable} names {host}, which servers listen on and nobody can be reached at"),
        );
        found.push(fault(finding, variable, "write 127.0.0.1").right(Some(text.replacen(host, "127.0.0.1", 1)), true));
    }
    if url.scheme() == "http" && !is_this_machine(host) && host != "0.0.0.0" && host != "[::]" {
        let what = format!("{variable} is `http://`: the key travels in clear to {}", crate::printable::text(host));
        let finding =
            if is_private(host) { Finding::info("plaintext-url", what) } else { Finding::error("plaintext-url", what) };
        let right = (!is_private(host)).then(|| format!("https://{}", &text[7..]));
        found.push(fault(finding, variable, "write `https://`").right(right, false));
    }
    if !url.username().is_empty() || url.password().is_some() {
        let finding = Finding::warning("userinfo-in-url", format!("{variable} has a user name or password in it"));
        found.push(fault(finding, variable, "take `USER:PASSWORD@` out"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        let finding = Finding::warning(
            "query-in-base",
            format!("{variable} has a `?` or `#` part, and programs append their path behind it"),
        );
        found.push(fault(finding, variable, "take that part off; a profile keeps `api_version` by itself"));
    }
    let path_fault = of_path(variable, family, url, host, path, &with);
    if let Some(shape) = path_fault {
        found.push(shape);
    } else if url.path().len() > 1 && url.path().ends_with('/') {
        let finding = Finding::info(
            "trailing-slash",
            format!("{variable} ends with `/`: fine for OpenAI's own clients, others then ask for `//…`"),
        );
        found.push(fault(finding, variable, "take the last `/` off").right(with(path), true));
    }
    found.extend(azure(variable, text, beside));
    found.extend(lookalike(variable, host));
    found
}

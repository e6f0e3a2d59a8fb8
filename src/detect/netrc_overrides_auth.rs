//! `~/.netrc` with an entry for a provider's host, or for every host: Python's `requests` sends that in place of the key.

use super::look::host_of;
use super::{Detector, Finding, Look, Spot};
use crate::profile::Family;
use crate::provider;
use crate::source::{Kind, Origin, Reader};

/// The detector.
pub const DETECTOR: Detector = Detector { ids: &["netrc-overrides-auth"], find };

fn find(look: &Look) -> Vec<Finding> {
    let named = look.text("NETRC").map(std::path::PathBuf::from);
    let mut paths = named.into_iter().chain([look.scene.home.join(".netrc"), look.scene.home.join("_netrc")]);
    let Some((path, text)) = paths.find_map(|path| look.read_text(&path).map(|text| (path, text))) else {
        return Vec::new();
    };
    let used: Vec<String> =
        Family::ALL.iter().filter_map(|family| host_of(look.text(family.base_url_variable())?)).collect();
    for (at, line) in text.lines().enumerate() {
        let mut words = line.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let host = match words.next() {
            Some("default") => None,
            Some("machine") => Some(words.next().unwrap_or_default().to_owned()),
            _ => continue,
        };
        let (subject, id) = match &host {
            None => ("every host without an entry of its own".to_owned(), "default".to_owned()),
            Some(host)
                if used.contains(host) || provider::of_host(host).is_some_and(|row| row.id != "github-models") =>
            {
                (crate::printable::text(host), host.clone())
            }
            Some(_) => continue,
        };
        let what = format!("an entry for {subject}: Python's `requests` sends its password in place of the key");
        let origin = Origin::at(Kind::ToolConfig, Reader::Tool("requests"), &path, at + 1, Some(1));
        let finding = Finding::warning("netrc-overrides-auth", what).at(Spot::bare(origin)).data("machine", id);
        return vec![finding.hint("take the entry out, or set NETRC to another file for that program")];
    }
    Vec::new()
}

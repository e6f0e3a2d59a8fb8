//! Half of a pair changed by somebody else: the case in which llmenv takes its own half out.

use super::pair::{Pair, row};
use crate::profile::{Family, Profile};
use crate::provider::{self, base_url};
use crate::secret::Secret;

/// What was changed, and what llmenv takes out for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mixed {
    /// The variable that somebody else changed.
    pub changed: String,
    /// Names that llmenv had set and now unsets.
    pub take_out: Vec<String>,
    /// One sentence for the person, without any value.
    pub message: String,
}

/// Looks for a family of the applied pair of which one half was changed to another host or another provider's key.
///
/// `present` holds the variables that differ from what llmenv applied, with their present values.
pub fn find_mixed(profile: &Profile, pair: &Pair, present: &[(String, Option<Secret>)]) -> Option<Mixed> {
    let changed = |name: &str| present.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    pair.families.iter().find_map(|(family, url)| {
        let url_name = family.base_url_variable();
        let keys: Vec<&str> = family.variables().key.to_vec();
        let ours = |name: &&str| changed(name).is_none() && pair.vars.iter().any(|(n, v)| n == name && v.is_some());
        let family_names = || family.variables().touched();
        if let Some(value) = changed(url_name)
            && origin_in(*family, value.as_ref()) != base_url::origin(url).ok()
            && keys.iter().any(ours)
        {
            let how = if value.as_ref().is_some_and(|v| !v.is_empty()) { "changed to another host" } else { "taken away" };
            return Some(Mixed {
                changed: url_name.to_owned(),
                take_out: family_names().filter(ours).map(str::to_owned).collect(),
                message: format!(
                    "{url_name} was {how}, so the key of `{}` was taken out of this shell (pair-mixed); `llmenv use {}` sets both",
                    profile.name, profile.name
                ),
            });
        }
        let foreign = keys.iter().copied().find(|name| {
            changed(name).is_some_and(|value| value.as_ref().is_some_and(|value| is_foreign(profile, value)))
        })?;
        ours(&url_name).then(|| Mixed {
            changed: foreign.to_owned(),
            take_out: family_names().filter(ours).map(str::to_owned).collect(),
            message: format!(
                "{foreign} was changed to a key that is not `{}`'s, so its base URL was taken out of this shell (pair-mixed); \
                 `llmenv use {}` sets both",
                profile.name, profile.name
            ),
        })
    })
}

/// Where a program would send the key now. Without a URL, to the maker of the family.
fn origin_in(family: Family, value: Option<&Secret>) -> Option<String> {
    match value.map(Secret::expose).filter(|url| !url.trim().is_empty()) {
        Some(url) => base_url::origin(url.trim()).ok(),
        None => Some(
            match family {
                Family::Openai => "https://api.openai.com",
                Family::Anthropic => "https://api.anthropic.com",
                Family::Gemini => "https://generativelanguage.googleapis.com",
            }
            .to_owned(),
        ),
    }
}

/// Says whether a key is certainly not this profile's provider's.
fn is_foreign(profile: &Profile, key: &Secret) -> bool {
    // Through the proxy only tokens of it are at home.
    if profile.proxy {
        if profile.auth == Some(crate::profile::Auth::Client) {
            return false;
        }
        return !key.is_empty() && !key.expose().starts_with("llmenv_");
    }
    if key.is_empty() || profile.provider == "custom" {
        return false;
    }
    let provider = row(profile);
    if provider.passes_keys {
        return false;
    }
    let certain = provider::of_key(key);
    if !certain.is_empty() {
        return !certain.iter().any(|other| other.id == provider.id);
    }
    let has_certain_shape = provider.key_shapes.iter().any(provider::KeyShape::has_certain_prefix);
    has_certain_shape && !provider.key_shapes.iter().any(|shape| shape.matches(key))
}

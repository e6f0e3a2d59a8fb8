//! What is active somewhere, and its pair.

use std::collections::BTreeMap;

use super::key::{facts_of, key_wait};
use super::{known, unknown};
use crate::daemon::keys::{self, NoKey};
use crate::daemon::proxy::{self, For};
use crate::daemon::shell_request::serve;
use crate::daemon::state::{self, Shared};
use crate::error::{Error, Result};
use crate::ipc::protocol::{
    Finding, Holder, KeyFacts, ResolveState, ResolvedFacts, Response, Served, Severity, WireSecret,
};
use crate::ipc::shell_lines::Reason;
use crate::profile::{KeySource, Profile};
use crate::provider;
use crate::resolve::{self, Resolved};
use crate::secret::Secret;

pub(super) async fn serve_pair(
    shared: &Shared,
    profile: Option<String>,
    cwd: &std::path::Path,
    state: Option<(Reason, Option<String>)>,
    holder: &Holder,
    direct: bool,
) -> Result<Response> {
    let chosen = match (profile, state) {
        (Some(name), _) => ResolveState { reason: Reason::Shell, profile: Some(name), ..ResolveState::default() },
        (None, Some((reason, profile))) => ResolveState { reason, profile, ..ResolveState::default() },
        (None, None) => ResolveState::default(),
    };
    let resolved = resolve_here(shared, cwd, &chosen);
    let Some(name) = &resolved.profile else {
        if let Some(asked) = chosen.profile.filter(|_| chosen.reason == Reason::Shell) {
            return Err(unknown(shared, &asked));
        }
        let mut err = Error::new("no profile is active here").hint("name one, as in `llmenv exec NAME -- COMMAND`");
        for finding in &resolved.findings {
            err.hints.insert(0, finding.message.clone());
        }
        return Err(err);
    };
    let mut profile = known(shared, name)?;
    if direct && profile.proxy {
        profile.proxy = false;
        // What only the proxy can serve has no real pair.
        let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
        let spoken = profile.dialect.map_or_else(|| row.families(), |dialect| vec![dialect.family()]);
        profile.serve.retain(|family| spoken.contains(family));
    }
    let holder = For::Holder(holder);
    let pair =
        serve(shared, &profile, &resolved, key_wait(shared), holder).await.map_err(|err| err.into_error(name))?;
    let mut vars: BTreeMap<String, Option<WireSecret>> =
        pair.vars.into_iter().map(|(name, value)| (name, value.map(WireSecret))).collect();
    vars.insert("LLMENV_PROFILE".into(), Some(WireSecret(Secret::new(name.as_str()))));
    let facts = facts(shared, &resolved, &profile, KeyFacts::default());
    Ok(Response::Served(Served { resolved: facts, vars }))
}

pub(super) async fn resolved(shared: &Shared, cwd: &std::path::Path, chosen: ResolveState) -> Result<Response> {
    let resolved = resolve_here(shared, cwd, &chosen);
    let Some(profile) = resolved.profile.as_ref().and_then(|name| known(shared, name).ok()) else {
        let mut facts = ResolvedFacts {
            reason: resolved.reason,
            origin: resolved.origin.clone(),
            store: shared.borrow().store_word().into(),
            findings: resolved.findings.clone(),
            ..ResolvedFacts::default()
        };
        facts.findings.extend(config_finding(shared));
        return Ok(Response::Resolved(facts));
    };
    let key = facts_of(shared, &profile, key_wait(shared)).await;
    let mut facts = facts(shared, &resolved, &profile, key.clone());
    if let Some(err) = key.error {
        facts.findings.push(finding("key-unavailable", Severity::Error, &err));
    } else if let Err(NoKey::Failed(err)) = serve(shared, &profile, &resolved, key_wait(shared), For::Nobody).await {
        facts.findings.push(finding("pair-refused", Severity::Error, &err));
    }
    if profile.proxy {
        facts.findings.extend(proxy::findings(shared).await);
    }
    facts.findings.extend(config_finding(shared));
    Ok(Response::Resolved(facts))
}

fn facts(shared: &Shared, resolved: &Resolved, profile: &Profile, key: KeyFacts) -> ResolvedFacts {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    let families = resolve::served_families(profile, row);
    ResolvedFacts {
        profile: Some(profile.name.clone()),
        reason: resolved.reason,
        origin: resolved.origin.clone(),
        provider: Some(profile.provider.clone()),
        base_url: resolve::base_url_of(profile, row, resolve::own_family(profile, row)).ok(),
        families: families.iter().map(|family| family.name().to_owned()).collect(),
        key,
        store: match &profile.key {
            KeySource::Stored if keys::takes_no_key(profile) => "none".into(),
            KeySource::Stored => shared.borrow().store_word().into(),
            KeySource::File(_) => "file".into(),
            KeySource::Command { .. } => "command".into(),
            KeySource::Absent => "none".into(),
        },
        findings: resolved.findings.clone(),
    }
}

fn config_finding(shared: &Shared) -> Option<Finding> {
    let state = shared.borrow();
    state.config_error.as_ref().map(|err| finding("config-invalid", Severity::Error, err))
}

fn finding(id: &str, severity: Severity, err: &Error) -> Finding {
    let place = err.at.first().map(|place| format!(" ({place})")).unwrap_or_default();
    Finding {
        id: id.into(),
        severity,
        message: format!("{}{place}", err.message),
        origin: None,
        hint: err.hints.first().cloned(),
    }
}

fn resolve_here(shared: &Shared, cwd: &std::path::Path, chosen: &ResolveState) -> Resolved {
    let state = shared.borrow();
    let directory = state.directory(&state::absolute(cwd));
    resolve::resolve(&state.config, &directory, chosen, state::now())
}

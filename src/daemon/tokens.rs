//! Tokens of the proxy, given and ended: one for whoever is to hold a pair, a named one for a tool's own settings.

use super::proxy::{self, For, Given, Proxy};
use super::push;
use super::state::Shared;
use crate::error::{Error, Result};
use crate::ipc::protocol::{Holder, Response, TokenFacts, WireSecret};
use crate::ipc::shell_lines::ShellId;
use crate::moment;
use crate::profile::{Family, Profile};
use crate::proxy::port;
use crate::proxy::token::{AFTERLIFE_SECS, Kind, NewToken, Owner, Token};
use crate::resolve::Via;
use crate::secret::Secret;

/// The way through the proxy for whoever is to hold the pair of a profile.
pub async fn via(shared: &Shared, profile: &Profile, holder: For<'_>) -> Result<Option<Via>> {
    if !profile.proxy || shared.borrow().proxy.is_none() {
        return Ok(None);
    }
    if let For::Nobody = holder {
        let state = shared.borrow();
        let port = state.proxy.as_ref().and_then(|proxy| proxy.port).or_else(|| port::kept(&state.paths.state_dir));
        return Ok(Some(Via { port: port.unwrap_or(0), token: Secret::new("llmenv") }));
    }
    let port = proxy::listen(shared).await?;
    let mut state = shared.borrow_mut();
    let Some(proxy) = state.proxy.as_mut() else { return Ok(None) };
    let now = moment::now();
    let name = &profile.name;
    let token = match holder {
        For::Shell(id, lease_end) => shell_token(proxy, id, name, lease_end, now)?,
        For::Holder(Holder::Exec { pid, start }) => {
            let owner = Owner::of(*pid, *start);
            let until = owner.is_none().then_some(now + AFTERLIFE_SECS);
            issue(proxy, name, Kind::Exec, None, owner, until, now)?.0
        }
        For::Holder(Holder::Text { seconds }) => {
            let until = Some(now + seconds.unwrap_or(AFTERLIFE_SECS));
            issue(proxy, name, Kind::Env, None, None, until, now)?.0
        }
        For::Nobody => return Ok(None),
    };
    Ok(Some(Via { port, token }))
}

fn issue(
    proxy: &Proxy,
    profile: &str,
    kind: Kind,
    name: Option<String>,
    owner: Option<Owner>,
    until: Option<u64>,
    now: u64,
) -> Result<(Secret, Token)> {
    proxy.tokens.issue(NewToken { profile: profile.to_owned(), kind, name, owner, until }, now)
}

/// The token of a shell: the one it has, with its lease as it is now, or a new one.
fn shell_token(proxy: &mut Proxy, id: ShellId, profile: &str, lease_end: u64, now: u64) -> Result<Secret> {
    let owner = Owner::of(id.pid, id.start);
    let lease = (lease_end != 0).then_some(lease_end);
    // A shell that cannot be seen from here may be gone at any time; each time it asks it shows that it is not.
    let until = if owner.is_some() { lease } else { Some(lease.unwrap_or(u64::MAX).min(now + AFTERLIFE_SECS)) };
    let place = (id, profile.to_owned());
    if let Some(given) = proxy.given.get_mut(&place)
        && matches!(proxy.tokens.check(given.token.expose(), now), crate::proxy::token::Verdict::Valid(_))
    {
        if given.until != until {
            proxy.tokens.set_until(&given.id, until)?;
            given.until = until;
        }
        return Ok(given.token.clone());
    }
    let (secret, token) = issue(proxy, profile, Kind::Shell, None, owner, until, now)?;
    proxy.given.insert(place, Given { token: secret.clone(), id: token.id, until });
    Ok(secret)
}

/// What can be told of a token.
pub fn token_facts(token: &Token) -> TokenFacts {
    TokenFacts {
        id: token.id.clone(),
        profile: token.profile.clone(),
        kind: token.kind.word().to_owned(),
        name: token.name.clone(),
        pid: token.owner.as_ref().map(|owner| owner.pid),
        made: token.made,
        until: token.until,
    }
}

/// Makes a token for a tool that keeps it: named, without an end. The tool's earlier one for the profile ends.
pub async fn client_token(shared: &Shared, profile: &Profile, tool: &str) -> Result<Response> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    if tool.is_empty() || tool.len() > 64 || !tool.bytes().all(is_plain) {
        return Err(Error::usage(format!("`{}` cannot be a client's name", crate::printable::text(tool)))
            .hint("use up to 64 letters, digits, `-`, `_` and `.`"));
    }
    let port = proxy::listen(shared).await?;
    let state = shared.borrow();
    let Some(proxy) = &state.proxy else { return Err(Error::new("there is no proxy without a daemon")) };
    let now = moment::now();
    let (secret, token) = issue(proxy, &profile.name, Kind::Client, Some(tool.to_owned()), None, None, now)?;
    proxy.tokens.end(now, |other| {
        other.kind == Kind::Client
            && other.profile == profile.name
            && other.name.as_deref() == Some(tool)
            && other.id != token.id
    })?;
    let base_url = Via::base_url(port, &profile.name, Family::Openai);
    Ok(Response::Token { base_url, token: WireSecret(secret), id: token.id })
}

/// Ends tokens.
pub fn end(
    shared: &Shared,
    profile: Option<&str>,
    named: Option<&Secret>,
    shell: Option<(u32, u64)>,
) -> Result<Response> {
    let ended = {
        let mut state = shared.borrow_mut();
        let Some(proxy) = state.proxy.as_mut() else { return Ok(Response::Ended(Vec::new())) };
        let now = moment::now();
        let mut ended = match named {
            Some(named) => proxy.tokens.revoke(named.expose(), now)?,
            None => Vec::new(),
        };
        if profile.is_some() || shell.is_some() {
            ended.extend(proxy.tokens.end(now, |token| {
                let is_owner = |(pid, start): (u32, u64)| {
                    token.owner.as_ref().is_some_and(|owner| owner.pid == pid && owner.start == start)
                };
                profile.is_none_or(|name| token.profile == name) && shell.is_none_or(is_owner)
            })?);
        }
        ended.iter().map(token_facts).collect::<Vec<_>>()
    };
    if !ended.is_empty() {
        shared.borrow_mut().log.line(&format!("{} token(s) of the proxy ended", ended.len()));
        push::anything_changed(shared);
    }
    Ok(Response::Ended(ended))
}

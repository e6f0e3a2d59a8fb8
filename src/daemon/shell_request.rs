//! The answer to a shell: what it is to hold now, and why.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::keys::{self, NoKey};
use super::proxy::For;
use super::state::{self, Shared};
use super::tokens;
use crate::error::{Error, Result};
use crate::ipc::protocol::{Finding, ResolveState};
use crate::ipc::shell_lines::{Effect, Reason, ShellReply, ShellRequest, Why};
use crate::process;
use crate::profile::Profile;
use crate::provider;
use crate::resolve::{self, Pair, Resolved};
use crate::secret::Secret;

/// How long a prompt may wait for a store; the client gives up at 50 ms.
const PROMPT_WAIT: Duration = Duration::from_millis(30);
/// How long a shell's first prompt may wait for a store that is being opened.
const START_WAIT: Duration = Duration::from_millis(400);
/// How long a person who typed a command waits for a store.
const COMMAND_WAIT: Duration = Duration::from_millis(2_100);

/// Answers one request. An error is for the person who typed `use`; prompts always get an answer they can apply.
pub async fn answer(shared: &Shared, mut request: ShellRequest) -> Result<ShellReply> {
    if request.id.start == 0 {
        request.id.start = process::start_time(request.id.pid).unwrap_or(0);
    }
    request.cwd = state::absolute(&request.cwd);
    let inherited = request.from.filter(|from| *from != request.id);
    if request.why == Why::Start
        && inherited.is_some_and(|from| !process::is_ancestor(from.pid, from.start, request.id.pid))
    {
        // A tmux server, an editor or a detached job: whoever chose is gone, and here nobody did.
        request.reason = Reason::None;
        request.lease_end = 0;
        request.mark.clear();
    }

    let (resolved, directory_mark) = {
        let mut state = shared.borrow_mut();
        state.shells.register(&request);
        let directory = state.directory(&request.cwd);
        let chosen = ResolveState {
            reason: request.reason,
            profile: request.profile.clone(),
            lease_end: request.lease_end,
            mark: request.mark.clone(),
        };
        let resolved = resolve::resolve(&state.config, &directory, &chosen, state::now());
        (resolved, resolve::directory_mark(&state.config, &directory))
    };

    let mut reply = ShellReply {
        id: request.id,
        reason: resolved.reason,
        profile: resolved.profile.clone(),
        lease_end: if resolved.reason == Reason::Shell { request.lease_end } else { 0 },
        mark: if resolved.reason == Reason::Released { directory_mark.clone() } else { String::new() },
        ..ShellReply::default()
    };

    if request.why == Why::Push && !is_refresh(&request, &resolved) {
        // What the prompt shows is what the command gets: another profile waits for the next prompt, and the generation
        // stays unread until then.
        reply.effect = Effect::Keep;
        return Ok(reply);
    }
    if request.why == Why::Choose
        && resolved.profile.is_none()
        && let Some(name) = request.profile.as_deref().filter(|_| request.reason == Reason::Shell)
    {
        let state = shared.borrow();
        let err = crate::config::unknown_profile(name, state.config.profiles.keys().map(String::as_str));
        return Err(err);
    }

    let mut says: Vec<String> = resolved.findings.iter().map(worded).collect();
    let mut pair = None;
    if let Some(profile) = resolved.profile.as_ref().and_then(|name| shared.borrow().config.profiles.get(name).cloned())
    {
        let holder = For::Shell(request.id, reply.lease_end);
        match serve(shared, &profile, &resolved, wait_of(request.why), holder).await {
            Ok(served) => pair = Some(served),
            Err(none) if request.why == Why::Choose => return Err(none.into_error(&profile.name)),
            Err(NoKey::Pending) => pair = empty_pair(&profile, &resolved),
            Err(NoKey::Failed(err)) => {
                says.push(in_one_line(&err));
                pair = empty_pair(&profile, &resolved);
            }
        }
    }

    if let (Some(found), Some(profile)) = (&pair, &reply.profile)
        && request.why != Why::Choose
        && request.why != Why::Start
        && request.profile.as_ref() == Some(profile)
        && let Some(mixed) = mixed(shared, profile, found, &request)
    {
        if request.why == Why::Push {
            // In the middle of a line, perhaps inside a function with variables of its own: the next prompt sees to it.
            reply.effect = Effect::Keep;
            return Ok(reply);
        }
        reply.reason = Reason::Released;
        reply.profile = None;
        reply.lease_end = 0;
        reply.mark = directory_mark;
        reply.vars = mixed.take_out.into_iter().map(|name| (name, None)).collect();
        says = vec![mixed.message];
    } else if let Some(pair) = pair {
        reply.vars = pair.vars;
    }
    if request.pipes && shared.borrow().shells.get(request.id).is_some() {
        // Taken out for the moment: it starts a task that has a share in the state.
        let mut pipes = std::mem::take(&mut shared.borrow_mut().pipes);
        reply.pipes = pipes.ensure(shared, request.id);
        shared.borrow_mut().pipes = pipes;
    }
    // After `exec bash` the shell named is this one, and what was changed by hand before is still the user's.
    if request.why == Why::Start && request.from.is_some() {
        reply.yours = yours(shared, &request).await;
    }

    let mut state = shared.borrow_mut();
    reply.generation = state.shells.generation(request.id);
    let said_before = state.shells.get(request.id).map(|shell| shell.last_says.clone()).unwrap_or_default();
    if let Some(shell) = state.shells.get_mut(request.id) {
        shell.reason = reply.reason;
        shell.profile.clone_from(&reply.profile);
        shell.lease_end = reply.lease_end;
        shell.mark.clone_from(&reply.mark);
        shell.signature = signature(&reply);
        if request.why == Why::Choose {
            shell.said_once.clear();
        }
        shell.last_says.clone_from(&says);
        reply.says = says
            .into_iter()
            .filter(|line| request.why == Why::Choose || !said_before.contains(line))
            .filter(|line| !line.starts_with("this directory is pinned to") || shell.said_once.insert(line.clone()))
            .collect();
        reply.says.append(&mut shell.news);
        // A choice made in this very shell is not news to it.
        if request.why == Why::Choose {
            reply.says.retain(|line| !line.starts_with("this directory is pinned to"));
        }
    }
    Ok(reply)
}

/// Whether an answer only renews the values of what is applied already.
fn is_refresh(request: &ShellRequest, resolved: &Resolved) -> bool {
    resolved.profile.is_some() && resolved.profile == request.profile
}

fn wait_of(why: Why) -> Duration {
    match why {
        Why::Start => START_WAIT,
        Why::Choose => COMMAND_WAIT,
        Why::Prompt | Why::Push | Why::Changed => PROMPT_WAIT,
    }
}

/// Gives the pair of a profile, reading its key where it is not in memory.
///
/// Where the proxy serves it, a token for this holder takes the key's place.
pub async fn serve(
    shared: &Shared,
    profile: &Profile,
    resolved: &Resolved,
    wait: Duration,
    holder: For<'_>,
) -> Result<Pair, NoKey> {
    let key = keys::key_of(shared, profile, wait).await?;
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    let model = resolved.model.as_deref();
    let build = |via: Option<&resolve::Via>| {
        resolve::pair(profile, row, &key.key, key.bound_to.as_deref(), &key.more, model, via).map_err(NoKey::Failed)
    };
    if !profile.proxy {
        return build(None);
    }
    // Whatever is wrong with the pair is said before a token is made for it.
    let nobody = tokens::via(shared, profile, For::Nobody).await.map_err(NoKey::Failed)?;
    let checked = build(nobody.as_ref())?;
    if matches!(holder, For::Nobody) {
        return Ok(checked);
    }
    let via = tokens::via(shared, profile, holder).await.map_err(NoKey::Failed)?;
    build(via.as_ref())
}

/// The names of a profile's pair with nothing in them: better no key than somebody else's.
pub fn empty_pair(profile: &Profile, resolved: &Resolved) -> Option<Pair> {
    let row = provider::find(&profile.provider).unwrap_or_else(provider::custom);
    let dummy = Secret::new("llmenv");
    let via = resolve::Via { port: 0, token: dummy.clone() };
    let more = std::collections::BTreeMap::new();
    resolve::pair(profile, row, &dummy, None, &more, resolved.model.as_deref(), Some(&via))
        .ok()
        .map(|pair| pair.without_values())
}

fn mixed(shared: &Shared, profile: &str, pair: &Pair, request: &ShellRequest) -> Option<resolve::Mixed> {
    let state = shared.borrow();
    resolve::find_mixed(state.config.profiles.get(profile)?, pair, &request.values)
}

/// Which inherited values llmenv never served: those become the shell's earlier values.
async fn yours(shared: &Shared, request: &ShellRequest) -> Vec<String> {
    let mut ours: Vec<Secret> = Vec::new();
    let profile = request.profile.as_ref().and_then(|name| shared.borrow().config.profiles.get(name).cloned());
    if let Some(profile) = profile {
        let resolved = Resolved::default();
        if let Ok(pair) = serve(shared, &profile, &resolved, START_WAIT, For::Nobody).await {
            ours.extend(pair.vars.into_iter().filter_map(|(_, value)| value));
        }
    }
    let state = shared.borrow();
    let is_ours = |value: &Secret| {
        ours.iter().any(|own| own.same_as(value))
            || state.memory.is_rotated_away(value)
            || state.keys.iter().any(|(_, held)| held.stored.key.same_as(value))
    };
    request
        .values
        .iter()
        .filter(|(_, value)| value.as_ref().is_some_and(|value| !is_ours(value)))
        .map(|(name, _)| name.clone())
        .collect()
}

/// A hash of what a shell is told to hold, to see whether a change concerns it.
pub fn signature(reply: &ShellReply) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(reply.reason.word());
    hash.update([0]);
    hash.update(reply.profile.as_deref().unwrap_or(""));
    for (name, value) in &reply.vars {
        hash.update([0]);
        hash.update(name);
        hash.update([u8::from(value.is_some())]);
        hash.update(value.as_ref().map_or("", |value| value.expose()));
    }
    hash.finalize().into()
}

fn worded(finding: &Finding) -> String {
    match &finding.hint {
        Some(hint) => format!("{}; {hint}", finding.message),
        None => finding.message.clone(),
    }
}

fn in_one_line(err: &Error) -> String {
    match err.hints.first() {
        Some(hint) => format!("{}; {hint}", err.message),
        None => err.message.clone(),
    }
}

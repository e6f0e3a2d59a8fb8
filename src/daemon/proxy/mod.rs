//! The daemon's side of the proxy: when and where it listens, what is to be told of it, and the answers to its thread's questions.

mod findings;

pub use findings::findings;

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::config::Config;
use crate::daemon::keys::{self, NoKey};
use crate::daemon::push;
use crate::daemon::state::{Shared, State};
use crate::daemon::tokens;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{Holder, ProxyFacts, Response};
use crate::ipc::shell_lines::ShellId;
use crate::moment;
use crate::paths::Paths;
use crate::profile::{Family, KeySource, Profile};
use crate::proxy::account::{Account, Ask, Daemon, Known, NoAccount};
use crate::proxy::door::Proof;
use crate::proxy::port::{self, Bound};
use crate::proxy::records::Records;
use crate::proxy::server::{Parts, Server};
use crate::proxy::settings::{Current, Settings};
use crate::proxy::token::{Owner, Tokens};
use crate::resolve::Via;
use crate::secret::Secret;

/// How long a request through the proxy waits for a key that is being read.
const KEY_WAIT: Duration = Duration::from_secs(5);

/// For whom a pair is.
#[derive(Clone, Copy, Debug)]
pub enum For<'a> {
    /// A shell, until its lease ends (0: none).
    Shell(ShellId, u64),
    /// A program or a text.
    Holder(&'a Holder),
    /// Nobody: only whether there is a pair matters.
    Nobody,
}

/// A token in memory, so that a shell that asks again is given the same.
pub(super) struct Given {
    pub(super) token: Secret,
    pub(super) id: String,
    pub(super) until: Option<u64>,
}

/// What the daemon holds of the proxy.
pub struct Proxy {
    /// Who may use it.
    pub tokens: Arc<Tokens>,
    /// What went through it.
    pub records: Arc<Records>,
    settings: Current,
    proof: Proof,
    pub(super) given: HashMap<(ShellId, String), Given>,
    server: Option<Server>,
    pub(super) port: Option<u16>,
    configured: Option<u16>,
    error: Option<Error>,
    moved: Option<(u16, u64)>,
    /// A listener that the system made and hands over.
    pub inherited: Option<std::net::TcpListener>,
    /// The listener of the daemon before this one.
    #[cfg(unix)]
    pub handed: Option<std::net::TcpListener>,
    /// The listener once more, for the next daemon. Of one that the system made the system keeps its own.
    #[cfg(unix)]
    listener: Option<std::net::TcpListener>,
    asks: Daemon,
    asked: Option<UnboundedReceiver<Ask>>,
}

impl Proxy {
    /// Reads what earlier runs left.
    pub fn load(paths: &Paths, config: &Config, known: Arc<Known>) -> Result<Self> {
        let (asks, asked) = Daemon::channel(known);
        Ok(Self {
            tokens: Arc::new(Tokens::load(paths.state_dir.join("tokens"))),
            records: Records::load(paths.state_dir.join("usage")),
            settings: Current::new(Settings::of(config)),
            proof: proof(paths)?,
            given: HashMap::new(),
            server: None,
            port: None,
            configured: None,
            error: None,
            moved: None,
            inherited: None,
            #[cfg(unix)]
            handed: None,
            #[cfg(unix)]
            listener: None,
            asks,
            asked: Some(asked),
        })
    }

    /// Goes by a configuration from now on.
    pub fn follow(&self, config: &Config) {
        self.settings.set(Settings::of(config));
    }

    /// Accepts no more connections, and gives the listener for the next daemon, where there is one to give.
    #[cfg(unix)]
    pub fn leave(&mut self) -> Option<std::net::TcpListener> {
        let listener = self.listener.take()?;
        if let Some(server) = &self.server {
            server.leave();
        }
        Some(listener)
    }

    /// How many clients are connected.
    #[cfg(unix)]
    pub fn connections(&self) -> usize {
        self.server.as_ref().map_or(0, Server::connections)
    }

    /// Accepts no more connections; what is under way goes on.
    pub fn close(&mut self) {
        #[cfg(unix)]
        drop(self.listener.take());
        if let Some(server) = &self.server {
            server.close();
        }
        self.port = None;
    }
}

/// By which the listener proves to this user's programs that it is llmenv.
fn proof(paths: &Paths) -> Result<Proof> {
    let file = paths.state_dir.join("proxy-proof");
    let read = |file: &std::path::Path| {
        let (bytes, _) = crate::bounded::read(file, 64, crate::bounded::Links::Refuse).ok()?;
        <[u8; 32]>::try_from(bytes).ok().map(Proof)
    };
    if let Some(proof) = read(&file) {
        return Ok(proof);
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
    crate::atomic::write(&file, &bytes, 0o600)?;
    Ok(Proof(bytes))
}

/// Begins to answer the proxy's questions, and listens where profiles or tokens want it.
pub fn start(shared: &Shared) {
    let asked = shared.borrow_mut().proxy.as_mut().and_then(|proxy| proxy.asked.take());
    let Some(mut asked) = asked else { return };
    let answering = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        while let Some(ask) = asked.recv().await {
            match ask {
                Ask::Note(line) => answering.borrow_mut().log.line(&line),
                Ask::Account { profile, reply } => {
                    let shared = Rc::clone(&answering);
                    tokio::task::spawn_local(async move {
                        // Whoever asked may be gone by now.
                        let _ = reply.send(account(&shared, &profile).await);
                    });
                }
            }
        }
    });
    #[cfg(unix)]
    if !is_needed(&shared.borrow()) {
        // Nobody would accept what comes there.
        let handed = shared.borrow_mut().proxy.as_mut().and_then(|proxy| proxy.handed.take());
        drop(handed);
    }
    listen_where_needed(shared);
}

/// A profile and its key, as they are now.
async fn account(shared: &Shared, name: &str) -> Result<Arc<Account>, NoAccount> {
    let known = Arc::clone(&shared.borrow().known);
    let turn = known.turn();
    let profile = shared.borrow().config.profiles.get(name).cloned().ok_or(NoAccount::Unknown)?;
    let key = keys::key_of(shared, &profile, KEY_WAIT).await.map_err(|err| match err {
        NoKey::Failed(err) if err.kind == ErrorKind::Locked => NoAccount::Locked(err),
        NoKey::Failed(err) => NoAccount::Failed(err),
        NoKey::Pending => NoAccount::Locked(NoKey::Pending.into_error(name)),
    })?;
    // The same look at the pair as a shell gets: the key goes to no host but the one it was stored for.
    let row = crate::provider::find(&profile.provider).unwrap_or_else(crate::provider::custom);
    let via = Via { port: 0, token: Secret::new("llmenv") };
    crate::resolve::pair(
        &Profile { proxy: true, serve: vec![Family::Openai], ..profile.clone() },
        row,
        &key.key,
        key.bound_to.as_deref(),
        &key.more,
        None,
        Some(&via),
    )
    .map_err(NoAccount::Failed)?;
    // A program that was started through the proxy stays with it, whatever the profile says by now.
    let account = Arc::new(Account { profile: Profile { proxy: true, ..profile }, key: key.key });
    // A file that something else maintains is read for every request.
    if !matches!(account.profile.key, KeySource::File(_)) {
        let until = shared.borrow().keys.get(name).and_then(|held| held.until);
        known.remember(turn, Arc::clone(&account), until);
    }
    Ok(account)
}

/// Says whether somebody may come to the proxy: a profile is served through it, or a token is out.
pub fn is_needed(state: &State) -> bool {
    let Some(proxy) = &state.proxy else { return false };
    state.config.profiles.values().any(|profile| profile.proxy) || !proxy.tokens.valid(moment::now()).is_empty()
}

/// Listens, if that is needed and not done yet.
pub fn listen_where_needed(shared: &Shared) {
    let wants = {
        let state = shared.borrow();
        let configured = state.config.proxy.port;
        is_needed(&state)
            && state
                .proxy
                .as_ref()
                .is_some_and(|proxy| proxy.port.is_none() || configured.is_some_and(|port| proxy.port != Some(port)))
    };
    if wants {
        let shared = Rc::clone(shared);
        tokio::task::spawn_local(async move {
            if let Err(err) = listen(&shared).await {
                shared.borrow_mut().log.line(&format!("the proxy does not listen: {}", err.message));
            }
        });
    }
}

/// Sees to it that the proxy listens, and gives its port.
pub async fn listen(shared: &Shared) -> Result<u16> {
    // One at a time: two would take each other's port for taken.
    let turn = Rc::clone(&shared.borrow().proxy_turn);
    let _turn = turn.lock().await;
    #[cfg(unix)]
    let is_systems = shared.borrow().proxy.as_ref().is_some_and(|proxy| proxy.inherited.is_some());
    let (dir, configured, inherited) = {
        let mut state = shared.borrow_mut();
        let configured = state.config.proxy.port;
        let dir = state.paths.state_dir.clone();
        let Some(proxy) = &mut state.proxy else {
            return Err(Error::new("there is no proxy without a daemon").hint("unset LLMENV_DAEMON"));
        };
        if let Some(port) = proxy.port.filter(|port| configured.is_none_or(|wanted| wanted == *port)) {
            return Ok(port);
        }
        let inherited = proxy.inherited.take();
        #[cfg(unix)]
        let inherited = inherited.or_else(|| wanted(proxy.handed.take()?, configured.or_else(|| port::kept(&dir))));
        (dir, configured, inherited)
    };
    let bound = tokio::task::spawn_blocking(move || match inherited {
        Some(listener) => port::adopt(&dir, listener),
        None => port::bind(&dir, configured),
    })
    .await;
    let bound = bound.unwrap_or_else(|_| Err(Error::new("the proxy's port could not be bound")));
    let mut state = shared.borrow_mut();
    let State { proxy: Some(proxy), log, .. } = &mut *state else {
        return Err(Error::new("there is no proxy without a daemon"));
    };
    let Bound { listener, port, moved_from } = match bound {
        Ok(bound) => bound,
        Err(err) => {
            proxy.error = Some(err.clone());
            return Err(err);
        }
    };
    if proxy.server.is_none() {
        proxy.server = Some(Server::start(Parts {
            tokens: Arc::clone(&proxy.tokens),
            daemon: proxy.asks.clone(),
            settings: proxy.settings.clone(),
            records: Arc::clone(&proxy.records),
            proof: proxy.proof.clone(),
        })?);
    }
    #[cfg(unix)]
    {
        // Where there is no second handle, the next daemon binds the port itself.
        proxy.listener = if is_systems { None } else { listener.try_clone().ok() };
    }
    if let Some(server) = &proxy.server {
        server.listen(listener);
    }
    (proxy.port, proxy.configured, proxy.error) = (Some(port), configured, None);
    log.line(&format!("the proxy listens on 127.0.0.1:{port}"));
    if let Some(old) = moved_from {
        proxy.moved = Some((old, moment::now()));
        log.line(&format!("the proxy moved: its port {old} is another program's now"));
        drop(state);
        push::anything_changed(shared);
    }
    Ok(port)
}

/// The listener of the daemon before this one, where it is at the port that is to be used; else it is closed.
#[cfg(unix)]
fn wanted(listener: std::net::TcpListener, port: Option<u16>) -> Option<std::net::TcpListener> {
    let is_at = listener.local_addr().ok()?.port();
    (port == Some(is_at)).then_some(listener)
}

/// Looks after tokens and sums now and then.
pub fn sweep(shared: &Shared) {
    let problems = {
        let mut state = shared.borrow_mut();
        let State { proxy: Some(proxy), shells, .. } = &mut *state else { return };
        proxy.given.retain(|(id, _), _| shells.get(*id).is_some() || Owner::of(id.pid, id.start).is_some());
        [proxy.tokens.sweep(moment::now()), proxy.records.save()]
    };
    for err in problems.into_iter().filter_map(Result::err) {
        shared.borrow_mut().log.line(&format!("the proxy's state could not be written: {}", err.message));
    }
}

/// What can be told of it.
pub fn facts(shared: &Shared) -> Response {
    // Programs that ended a moment ago have no token any more.
    sweep(shared);
    let state = shared.borrow();
    let profiles = state.config.profiles.values().filter(|profile| profile.proxy).map(|profile| profile.name.clone());
    let mut facts = ProxyFacts { profiles: profiles.collect(), ..ProxyFacts::default() };
    if let Some(proxy) = &state.proxy {
        (facts.port, facts.error) = (proxy.port, proxy.error.clone());
        facts.tokens = proxy.tokens.valid(moment::now()).iter().map(tokens::token_facts).collect();
        (facts.running, facts.done) = proxy.records.list();
        facts.days = proxy.records.days();
    }
    Response::Proxy(Box::new(facts))
}

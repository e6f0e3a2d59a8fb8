//! Tokens: what a client shows the proxy. Worthless anywhere else, valid for one profile, kept as hashes alone.
//!
//! In: who is to get one, and what clients present. Out: a token once, at its birth, and afterwards only verdicts. The file
//! `tokens` in the state folder outlives the daemon, so that programs started yesterday go on. Issued by the daemon's
//! thread, checked by the proxy's.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::fingerprint::hex;
use crate::process;
use crate::secret::Secret;

/// What every token begins with.
pub const PREFIX: &str = "llmenv_";
/// How many hex digits follow.
pub const TOKEN_DIGITS: usize = 64;
/// How long a shell's token outlives its shell, and how long one lasts whose owner cannot be seen, in seconds.
pub const AFTERLIFE_SECS: u64 = 12 * 3_600;
/// How long an ended token is remembered, so that a client that still shows it is told so, in seconds.
const MEMORY_SECS: u64 = 30 * 86_400;
/// The most tokens kept; of the ended ones the oldest go first.
const MAX_TOKENS: usize = 4_096;
/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// For whom a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A shell; ends 12 hours after it.
    Shell,
    /// A program started by `llmenv exec`; ends with it.
    Exec,
    /// A tool whose own configuration holds it; has a name and no end.
    Client,
    /// Text printed by `llmenv env`; 12 hours unless said otherwise.
    Env,
}

impl Kind {
    /// Its word in lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Shell => "shell",
            Self::Exec => "exec",
            Self::Client => "client",
            Self::Env => "env",
        }
    }
}

/// The process a token belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The run of the machine.
    pub boot: String,
    /// The process.
    pub pid: u32,
    /// When it started, in the system's own unit.
    pub start: u64,
}

impl Owner {
    /// A process of this run of the machine; none where it cannot be seen from here.
    pub fn of(pid: u32, start: u64) -> Option<Self> {
        process::is_alive(pid, start).then(|| Self { boot: boot().to_owned(), pid, start })
    }

    fn is_alive(&self) -> bool {
        boot() == self.boot && process::is_alive(self.pid, self.start)
    }
}

/// The run of the machine; it does not change under a process.
fn boot() -> &'static str {
    static BOOT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    BOOT.get_or_init(process::boot_id)
}

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The one profile it is valid for.
    pub profile: String,
    /// For whom.
    pub kind: Kind,
    /// The tool's name, for [`Kind::Client`].
    pub name: Option<String>,
    /// Its process.
    pub owner: Option<Owner>,
    /// When it ends at the latest, in seconds since 1970.
    pub until: Option<u64>,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// SHA-256 of it, in hex. Of 32 random bytes a plain hash tells nothing.
    hash: String,
    /// Eight hex digits by which people name it: the first of the hash.
    pub id: String,
    /// The one profile it is valid for.
    pub profile: String,
    /// For whom.
    pub kind: Kind,
    /// The tool's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner>,
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// When it ends at the latest, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// When it ended before that: revoked, or its process gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
}

impl Token {
    fn is_valid(&self, now: u64) -> bool {
        self.ended.is_none() && self.until.is_none_or(|until| now < until)
    }

    /// When it was over, for one that is.
    fn over_since(&self, now: u64) -> Option<u64> {
        self.ended.or(self.until.filter(|until| *until <= now))
    }
}

/// What a presented token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Good, for this profile.
    Valid(Token),
    /// It was good once.
    Ended(Token),
    /// Nobody's, or no token at all.
    Unknown,
}

/// All tokens of this user and machine.
#[derive(Debug)]
pub struct Tokens {
    path: PathBuf,
    is_over: AtomicBool,
    table: Mutex<HashMap<String, Token>>,
}

#[derive(Serialize, Deserialize)]
struct File {
    v: u32,
    tokens: Vec<Token>,
}

impl Tokens {
    /// Reads the file. One that cannot be understood is put aside: every client asks again, nothing is served wrongly.
    pub fn load(path: PathBuf) -> Self {
        let read = crate::bounded::read(&path, MAX_FILE_BYTES, crate::bounded::Links::Refuse);
        let file = read.ok().and_then(|(bytes, _)| serde_json::from_slice::<File>(&bytes).ok());
        let tokens = file.filter(|file| file.v == 1).map(|file| file.tokens).unwrap_or_default();
        let table = tokens.into_iter().map(|token| (token.hash.clone(), token)).collect();
        Self { path, is_over: AtomicBool::new(false), table: Mutex::new(table) }
    }

    /// Leaves the file to the next daemon: what this one would write from here on knows nothing of the tokens made since.
    pub fn retire(&self) {
        // Under the lock, so that nothing is being written when it comes back.
        let _table = self.table();
        self.is_over.store(true, Ordering::Relaxed);
    }

    fn table(&self) -> MutexGuard<'_, HashMap<String, Token>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a token. It is good only once it is written down: a daemon that starts a moment later must know it.
    pub fn issue(&self, new: NewToken, now: u64) -> Result<(Secret, Token)> {
        let mut bytes = zeroize::Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice())
            .map_err(|err| Error::new(format!("the system gives no random bytes: {err}")))?;
        let secret = Secret::new(format!("{PREFIX}{}", hex(bytes.as_slice())));
        let hash = hash_of(secret.expose());
        let NewToken { profile, kind, name, owner, until } = new;
        let id = hash[..8].to_owned();
        let token = Token { hash: hash.clone(), id, profile, kind, name, owner, made: now, until, ended: None };
        let mut table = self.table();
        table.insert(hash.clone(), token.clone());
        trim(&mut table, now);
        if let Err(err) = self.save(&table) {
            table.remove(&hash);
            return Err(err);
        }
        Ok((secret, token))
    }

    /// Says what a presented token is. Ends one whose program is gone.
    pub fn check(&self, presented: &str, now: u64) -> Verdict {
        if !presented.starts_with(PREFIX) || presented.len() > 256 {
            return Verdict::Unknown;
        }
        let hash = hash_of(presented);
        let mut table = self.table();
        let Some(token) = table.get_mut(&hash) else { return Verdict::Unknown };
        if token.is_valid(now)
            && token.kind == Kind::Exec
            && token.owner.as_ref().is_some_and(|owner| !owner.is_alive())
        {
            token.ended = Some(now);
        }
        if token.is_valid(now) { Verdict::Valid(token.clone()) } else { Verdict::Ended(token.clone()) }
    }

    /// Lets a token end at another time than before: a lease that was made longer or taken off.
    pub fn set_until(&self, id: &str, until: Option<u64>) -> Result<()> {
        self.change(|token| {
            let differs = token.id == id && token.until != until;
            if differs {
                token.until = until;
            }
            differs
        })
        .map(drop)
    }

    /// Ends every token that `is_meant`, and gives those that were good until now.
    pub fn end(&self, now: u64, is_meant: impl Fn(&Token) -> bool) -> Result<Vec<Token>> {
        self.change(|token| {
            let ends = token.is_valid(now) && is_meant(token);
            if ends {
                token.ended = Some(now);
            }
            ends
        })
    }

    /// Ends what people name: a token itself, its id, or a client's name. Gives those that were good until now.
    pub fn revoke(&self, named: &str, now: u64) -> Result<Vec<Token>> {
        let hash = if named.starts_with(PREFIX) { hash_of(named) } else { String::new() };
        self.end(now, |token| token.hash == hash || token.id == named || token.name.as_deref() == Some(named))
    }

    /// Notes whose processes are gone: programs' tokens end, shells' get their last hours. Forgets what ended long ago.
    pub fn sweep(&self, now: u64) -> Result<()> {
        let gone = |token: &Token| token.is_valid(now) && token.owner.as_ref().is_some_and(|owner| !owner.is_alive());
        self.change(|token| {
            let is_gone = gone(token);
            match token.kind {
                Kind::Exec if is_gone => token.ended = Some(now),
                Kind::Shell if is_gone => {
                    let end = now + AFTERLIFE_SECS;
                    token.until = Some(token.until.map_or(end, |until| until.min(end)));
                    token.owner = None;
                }
                _ => return false,
            }
            true
        })?;
        let mut table = self.table();
        let before = table.len();
        trim(&mut table, now);
        if table.len() == before { Ok(()) } else { self.save(&table) }
    }

    /// The tokens that are good now, newest first.
    pub fn valid(&self, now: u64) -> Vec<Token> {
        let mut tokens: Vec<_> = self.table().values().filter(|token| token.is_valid(now)).cloned().collect();
        tokens.sort_by(|a, b| (b.made, &a.id).cmp(&(a.made, &b.id)));
        tokens
    }

    /// Changes tokens and writes them down if any was changed; gives those.
    fn change(&self, mut change: impl FnMut(&mut Token) -> bool) -> Result<Vec<Token>> {
        let mut table = self.table();
        let changed: Vec<Token> = table.values_mut().filter_map(|token| change(token).then(|| token.clone())).collect();
        if !changed.is_empty() {
            self.save(&table)?;
        }
        Ok(changed)
    }

    fn save(&self, table: &HashMap<String, Token>) -> Result<()> {
        if self.is_over.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut tokens: Vec<Token> = table.values().cloned().collect();
        tokens.sort_by(|a, b| (a.made, &a.hash).cmp(&(b.made, &b.hash)));
        let text = serde_json::to_string(&File { v: 1, tokens })
            .map_err(|err| Error::new(format!("cannot write the tokens down: {err}")))?;
        crate::atomic::write(&self.path, text.as_bytes(), 0o600)
    }
}

/// Takes out what ended long ago, and the oldest of the ended where there are too many.
fn trim(table: &mut HashMap<String, Token>, now: u64) {
    table.retain(|_, token| token.over_since(now).is_none_or(|since| now.saturating_sub(since) < MEMORY_SECS));
    while table.len() > MAX_TOKENS {
        let oldest = table
            .values()
            .min_by_key(|token| (token.is_valid(now) && token.kind == Kind::Client, token.is_valid(now), token.made))
            .map(|token| token.hash.clone());
        match oldest {
            Some(hash) => drop(table.remove(&hash)),
            None => break,
        }
    }
}

fn hash_of(token: &str) -> String {
    hex(&Sha256::digest(token.as_bytes()))
}

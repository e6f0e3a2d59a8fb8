//! What the proxy's thread needs of the daemon's for every request: the profile as it is now, and its key.
//!
//! What the daemon answered is [`Known`] until anything that it depends on changes; the daemon forgets it before the command
//! that changed it has its answer. That is what makes a rotated key reach running clients with their very next request, and
//! what makes `llmenv lock` hold at once, and it saves each request the way to another thread and back.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::error::Error;
use crate::profile::Profile;
use crate::secret::Secret;

/// A profile with its key.
#[derive(Clone, Debug)]
pub struct Account {
    /// The profile.
    pub profile: Profile,
    /// Its key; empty where the endpoint takes none.
    pub key: Secret,
}

/// Why there is none.
#[derive(Clone, Debug)]
pub enum NoAccount {
    /// No such profile any more.
    Unknown,
    /// Locked, or the key is not at hand: to be tried again later.
    Locked(Error),
    /// It cannot be had.
    Failed(Error),
}

/// A message to the daemon's thread.
#[derive(Debug)]
pub enum Ask {
    /// A profile and its key are needed.
    Account {
        /// The profile's name.
        profile: String,
        /// Where the answer goes.
        reply: oneshot::Sender<Result<Arc<Account>, NoAccount>>,
    },
    /// A line for the log.
    Note(String),
}

/// Accounts that hold until something changes. The daemon's thread writes it, the proxy's reads it.
#[derive(Debug, Default)]
pub struct Known(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How often everything was forgotten.
    turn: u64,
    accounts: HashMap<String, (Arc<Account>, Option<Instant>)>,
}

impl Known {
    fn get(&self, profile: &str) -> Option<Arc<Account>> {
        let inner = self.lock();
        let (account, until) = inner.accounts.get(profile)?;
        until.is_none_or(|until| Instant::now() < until).then(|| Arc::clone(account))
    }

    /// A number that is another one once something was forgotten. To be taken before an account is put together.
    pub fn turn(&self) -> u64 {
        self.lock().turn
    }

    /// Remembers an account, unless something changed since `turn` was taken. `until`: when its key's time is over.
    pub fn remember(&self, turn: u64, account: Arc<Account>, until: Option<Instant>) {
        let mut inner = self.lock();
        if inner.turn == turn {
            inner.accounts.insert(account.profile.name.clone(), (account, until));
        }
    }

    /// Forgets all of them, those that are being put together too.
    pub fn forget(&self) {
        let mut inner = self.lock();
        inner.turn += 1;
        inner.accounts.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every change is whole before the lock is let go.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the proxy's thread reaches the daemon's.
#[derive(Clone, Debug)]
pub struct Daemon {
    asks: mpsc::UnboundedSender<Ask>,
    known: Arc<Known>,
}

impl Daemon {
    /// The end that asks, and the one that answers.
    pub fn channel(known: Arc<Known>) -> (Self, mpsc::UnboundedReceiver<Ask>) {
        let (asks, receiver) = mpsc::unbounded_channel();
        (Self { asks, known }, receiver)
    }

    /// Gets a profile and its key.
    pub async fn account(&self, profile: &str) -> Result<Arc<Account>, NoAccount> {
        if let Some(account) = self.known.get(profile) {
            return Ok(account);
        }
        let gone = || NoAccount::Failed(Error::new("the daemon is about to end"));
        let (reply, answer) = oneshot::channel();
        self.asks.send(Ask::Account { profile: profile.to_owned(), reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Has a line written to the log.
    pub fn note(&self, line: String) {
        // A daemon that ends writes no more lines.
        let _ = self.asks.send(Ask::Note(line));
    }
}

//! What the proxy's thread asks the daemon's for at every request: the profile as it is now, and its key.
//!
//! Nothing of it is kept between requests. That is what makes a rotated key reach running clients with their very next
//! request, and what makes `llmenv lock` hold at once.

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
        reply: oneshot::Sender<Result<Account, NoAccount>>,
    },
    /// A line for the log.
    Note(String),
}

/// How the proxy's thread reaches the daemon's.
#[derive(Clone, Debug)]
pub struct Daemon(mpsc::UnboundedSender<Ask>);

impl Daemon {
    /// The end that asks, and the one that answers.
    pub fn channel() -> (Self, mpsc::UnboundedReceiver<Ask>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Gets a profile and its key.
    pub async fn account(&self, profile: &str) -> Result<Account, NoAccount> {
        let gone = || NoAccount::Failed(Error::new("the daemon is about to end"));
        let (reply, answer) = oneshot::channel();
        self.0.send(Ask::Account { profile: profile.to_owned(), reply }).map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Has a line written to the log.
    pub fn note(&self, line: String) {
        // A daemon that ends writes no more lines.
        let _ = self.0.send(Ask::Note(line));
    }
}

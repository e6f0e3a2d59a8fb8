//! Choosing the store, and opening one that is locked, with whoever sits at the terminal.

use super::connect::Answerer;
use super::{ask, render, settings};
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{Request, WireSecret};
use crate::paths::Paths;
use crate::store::vault::{self, Access};
use crate::store::{StoreKind, VaultPlace};

/// What messages call a store.
pub fn words(kind: StoreKind) -> &'static str {
    match kind {
        StoreKind::Keyring => "keyring",
        StoreKind::Vault => "encrypted file",
    }
}

/// Makes a store the one in use, asking for a new vault's passphrase where somebody sits at a terminal.
pub fn choose(paths: &Paths, answerer: &mut Answerer, kind: StoreKind) -> Result<()> {
    choose_with(paths, answerer, kind, ask::is_possible())
}

/// Makes a store the one in use: the vault is created where there is none, then the configuration says so. A new vault that
/// nobody may be asked about gets an identity file.
pub fn choose_with(paths: &Paths, answerer: &mut Answerer, kind: StoreKind, may_ask: bool) -> Result<()> {
    let mut passphrase = None;
    if kind == StoreKind::Vault {
        let place = VaultPlace::find(paths);
        if !place.path.exists() {
            passphrase = if may_ask { ask_new_passphrase()? } else { None };
            crate::paths::create_private_dir(&paths.data_dir)?;
            let access = match (&passphrase, place.identity) {
                (Some(passphrase), _) => Access::Passphrase(passphrase.clone()),
                (None, Some(identity)) => Access::Identity(identity),
                (None, None) => return Err(Error::new("there is no place for the vault's identity file")),
            };
            vault::create(&place.path, &access).map_err(|error| error.into_error("vault"))?;
            let shown = crate::printable::path(&place.path);
            render::note(match &access {
                Access::Passphrase(_) => format!("keys are kept in `{shown}`, which your passphrase opens"),
                Access::Identity(identity) => format!(
                    "keys are kept encrypted in `{shown}`; whoever can read `{}` can open it: it protects a vault that is \
                     copied without that file, not against programs that run as you or a backup that holds both",
                    crate::printable::path(identity)
                ),
            });
        }
    }
    settings::set_store(paths, kind)?;
    answerer.reload()?;
    if let Some(passphrase) = passphrase {
        answerer.done(&Request::Unlock { passphrase: Some(WireSecret(passphrase)) })?;
    }
    Ok(())
}

fn ask_new_passphrase() -> Result<Option<crate::secret::Secret>> {
    loop {
        let first = ask::secret("passphrase for the encrypted file (empty: a file of yours opens it instead)")?;
        if first.is_empty() {
            return Ok(None);
        }
        if first.same_as(&ask::secret("the same again")?) {
            return Ok(Some(first));
        }
        render::note("the two are not the same");
    }
}

/// Does what may meet a locked store; at a terminal it is opened then, unless `llmenv lock` closed it.
pub fn retry<T>(answerer: &mut Answerer, mut ask_for: impl FnMut(&mut Answerer) -> Result<T>) -> Result<T> {
    match ask_for(answerer) {
        Err(error) if error.kind == ErrorKind::Locked && ask::is_possible() => {
            if answerer.hello().is_ok_and(|hello| hello.locked) {
                return Err(error);
            }
            open(answerer)?;
            ask_for(answerer)
        }
        answer => answer,
    }
}

/// Opens the store in use, asking for the vault's passphrase where it has one. Only at a terminal.
pub fn open(answerer: &mut Answerer) -> Result<Vec<String>> {
    let paths = Paths::find()?;
    let store = answerer.store()?;
    let needs_passphrase = store.kind == StoreKind::Vault.word()
        && vault::needs_passphrase(&VaultPlace::find(&paths).path).map_err(|error| error.into_error("vault"))?;
    if !needs_passphrase {
        return answerer.done(&Request::Unlock { passphrase: None });
    }
    let mut tries = 0;
    loop {
        tries += 1;
        let passphrase = ask::secret("passphrase of the encrypted file")?;
        match answerer.done(&Request::Unlock { passphrase: Some(WireSecret(passphrase)) }) {
            Err(error) if error.kind == ErrorKind::Locked && tries < 3 => render::error(&error),
            answer => return answer,
        }
    }
}

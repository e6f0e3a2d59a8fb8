//! The keyring on Linux: the Secret Service (gnome-keyring, `KWallet`, `KeePassXC`) over the session bus.
//!
//! The store's thread calls it. One connection serves one burst of calls and is dropped afterwards, because a session of a
//! replaced keyring daemon answers `NoSession` for ever; within a burst a stale one is
//! replaced and the call repeated.
//! Items are found by the attributes `service` and `username`, those that the `keyring` family of crates uses, so that
//! either reads what the other wrote. Nothing here shows a dialog unless the caller allows it.
//! Specification: <https://specifications.freedesktop.org/secret-service-spec/0.2/> (read 2026-11).

use std::collections::HashMap;
use std::time::Instant;

use secret_service::{Collection, EncryptionType, Error as ServiceError, Item, SecretService};
use tokio::runtime::Runtime;
use tokio::time::timeout_at;

use super::bus::{self, BusAddresses};
use super::{Prompt, SERVICE, StoreError, StoreState, StoredKey, item_user};

type Service = SecretService<'static>;

/// The content type of our items; `KWallet` keeps text only.
const CONTENT_TYPE: &str = "text/plain";

/// How often a call is made when the keyring is replaced under it.
const MAX_ATTEMPTS: u32 = 4;

/// Why an operation on the bus failed.
enum Failure {
    /// For a reason that the caller must see.
    Store(StoreError),
    /// Because the keyring behind this connection is not the one it was made for.
    Stale(String),
}

impl From<StoreError> for Failure {
    fn from(err: StoreError) -> Self {
        Self::Store(err)
    }
}

/// The Secret Service of this user.
pub(super) struct Keyring {
    addresses: BusAddresses,
    connection: Option<(Runtime, Option<Service>)>,
}

impl Keyring {
    /// Connects to nothing yet.
    pub(super) fn new(addresses: BusAddresses) -> Self {
        Self { addresses, connection: None }
    }

    /// Drops the connection; called when a burst of calls is over.
    pub(super) fn idle(&mut self) {
        if let Some((runtime, service)) = self.connection.take() {
            runtime.block_on(async { drop(service) });
        }
    }

    pub(super) fn state(&mut self, deadline: Instant) -> StoreState {
        let locked = self.run(deadline, async |service| {
            let collection = default_collection(service).await?;
            Ok(collection.is_locked().await?)
        });
        match locked {
            Ok(true) | Err(StoreError::Locked) => StoreState::Locked,
            Ok(false) => StoreState::Unlocked,
            Err(StoreError::Hung) => StoreState::Hung,
            Err(StoreError::NoStore { reason } | StoreError::Broken { reason }) => StoreState::Absent { reason },
            Err(err) => StoreState::Absent { reason: format!("{err:?}") },
        }
    }

    pub(super) fn get(
        &mut self,
        name: &str,
        expected: bool,
        prompt: Prompt,
        deadline: Instant,
    ) -> Result<StoredKey, StoreError> {
        let user = item_user(name);
        let json = self.run(deadline, async |service| match newest(find(service, &user, prompt).await?).await? {
            Some(item) => Ok(zeroize::Zeroizing::new(item.get_secret().await?)),
            None if expected => Err(StoreError::hidden().into()),
            None => Err(StoreError::NotFound.into()),
        })?;
        StoredKey::decode(&json).map_err(|err| StoreError::broken(err.message))
    }

    pub(super) fn put(
        &mut self,
        name: &str,
        value: &StoredKey,
        prompt: Prompt,
        deadline: Instant,
    ) -> Result<(), StoreError> {
        let user = item_user(name);
        let json = value.encode().map_err(|err| StoreError::broken(err.message))?;
        self.run(deadline, async |service| {
            let mut items = find(service, &user, prompt).await?;
            sort_by_age(&mut items).await?;
            if let Some(item) = items.pop() {
                let earlier = zeroize::Zeroizing::new(item.get_secret().await?);
                item.set_secret(&json, CONTENT_TYPE).await?;
                if !reads_back(service, &user, &json).await? {
                    item.set_secret(&earlier, CONTENT_TYPE).await?;
                    let reason = "the keyring did not keep the new key; the earlier one is back in place";
                    return Err(StoreError::broken(reason).into());
                }
            } else {
                let collection = unlocked_default(service, prompt).await?;
                let label = format!("llmenv: {name}");
                let item = collection.create_item(&label, attributes(&user), &json, false, CONTENT_TYPE).await?;
                if !reads_back(service, &user, &json).await? {
                    item.delete().await?;
                    return Err(StoreError::broken("the keyring did not keep the new key").into());
                }
            }
            // Other programs can leave several items with the same attributes; the one just written is the one.
            for duplicate in items {
                duplicate.delete().await?;
            }
            Ok(())
        })
    }

    pub(super) fn remove(&mut self, name: &str, prompt: Prompt, deadline: Instant) -> Result<(), StoreError> {
        let user = item_user(name);
        self.run(deadline, async |service| {
            let items = find(service, &user, prompt).await?;
            if items.is_empty() {
                return Err(StoreError::NotFound.into());
            }
            for item in items {
                item.delete().await?;
            }
            Ok(())
        })
    }

    pub(super) fn rename(&mut self, from: &str, to: &str, prompt: Prompt, deadline: Instant) -> Result<(), StoreError> {
        let (from, to_user) = (item_user(from), item_user(to));
        self.run(deadline, async |service| {
            if !find(service, &to_user, prompt).await?.is_empty() {
                return Err(StoreError::Exists.into());
            }
            let mut items = find(service, &from, prompt).await?;
            sort_by_age(&mut items).await?;
            let item = items.pop().ok_or(StoreError::NotFound)?;
            let earlier = item.get_attributes().await?;
            let mut renamed: HashMap<&str, &str> = earlier.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            renamed.insert("username", &to_user);
            item.set_attributes(renamed).await?;
            let _ = item.set_label(&format!("llmenv: {to}")).await;
            if find(service, &to_user, Prompt::Never).await?.is_empty() {
                return Err(StoreError::broken("the keyring did not keep the new name").into());
            }
            for duplicate in items {
                duplicate.delete().await?;
            }
            Ok(())
        })
    }

    /// Shows the system's dialog if the default collection is locked.
    pub(super) fn unlock(&mut self, deadline: Instant) -> Result<(), StoreError> {
        self.run(deadline, async |service| unlocked_default(service, Prompt::Allowed).await.map(|_| ()))
    }

    /// Runs one operation before the deadline, and again on a new connection where the keyring was replaced meanwhile.
    #[allow(clippy::needless_pass_by_value)] // callers read better without the `&` before `async |…|`
    fn run<T>(
        &mut self,
        deadline: Instant,
        operation: impl AsyncFn(&Service) -> Result<T, Failure>,
    ) -> Result<T, StoreError> {
        let limit = tokio::time::Instant::from_std(deadline);
        let (runtime, slot) = match self.connection.take() {
            Some(connection) => connection,
            None => (new_runtime()?, None),
        };
        let (runtime, slot) = self.connection.insert((runtime, slot));
        let addresses = &self.addresses;
        let outcome = runtime.block_on(async {
            let attempts = async {
                let mut attempts = 0;
                loop {
                    attempts += 1;
                    let attempt = async {
                        if slot.is_none() {
                            *slot = Some(open(addresses, limit).await?);
                        }
                        match slot.as_ref() {
                            Some(service) => operation(service).await,
                            None => Err(StoreError::Hung.into()),
                        }
                    };
                    match attempt.await {
                        Ok(value) => return Ok(value),
                        Err(Failure::Store(err)) => return Err(err),
                        Err(Failure::Stale(reason)) if attempts == MAX_ATTEMPTS => {
                            return Err(StoreError::broken(reason));
                        }
                        Err(Failure::Stale(_)) => *slot = None,
                    }
                }
            };
            timeout_at(limit, attempts).await.unwrap_or(Err(StoreError::Hung))
        });
        // Whatever went wrong, the next call starts from a new look at the bus.
        if !matches!(outcome, Ok(_) | Err(StoreError::NotFound | StoreError::Exists | StoreError::Locked)) {
            self.idle();
        }
        outcome
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        self.idle();
    }
}

fn new_runtime() -> Result<Runtime, StoreError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|err| StoreError::broken(format!("cannot talk to the session bus: {err}")))
}

async fn open(addresses: &BusAddresses, limit: tokio::time::Instant) -> Result<Service, Failure> {
    let connection = bus::connect(addresses, limit).await?;
    Ok(SecretService::connect_with_existing(EncryptionType::Dh, connection).await?)
}

fn attributes(user: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", user)])
}

/// Finds the items that can be read now.
///
/// None that can be read while one is locked, or while the collection is that might hold it, is [`StoreError::Locked`].
async fn find<'a>(service: &'a Service, user: &str, prompt: Prompt) -> Result<Vec<Item<'a>>, Failure> {
    let found = service.search_items(attributes(user)).await?;
    if found.locked.is_empty() && !found.unlocked.is_empty() {
        return Ok(found.unlocked);
    }
    if found.locked.is_empty() {
        // What is not found may be hidden by a lock; where there is no default collection it cannot be.
        return match unlocked_default(service, prompt).await {
            Ok(_) => Ok(service.search_items(attributes(user)).await?.unlocked),
            Err(Failure::Store(StoreError::NoStore { .. })) => Ok(Vec::new()),
            Err(err) => Err(err),
        };
    }
    if prompt == Prompt::Never {
        return Err(StoreError::Locked.into());
    }
    service.unlock_all(&found.locked.iter().collect::<Vec<_>>()).await?;
    let found = service.search_items(attributes(user)).await?;
    if found.locked.is_empty() { Ok(found.unlocked) } else { Err(StoreError::Locked.into()) }
}

async fn default_collection(service: &Service) -> Result<Collection<'_>, Failure> {
    service.get_default_collection().await.map_err(|err| match err {
        ServiceError::NoResult => StoreError::no_store("the Secret Service has no default collection").into(),
        err => err.into(),
    })
}

async fn unlocked_default(service: &Service, prompt: Prompt) -> Result<Collection<'_>, Failure> {
    let collection = default_collection(service).await?;
    if collection.is_locked().await? {
        if prompt == Prompt::Never {
            return Err(StoreError::Locked.into());
        }
        collection.unlock().await?;
        if collection.is_locked().await? {
            return Err(StoreError::NotUnlocked { reason: "it is still locked".into() }.into());
        }
    }
    Ok(collection)
}

/// Sorts so that the newest item comes last. Times count whole seconds, so the number in an item's path decides ties.
async fn sort_by_age(items: &mut Vec<Item<'_>>) -> Result<(), Failure> {
    let mut aged = Vec::with_capacity(items.len());
    for item in items.drain(..) {
        let path = item.item_path.as_str().to_owned();
        let number: u64 = path.rsplit('/').next().and_then(|last| last.parse().ok()).unwrap_or(0);
        aged.push(((item.get_modified().await?, item.get_created().await?, number, path), item));
    }
    aged.sort_by(|(a, _), (b, _)| a.cmp(b));
    items.extend(aged.into_iter().map(|(_, item)| item));
    Ok(())
}

async fn newest(mut items: Vec<Item<'_>>) -> Result<Option<Item<'_>>, Failure> {
    if items.len() > 1 {
        sort_by_age(&mut items).await?;
    }
    Ok(items.pop())
}

async fn reads_back(service: &Service, user: &str, json: &[u8]) -> Result<bool, Failure> {
    let Some(item) = newest(find(service, user, Prompt::Never).await?).await? else { return Ok(false) };
    Ok(*zeroize::Zeroizing::new(item.get_secret().await?) == *json)
}

impl From<ServiceError> for Failure {
    fn from(err: ServiceError) -> Self {
        let no_store = |reason: &str| Self::Store(StoreError::no_store(reason));
        match err {
            ServiceError::Locked => Self::Store(StoreError::Locked),
            ServiceError::NoResult => no_store("the Secret Service has no such collection"),
            ServiceError::Prompt => {
                Self::Store(StoreError::NotUnlocked { reason: "the dialog was dismissed or could not be shown".into() })
            }
            ServiceError::PromptDisconnected => Self::Store(StoreError::NotUnlocked {
                reason: "the keyring went away while its dialog was open".into(),
            }),
            ServiceError::Unavailable => no_store("there is no Secret Service on the session bus"),
            ServiceError::Zbus(err) => from_bus(&err),
            ServiceError::ZbusFdo(err) => from_standard(&err),
            err => Self::Store(StoreError::broken(format!("the Secret Service answers strangely: {err}"))),
        }
    }
}

fn from_bus(err: &zbus::Error) -> Failure {
    match err {
        zbus::Error::MethodError(name, text, _) => named(name.as_str(), text.as_deref().unwrap_or_default()),
        zbus::Error::FDO(err) => from_standard(err),
        zbus::Error::InputOutput(err) if err.kind() == std::io::ErrorKind::TimedOut => StoreError::Hung.into(),
        err => Failure::Stale(format!("the connection to the Secret Service broke: {err}")),
    }
}

fn from_standard(err: &zbus::fdo::Error) -> Failure {
    match err {
        zbus::fdo::Error::ZBus(err) => from_bus(err),
        err => {
            use zbus::DBusError;
            named(err.name().as_str(), err.description().unwrap_or_default())
        }
    }
}

/// Sorts errors by their D-Bus name (Secret Service specification, "Error codes", and the D-Bus standard names).
fn named(name: &str, text: &str) -> Failure {
    match name.rsplit('.').next().unwrap_or_default() {
        "IsLocked" => StoreError::Locked.into(),
        _ if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => {
            StoreError::no_store(format!("the Secret Service cannot be started: {text}")).into()
        }
        "ServiceUnknown" | "NameHasNoOwner" => {
            StoreError::no_store("there is no Secret Service on the session bus").into()
        }
        "Timeout" | "TimedOut" => StoreError::Hung.into(),
        "NoSession" | "NoSuchObject" | "UnknownObject" | "UnknownMethod" | "NoReply" | "Disconnected" => {
            Failure::Stale(format!("the Secret Service was replaced: {text}"))
        }
        _ => StoreError::broken(format!("the Secret Service refuses: {name}: {text}")).into(),
    }
}

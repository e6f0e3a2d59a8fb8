//! What the proxy remembers of exchanges: names, numbers and times; never a body, a header or an address within one.
//!
//! Every exchange has a [`Watch`], which ends up in the list however the exchange ends: with its last byte, an error, or
//! the client's going away. The list answers `llmenv proxy status` and `log`; its sums by day are kept in a file.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::dialect::form::Usage;
use crate::ipc::protocol::{ExchangeFacts, UsageFacts};
use crate::moment;

/// How many ended exchanges are kept.
const MAX_DONE: usize = 500;
/// How many days are kept.
const MAX_DAYS: usize = 400;
/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// By day, by profile.
type Days = BTreeMap<String, BTreeMap<String, UsageFacts>>;

/// All exchanges.
#[derive(Debug)]
pub struct Records {
    path: PathBuf,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    next: u64,
    running: HashMap<u64, (Instant, ExchangeFacts)>,
    done: VecDeque<ExchangeFacts>,
    days: Days,
    /// What was added since it was last written.
    added: Days,
    dropped: std::collections::HashSet<(String, String)>,
}

#[derive(Default, Serialize, Deserialize)]
struct File {
    v: u32,
    days: Days,
}

impl Records {
    /// Reads the sums of earlier days. A file that cannot be understood begins anew.
    pub fn load(path: PathBuf) -> Arc<Self> {
        let days = read(&path);
        Arc::new(Self { path, held: Mutex::new(Held { days, ..Held::default() }) })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an exchange.
    pub fn begin(self: &Arc<Self>, facts: ExchangeFacts) -> Watch {
        let mut held = self.held();
        let id = held.next;
        held.next += 1;
        held.running.insert(id, (Instant::now(), ExchangeFacts { at: moment::now(), ..facts }));
        Watch { records: Arc::clone(self), id, is_complete: false }
    }

    /// How many exchanges are under way.
    pub fn running(&self) -> usize {
        self.held().running.len()
    }

    /// Those under way, oldest first, and those that ended, newest first.
    pub fn list(&self) -> (Vec<ExchangeFacts>, Vec<ExchangeFacts>) {
        let held = self.held();
        let mut running: Vec<_> = held.running.iter().collect();
        running.sort_by_key(|(id, _)| **id);
        let running = running
            .into_iter()
            .map(|(_, (begun, facts))| ExchangeFacts { duration_ms: millis(*begun), ..facts.clone() });
        (running.collect(), held.done.iter().rev().cloned().collect())
    }

    /// The sums by day and profile.
    pub fn days(&self) -> Days {
        self.held().days.clone()
    }

    /// Writes the sums down if they changed.
    pub fn save(&self) -> crate::error::Result<()> {
        let added = std::mem::take(&mut self.held().added);
        if added.is_empty() {
            return Ok(());
        }
        // Two daemons write for a while: one that finishes streams, and the next. Each adds what it counted.
        let mut days = read(&self.path);
        for (day, profiles) in &added {
            for (profile, sums) in profiles {
                add(&mut days, day, profile, sums);
            }
        }
        while days.len() > MAX_DAYS {
            days.pop_first();
        }
        let text = serde_json::to_string(&File { v: 1, days: days.clone() })
            .map_err(|err| crate::error::Error::new(format!("cannot write the usage down: {err}")))?;
        let result = crate::atomic::write(&self.path, text.as_bytes(), 0o600);
        let mut held = self.held();
        if result.is_err() {
            for (day, profiles) in &added {
                for (profile, sums) in profiles {
                    add(&mut held.added, day, profile, sums);
                }
            }
        } else {
            held.days = days;
            let since = held.added.clone();
            for (day, profiles) in &since {
                for (profile, sums) in profiles {
                    add(&mut held.days, day, profile, sums);
                }
            }
        }
        result
    }

    /// Says which of these kinds were left out for the first time in this run, for the log.
    pub fn first_dropped(&self, profile: &str, kinds: &[String]) -> Vec<String> {
        let mut held = self.held();
        let mut is_new = |kind: &&String| held.dropped.insert((profile.to_owned(), (*kind).clone()));
        kinds.iter().filter(|kind| is_new(kind)).cloned().collect()
    }
}

/// One exchange on its way; dropping it is its end.
#[derive(Debug)]
pub struct Watch {
    records: Arc<Records>,
    id: u64,
    is_complete: bool,
}

impl Watch {
    fn change(&self, change: impl FnOnce(&mut ExchangeFacts, Instant)) {
        if let Some((begun, facts)) = self.records.held().running.get_mut(&self.id) {
            change(facts, *begun);
        }
    }

    /// The client's and the upstream's names of the model.
    pub fn models(&self, asked: &str, used: &str) {
        let (asked, used) = (crate::printable::text(asked), crate::printable::text(used));
        self.change(|facts, _| (facts.asked_model, facts.model) = (asked, used));
    }

    /// What is spoken upstream.
    pub fn upstream(&self, dialect: &'static str) {
        self.change(|facts, _| dialect.clone_into(&mut facts.upstream));
    }

    /// The status that the client gets.
    pub fn status(&self, status: u16) {
        self.change(|facts, _| facts.status = Some(status));
    }

    /// The first byte of the answer is there.
    pub fn first_byte(&self) {
        self.change(|facts, begun| {
            facts.first_byte_ms.get_or_insert(millis(begun));
        });
    }

    /// What it cost so far.
    pub fn usage(&self, usage: Usage) {
        self.change(|facts, _| {
            (facts.input_tokens, facts.cached_tokens) = (Some(usage.input), Some(usage.cached));
            facts.output_tokens = Some(usage.output);
        });
    }

    /// What went wrong, in one of the few words of [`crate::dialect::form::FailureKind`].
    pub fn failed(&self, kind: &str) {
        self.change(|facts, _| facts.error = Some(kind.to_owned()));
    }

    /// The answer is whole.
    pub fn complete(&mut self) {
        self.is_complete = true;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut held = self.records.held();
        let Some((begun, mut facts)) = held.running.remove(&self.id) else { return };
        facts.duration_ms = millis(begun);
        if !self.is_complete && facts.error.is_none() {
            facts.error = Some("client-gone".to_owned());
        }
        let sums = UsageFacts {
            requests: 1,
            errors: u64::from(facts.error.is_some()),
            input_tokens: facts.input_tokens.unwrap_or(0),
            cached_tokens: facts.cached_tokens.unwrap_or(0),
            output_tokens: facts.output_tokens.unwrap_or(0),
        };
        let day = moment::day(facts.at);
        add(&mut held.days, &day, &facts.profile, &sums);
        add(&mut held.added, &day, &facts.profile, &sums);
        held.done.push_back(facts);
        if held.done.len() > MAX_DONE {
            held.done.pop_front();
        }
    }
}

fn read(path: &std::path::Path) -> Days {
    let read = crate::bounded::read(path, MAX_FILE_BYTES, crate::bounded::Links::Refuse);
    let file = read.ok().and_then(|(bytes, _)| serde_json::from_slice::<File>(&bytes).ok());
    file.filter(|file| file.v == 1).map(|file| file.days).unwrap_or_default()
}

fn add(days: &mut Days, day: &str, profile: &str, more: &UsageFacts) {
    let sums = days.entry(day.to_owned()).or_default().entry(profile.to_owned()).or_default();
    sums.requests += more.requests;
    sums.errors += more.errors;
    sums.input_tokens += more.input_tokens;
    sums.cached_tokens += more.cached_tokens;
    sums.output_tokens += more.output_tokens;
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

//! The environments that running programs of this user were started with.
//!
//! Linux shows them in `/proc/PID/environ` (`proc_pid_environ(5)`): as they were at the start, which is what a program that reads
//! its key once goes on using. Other systems show them to nobody, or not by documented ways.

use std::time::Duration;

use super::{Held, Kind, Origin, Reader};
use crate::secret::Secret;

/// A program that was started with a value.
#[derive(Clone, Debug)]
pub struct Holder {
    /// Its process.
    pub pid: u32,
    /// The name of its program, as it calls itself.
    pub name: String,
    /// How long it has been running.
    pub running: Duration,
    /// The variables that hold what was sought, with their values.
    pub settings: Vec<(String, Secret)>,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// The programs, longest running first.
    pub holders: Vec<Holder>,
    /// Whether there were more processes than could be looked at in time.
    pub is_cut: bool,
}

/// Finds the programs of this user that were started with a variable that `is_sought`; this process is none of them.
pub fn holding(is_sought: &dyn Fn(&str, &Secret) -> bool) -> Search {
    platform::holding(is_sought)
}

/// The source: every program of this user that was started with what is asked for.
pub(super) fn search(search: &mut super::Search<'_>) {
    let sought = search.sought;
    let found = holding(&|name, _| sought.has(name));
    for holder in found.holders {
        for (name, value) in holder.settings {
            let reader = Reader::Process { pid: holder.pid, name: holder.name.clone(), running: holder.running };
            search.add_exported(&name, Held::Text(value), Origin::of(Kind::Process, reader));
        }
    }
    if found.is_cut {
        search.note(None, "there was no time for all running programs");
    }
}

/// Whether a process is the server of `screen`, which calls itself by capitals.
pub fn is_screen_server(pid: u32) -> bool {
    std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.starts_with(b"SCREEN\0"))
}

#[cfg(target_os = "linux")]
mod platform {
    use std::io::Read;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use zeroize::Zeroizing;

    use super::{Holder, Search};
    use crate::secret::Secret;

    /// How long the search may take: somebody waits for it.
    const PATIENCE: Duration = Duration::from_millis(500);
    /// The largest environment that is read; Linux lets nobody have a larger one by default.
    const MAX_ENVIRON_BYTES: u64 = 2 * 1024 * 1024;
    /// Longer values are no keys.
    const MAX_VALUE_BYTES: usize = 8 * 1024;

    pub(super) fn holding(is_sought: &dyn Fn(&str, &Secret) -> bool) -> Search {
        let begun = Instant::now();
        let mut search = Search::default();
        let (user, own) = (rustix::process::geteuid().as_raw(), std::process::id());
        for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
            if begun.elapsed() > PATIENCE {
                search.is_cut = true;
                break;
            }
            if pid == own || !entry.metadata().is_ok_and(|found| found.uid() == user) {
                continue;
            }
            search.holders.extend(look(&entry.path(), pid, is_sought).filter(|_| !is_becoming_another(pid, own)));
        }
        search.holders.sort_by_key(|holder| std::cmp::Reverse((holder.running, holder.pid)));
        search
    }

    /// A child of this very process that is about to become another program (`git`, `tmux`), and still has all that this one has.
    fn is_becoming_another(pid: u32, own: u32) -> bool {
        let program = |pid| std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        crate::process::parent(pid) == Some(own) && program(pid) == program(own)
    }

    fn look(place: &Path, pid: u32, is_sought: &dyn Fn(&str, &Secret) -> bool) -> Option<Holder> {
        let mut environ = Zeroizing::new(Vec::new());
        std::fs::File::open(place.join("environ")).ok()?.take(MAX_ENVIRON_BYTES).read_to_end(&mut environ).ok()?;
        let mut settings = Vec::new();
        for entry in environ.split(|byte| *byte == 0) {
            let Some((name, value)) = std::str::from_utf8(entry).ok().and_then(|entry| entry.split_once('=')) else {
                continue;
            };
            if value.is_empty() || value.len() > MAX_VALUE_BYTES {
                continue;
            }
            let value = Secret::new(value);
            if is_sought(name, &value) {
                settings.push((name.to_owned(), value));
            }
        }
        (!settings.is_empty()).then(|| Holder {
            pid,
            name: std::fs::read_to_string(place.join("comm"))
                .map(|name| name.trim_end().to_owned())
                .unwrap_or_default(),
            running: running(pid).unwrap_or_default(),
            settings,
        })
    }

    /// Start times are in clock ticks since boot.
    fn running(pid: u32) -> Option<Duration> {
        let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
        let since_boot = uptime.split(['.', ' ']).next()?.parse::<u64>().ok()?;
        let begun = crate::process::start_time(pid)? / rustix::param::clock_ticks_per_second().max(1);
        Some(Duration::from_secs(since_boot.saturating_sub(begun)))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use super::Search;
    use crate::secret::Secret;

    pub(super) fn holding(_is_sought: &dyn Fn(&str, &Secret) -> bool) -> Search {
        Search::default()
    }
}

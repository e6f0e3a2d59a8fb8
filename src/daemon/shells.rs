//! The shells that registered, and the files by which each learns that something changed for it.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::ipc::shell_lines::{Reason, ShellId, ShellRequest};
use crate::process;

/// What the daemon mirrors of a shell. The shell owns its state; all of this may be lost at any time.
pub struct Shell {
    /// `bash`, `zsh`, …
    pub kind: String,
    /// Its directory, when it last asked.
    pub cwd: PathBuf,
    /// The reason in its state.
    pub reason: Reason,
    /// The profile applied.
    pub profile: Option<String>,
    /// When its lease ends, in seconds since 1970; 0: none.
    pub lease_end: u64,
    /// What it was released from.
    pub mark: String,
    /// Whether it has a handler for the push signal.
    pub signals: bool,
    /// What it was last told to hold, as a hash.
    pub signature: [u8; 32],
    /// Lines it was told with the last answer, so that they are not repeated at each prompt.
    pub last_says: Vec<String>,
    /// Lines that are told once in the life of a choice.
    pub said_once: HashSet<String>,
    /// Lines that wait for its next prompt.
    pub news: Vec<String>,
    counter: u64,
}

/// All registered shells.
pub struct Shells {
    dir: PathBuf,
    boot: String,
    shells: HashMap<ShellId, Shell>,
    /// Told when a shell is somewhere else than before.
    moved: Rc<tokio::sync::Notify>,
}

impl Shells {
    /// Starts with none. `dir` holds the generation files.
    pub fn new(dir: PathBuf, boot: String, moved: Rc<tokio::sync::Notify>) -> Self {
        Self { dir, boot, shells: HashMap::new(), moved }
    }

    /// Tells every shell that an earlier daemon knew to ask again, and removes the files of dead ones.
    pub fn adopt_files(&mut self) {
        let Ok(entries) = std::fs::read_dir(&self.dir) else { return };
        for entry in entries.filter_map(Result::ok) {
            let id = entry.file_name().to_str().and_then(|name| name.parse::<ShellId>().ok());
            match id {
                Some(id) if process::is_alive(id.pid, id.start) => {
                    let _ = write_generation(&entry.path(), &format!("{}:0", self.boot));
                }
                _ => {
                    let _ = std::fs::remove_file(entry.path());
                }
            }
        }
    }

    /// Records what a shell says of itself; makes its generation file where it has none.
    ///
    /// A process that cannot be seen from here (another pid namespace, or none at all) is answered and not remembered.
    pub fn register(&mut self, request: &ShellRequest) {
        if !self.shells.contains_key(&request.id) && !process::is_alive(request.id.pid, request.id.start) {
            return;
        }
        let path = self.path(request.id);
        let boot = &self.boot;
        let shell = self.shells.entry(request.id).or_insert_with(|| {
            // Where it cannot be written the shell sees no change and asks when its directory changes; nothing is wrong by it.
            let _ = write_generation(&path, &format!("{boot}:1"));
            Shell {
                kind: request.shell.clone(),
                cwd: PathBuf::new(),
                reason: Reason::None,
                profile: None,
                lease_end: 0,
                mark: String::new(),
                signals: false,
                signature: [0; 32],
                last_says: Vec::new(),
                said_once: HashSet::new(),
                news: Vec::new(),
                counter: 1,
            }
        });
        shell.signals = request.signals;
        if shell.cwd != request.cwd {
            shell.cwd.clone_from(&request.cwd);
            self.moved.notify_one();
        }
    }

    /// Writes all generation files anew where their folder was taken away.
    pub fn restore_files(&mut self) {
        if self.dir.is_dir() || crate::paths::create_private_dir(&self.dir).is_err() {
            return;
        }
        for (id, shell) in &self.shells {
            let _ = write_generation(&self.path(*id), &format!("{}:{}", self.boot, shell.counter));
        }
    }

    /// The text of a shell's generation file.
    pub fn generation(&self, id: ShellId) -> String {
        self.shells
            .get(&id)
            .map_or_else(|| format!("{}:0", self.boot), |shell| format!("{}:{}", self.boot, shell.counter))
    }

    /// Tells a shell to ask again, at its next prompt or, with `push`, before its next command.
    pub fn bump(&mut self, id: ShellId, push: bool) {
        let path = self.path(id);
        let Some(shell) = self.shells.get_mut(&id) else { return };
        shell.counter += 1;
        let _ = write_generation(&path, &format!("{}:{}", self.boot, shell.counter));
        if push && shell.signals && process::is_alive(id.pid, id.start) {
            send_push(id.pid);
        }
    }

    /// The shells and their ids.
    pub fn iter(&self) -> impl Iterator<Item = (ShellId, &Shell)> {
        self.shells.iter().map(|(id, shell)| (*id, shell))
    }

    /// One shell.
    pub fn get(&self, id: ShellId) -> Option<&Shell> {
        self.shells.get(&id)
    }

    /// One shell, to change.
    pub fn get_mut(&mut self, id: ShellId) -> Option<&mut Shell> {
        self.shells.get_mut(&id)
    }

    /// Drops shells whose process is gone, with their files. Gives the number of those left.
    pub fn sweep(&mut self) -> usize {
        let dir = &self.dir;
        self.shells.retain(|id, _| {
            let alive = process::is_alive(id.pid, id.start);
            if !alive {
                let _ = std::fs::remove_file(dir.join(id.to_string()));
            }
            alive
        });
        self.shells.len()
    }

    fn path(&self, id: ShellId) -> PathBuf {
        self.dir.join(id.to_string())
    }
}

/// Written over what is there and cut afterwards: a shell that reads in between finds a whole first line, never nothing.
fn write_generation(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = crate::paths::private_options().open(path)?;
    std::io::Write::write_all(&mut file, format!("{text}\n").as_bytes())?;
    file.set_len(text.len() as u64 + 1)
}

/// SIGURG: a shell that has no handler for it ignores it, so a stale number does no harm.
#[cfg(unix)]
fn send_push(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw) {
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::URG);
    }
}

#[cfg(windows)]
fn send_push(_pid: u32) {}

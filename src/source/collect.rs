//! All sources at once, within a time: each group of them on a thread of its own, so that a dead mount or a server that does not
//! answer costs the report its own lines and nothing else.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::{Assignment, Kind, Scene, Search, Sought};
use super::{
    container, dotenv_files, environment, envrc, fish_universal, mise, processes, rc, screen, system, tmux, tools,
    vscode,
};

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// In the order of [`Kind::ALL`], those of one kind in the order in which they are read.
    pub assignments: Vec<Assignment>,
    /// Files that were read.
    pub read: Vec<(Kind, PathBuf)>,
    /// What the `.env` files among them hold, so that nobody reads them again.
    pub contents: Vec<(PathBuf, Zeroizing<Vec<u8>>)>,
    /// Places that could not be looked at.
    pub unread: Vec<Unread>,
    /// Whether the time was over before everything was looked at.
    pub is_cut: bool,
}

/// A place that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Its sort.
    pub kind: Kind,
    /// The file, where it is one.
    pub path: Option<PathBuf>,
    /// Why, in words. Quotes nothing of a file.
    pub reason: String,
}

impl Collected {
    /// Adds what was found elsewhere.
    pub fn append(&mut self, mut other: Self) {
        self.assignments.append(&mut other.assignments);
        self.read.append(&mut other.read);
        self.contents.append(&mut other.contents);
        self.unread.append(&mut other.unread);
        self.is_cut |= other.is_cut;
    }

    /// The assignments of a variable.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Assignment> {
        self.assignments.iter().filter(move |assignment| assignment.name == name)
    }

    /// How many files of a kind were read.
    pub fn count_read(&self, kind: Kind) -> usize {
        self.read.iter().filter(|(of, _)| *of == kind).count()
    }
}

/// Places that fail together: one thread each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// Memory: cannot wait.
    Own,
    /// The directory and those above it.
    Directory,
    /// The home.
    Home,
    /// The settings of editors and tools, in both.
    Settings,
    /// The system's folders, and its manager.
    System,
    /// Servers that are asked.
    Servers,
    /// Running programs.
    Processes,
}

type Source = fn(&mut Search<'_>);

/// Every source. The order within a group is the order in which they are searched.
const SOURCES: &[(Kind, Group, Source)] = &[
    (Kind::Environment, Group::Own, environment::search),
    (Kind::Direnv, Group::Own, envrc::search_state),
    (Kind::Dotenv, Group::Directory, dotenv_files::search),
    (Kind::Envrc, Group::Directory, envrc::search),
    (Kind::Mise, Group::Directory, mise::search),
    (Kind::Container, Group::Directory, container::search),
    (Kind::Rc, Group::Home, rc::search),
    (Kind::FishUniversal, Group::Home, fish_universal::search),
    (Kind::VsCode, Group::Settings, vscode::search),
    (Kind::ToolConfig, Group::Settings, tools::search),
    (Kind::System, Group::System, system::search),
    (Kind::SystemdUser, Group::System, system::search_systemd),
    (Kind::Tmux, Group::Servers, tmux::search),
    (Kind::Screen, Group::Processes, screen::search),
    (Kind::Process, Group::Processes, processes::search),
    #[cfg(windows)]
    (Kind::WindowsUser, Group::System, super::windows_environment::search_user),
    #[cfg(windows)]
    (Kind::WindowsMachine, Group::System, super::windows_environment::search_machine),
];

/// Searches these kinds of places for variables, for at most this long.
///
/// A place that did not answer in time is listed as unread, and its thread is left behind: reading from a mount that is gone cannot
/// be interrupted.
pub fn collect(scene: &Scene, sought: &Sought, kinds: &[Kind], budget: Duration) -> Collected {
    let deadline = Instant::now() + budget;
    let (sender, answers) = mpsc::channel();
    let mut groups: Vec<Group> = Vec::new();
    let mut waiting: Vec<usize> = Vec::new();
    for (at, (kind, group, _)) in SOURCES.iter().enumerate() {
        if kinds.contains(kind) {
            waiting.push(at);
            if !groups.contains(group) {
                groups.push(*group);
            }
        }
    }
    let mut answered: Vec<(usize, Collected)> = Vec::new();
    for group in groups {
        let wanted: Vec<usize> = waiting.iter().copied().filter(|at| SOURCES[*at].1 == group).collect();
        if group == Group::Own {
            answered.extend(wanted.into_iter().map(|at| (at, one(at, scene, sought, deadline))));
            continue;
        }
        let (scene, sought, sender) = (scene.clone(), sought.clone(), sender.clone());
        let search = move || {
            for at in wanted {
                // Nobody waits any more.
                if sender.send((at, one(at, &scene, &sought, deadline))).is_err() {
                    return;
                }
            }
        };
        // Without a thread nothing of this group is looked at, which is told below.
        let _ = std::thread::Builder::new().name("source".into()).spawn(search);
    }
    drop(sender);
    // The searches end by themselves at the deadline; what hangs gets a little longer, and then none.
    while let Ok(answer) = answers.recv_timeout((deadline + GRACE).saturating_duration_since(Instant::now())) {
        answered.push(answer);
    }
    waiting.retain(|at| answered.iter().all(|(answered, _)| answered != at));
    answered.sort_by_key(|(at, _)| Kind::ALL.iter().position(|kind| *kind == SOURCES[*at].0));
    let mut all = Collected::default();
    for (_, found) in answered {
        all.append(found);
    }
    for at in waiting {
        let reason = format!("no answer within {} ms", budget.as_millis());
        all.unread.push(Unread { kind: SOURCES[at].0, path: None, reason });
        all.is_cut = true;
    }
    all
}

/// How much longer than the time given is waited for a search to notice that it is over.
const GRACE: Duration = Duration::from_millis(50);

fn one(at: usize, scene: &Scene, sought: &Sought, deadline: Instant) -> Collected {
    let (kind, _, source) = SOURCES[at];
    let mut search = Search::new(kind, scene, sought, deadline);
    source(&mut search);
    search.finish()
}

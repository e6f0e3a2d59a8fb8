//! tmux servers: the environment that each new window and pane starts with, asked of the server itself.
//!
//! `show-environment -g` is what the server was started with, or was told since; a session's own comes before it. `NAME=value` sets,
//! `-NAME` takes away (tmux(1), GLOBAL AND SESSION ENVIRONMENT).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::ask::{self, NoAnswer};
use super::{Held, Kind, Origin, Reader, Search};
use crate::secret::Secret;

/// How long one server may take over one question.
const PATIENCE: Duration = Duration::from_millis(250);
/// The most servers that are asked.
const MAX_SERVERS: usize = 4;
/// The most sessions of one server that are asked.
const MAX_SESSIONS: usize = 12;

/// The source.
pub(super) fn search(search: &mut Search<'_>) {
    let sockets = sockets(search);
    if sockets.is_empty() {
        return;
    }
    let Some(tmux) = ask::program(search.scene, "tmux") else {
        return search
            .note(sockets.first().map(PathBuf::as_path), "there is a tmux server, and no `tmux` on PATH to ask it");
    };
    for socket in sockets {
        let server = |arguments: &[&str], search: &Search<'_>| {
            let mut all = vec!["-S", socket.to_str().unwrap_or_default()];
            all.extend(arguments);
            ask::ask(search.scene, &tmux, &all, None, PATIENCE)
        };
        match server(&["show-environment", "-g"], search) {
            Ok(answer) => add(&answer, &socket, None, search),
            // A socket that a dead server left.
            Err(NoAnswer::Failed) => continue,
            Err(NoAnswer::Late) => {
                search
                    .note(Some(&socket), format!("the tmux server gave no answer within {} ms", PATIENCE.as_millis()));
                continue;
            }
        }
        let Ok(sessions) = server(&["list-sessions", "-F", "#{session_name}"], search) else { continue };
        for session in String::from_utf8_lossy(&sessions).lines().take(MAX_SESSIONS) {
            if search.is_over() {
                return;
            }
            // `=`: this very name, and not one that begins so.
            if let Ok(answer) = server(&["show-environment", "-t", &format!("={session}")], search) {
                add(&answer, &socket, Some(session), search);
            }
        }
    }
}

/// The sockets of this user's servers, that of this terminal first.
fn sockets(search: &mut Search<'_>) -> Vec<PathBuf> {
    let scene = search.scene;
    let mut sockets: Vec<PathBuf> = Vec::new();
    if let Some((socket, _)) = scene.variable("TMUX").and_then(|tmux| tmux.split_once(',')) {
        sockets.push(socket.into());
    }
    #[cfg(unix)]
    {
        let folder = scene.variable("TMUX_TMPDIR").map_or_else(|| scene.root.join("tmp"), PathBuf::from);
        let folder = folder.join(format!("tmux-{}", rustix::process::geteuid().as_raw()));
        for path in search.files_in(&folder, MAX_SERVERS, &|_| true) {
            if !sockets.contains(&path) {
                sockets.push(path);
            }
        }
        sockets.retain(|path| is_own_socket(path));
    }
    sockets.truncate(MAX_SERVERS);
    sockets
}

/// Whether it is a socket of this user: what somebody else put in `/tmp` is not asked.
#[cfg(unix)]
fn is_own_socket(path: &Path) -> bool {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    path.is_absolute()
        && path
            .symlink_metadata()
            .is_ok_and(|meta| meta.file_type().is_socket() && meta.uid() == rustix::process::geteuid().as_raw())
}

fn add(answer: &[u8], socket: &Path, session: Option<&str>, search: &mut Search<'_>) {
    let Ok(text) = std::str::from_utf8(answer) else { return };
    for line in text.lines() {
        let part = session.map_or_else(|| "global".to_owned(), |session| format!("session {session}"));
        let mut origin = Origin::of(Kind::Tmux, Reader::Children("tmux")).part(part);
        origin.path = Some(socket.to_owned());
        if let Some(name) = line.strip_prefix('-') {
            search.add_exported(name, Held::Unset, origin);
        } else if let Some((name, value)) = line.split_once('=') {
            search.add_exported(name, Held::Text(Secret::new(value)), origin);
        }
    }
}

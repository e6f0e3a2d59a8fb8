//! Units of `systemd --user`: a socket that systemd listens on, and the daemon that it starts when something connects.
//!
//! The proxy's listener, where there is one, is a second socket unit of its own with `FileDescriptorName=proxy` and
//! `Service=llmenv.service`: the daemon takes what it inherits by these names (`daemon::inherited`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::{MARK, Site, UnitFile, plain, plain_value};
use crate::error::{Error, Result};

/// The daemon's unit.
pub const SERVICE: &str = "llmenv.service";
/// Its socket's.
pub const SOCKET: &str = "llmenv.socket";

/// Everything here works for a user without rights of their own and leaves the session bus and the keyring alone
/// (systemd.exec(5), read 2026-11-28). What needs a mount namespace (`ProtectSystem=`, `ProtectHome=`, `PrivateTmp=`) is left out:
/// a user's manager can have one only where unprivileged user namespaces are allowed, and fails to start the unit elsewhere.
const HARDENING: &str = "\
UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
# A key program that compiles as it runs (Node.js) needs this to be `no`, in a drop-in.
MemoryDenyWriteExecute=yes
";

pub(super) fn places(site: &Site) -> Vec<PathBuf> {
    let folder = site.config_root.join("systemd").join("user");
    vec![folder.join(SERVICE), folder.join(SOCKET)]
}

pub(super) fn files(site: &Site) -> Result<Vec<UnitFile>> {
    let mut places = places(site).into_iter();
    let texts = [service(site)?, socket(site)?];
    Ok(texts.into_iter().filter_map(|text| Some(UnitFile { path: places.next()?, text, is_utf16: false })).collect())
}

fn service(site: &Site) -> Result<String> {
    let program = plain("the program's path", site.program.to_str(), &site.program)?;
    if program.contains(['"', '\'', '\\']) {
        return Err(Error::new(format!(
            "systemd starts no program whose path has a quote or a backslash: `{}`",
            crate::printable::path(&site.program)
        ))
        .hint("install llmenv in another folder"));
    }
    let mut text = format!(
        "# {SERVICE}, {MARK}; `llmenv daemon uninstall` takes it away.\n\
         # Changes of yours belong into a drop-in: systemctl --user edit {SERVICE}\n\
         [Unit]\n\
         Description=llmenv, the agent for LLM credentials\n\
         Requires={SOCKET}\n\
         After={SOCKET}\n\
         \n\
         [Service]\n\
         Type=exec\n\
         # The colon: nothing in it is a variable.\n\
         ExecStart=:{} daemon run --by systemd\n",
        quoted(program)
    );
    for (name, value) in &site.variables {
        let _ = writeln!(text, "Environment={}", quoted(&format!("{name}={}", plain_value(name, value)?)));
    }
    text.push_str("# It ends by itself when nobody needs it; the socket starts it again.\nRestart=on-failure\n\n");
    text.push_str(HARDENING);
    Ok(text)
}

fn socket(site: &Site) -> Result<String> {
    let of_system = PathBuf::from(format!("/run/user/{}", site.uid));
    let listen = match &site.runtime_dir {
        Some(dir) if *dir != of_system => {
            let socket = dir.join("llmenv").join("daemon.sock");
            plain("the socket's path", socket.to_str(), &socket)?.replace('%', "%%")
        }
        // What the user's manager calls its own runtime folder.
        _ => "%t/llmenv/daemon.sock".into(),
    };
    Ok(format!(
        "# {SOCKET}, {MARK}; `llmenv daemon uninstall` takes it away.\n\
         [Unit]\n\
         Description=llmenv's socket\n\
         \n\
         [Socket]\n\
         ListenStream={listen}\n\
         FileDescriptorName={}\n\
         SocketMode=0600\n\
         DirectoryMode=0700\n\
         \n\
         [Install]\n\
         WantedBy=sockets.target\n",
        crate::unit::DAEMON_SOCKET_NAME
    ))
}

/// A word of a unit file: in double quotes, with what quoting and specifiers make of `\`, `"` and `%` undone (systemd.syntax(7),
/// "Quoting"; systemd.unit(5), "Specifiers").
fn quoted(word: &str) -> String {
    let mut text = String::with_capacity(word.len() + 2);
    text.push('"');
    for c in word.chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '%' => text.push_str("%%"),
            c => text.push(c),
        }
    }
    text.push('"');
    text
}

/// Says whether systemd is this machine's init (`sd_booted(3)`).
pub fn is_booted() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

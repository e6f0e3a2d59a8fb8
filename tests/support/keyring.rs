//! A private session bus with a real gnome-keyring, in a HOME of its own.
//!
//! Everything that is started carries that HOME in its environment; what still does when the [`Desktop`] is dropped
//! (D-Bus activation starts keyring daemons that nobody here is the parent of) is ended by its process id.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The password of every keyring in tests.
const PASSWORD: &str = "keyring password";

/// What D-Bus activation finds on a private bus.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// gnome-keyring in the same HOME.
    Keyring,
    /// gnome-keyring in another HOME, as when a display manager started the bus.
    OtherHome,
    /// Nothing.
    Nothing,
}

/// A bus, perhaps a keyring, and the folders they live in.
pub struct Desktop {
    dir: tempfile::TempDir,
    bus: Option<Child>,
    keyring: Option<Child>,
}

impl Desktop {
    /// Folders only: neither bus nor keyring.
    pub fn bare() -> Self {
        // Socket paths are at most 107 bytes long.
        let dir = tempfile::Builder::new().prefix("lk").tempdir_in("/tmp").unwrap();
        for name in ["home", "other-home", "run", "services"] {
            let path = dir.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        }
        Self { dir, bus: None, keyring: None }
    }

    /// A bus with an unlocked keyring.
    pub fn start() -> Self {
        let mut desktop = Self::bare();
        desktop.start_bus(Activation::Keyring);
        desktop.start_keyring();
        desktop
    }

    /// The private HOME.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// The private `XDG_RUNTIME_DIR`; the bus listens at `bus` in it.
    pub fn runtime_dir(&self) -> PathBuf {
        self.dir.path().join("run")
    }

    /// The address of the bus.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.runtime_dir().join("bus").display())
    }

    /// Starts the bus and waits until it answers.
    pub fn start_bus(&mut self, activation: Activation) {
        let services = self.dir.path().join("services");
        let secrets = services.join("org.freedesktop.secrets.service");
        let _ = std::fs::remove_file(&secrets);
        if activation != Activation::Nothing {
            let exec = "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets";
            let exec = match activation {
                Activation::OtherHome => {
                    format!("/usr/bin/env HOME={} {exec}", self.dir.path().join("other-home").display())
                }
                _ => exec.to_owned(),
            };
            let service = format!("[D-BUS Service]\nName=org.freedesktop.secrets\nExec={exec}\n");
            std::fs::write(secrets, service).unwrap();
        }
        // Stands where a desktop has the program that shows the dialog: it only notes that it was called.
        let prompter = self.dir.path().join("prompter");
        std::fs::write(&prompter, format!("#!/bin/sh\necho asked >> {}\n", self.prompted().display())).unwrap();
        std::fs::set_permissions(&prompter, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        for name in ["org.gnome.keyring.SystemPrompter", "org.gnome.keyring.PrivatePrompter"] {
            let service = format!("[D-BUS Service]\nName={name}\nExec={}\n", prompter.display());
            std::fs::write(services.join(format!("{name}.service")), service).unwrap();
        }
        let config = self.dir.path().join("bus.conf");
        let text = format!(
            "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN\" \
             \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig><type>session</type>\
             <listen>{}</listen><auth>EXTERNAL</auth><servicedir>{}</servicedir><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy>\
             </busconfig>",
            self.address(),
            services.display()
        );
        std::fs::write(&config, text).unwrap();
        let mut command = self.command("dbus-daemon");
        command.arg("--nofork").arg("--nopidfile").arg("--config-file").arg(&config);
        self.bus = Some(command.stdout(Stdio::null()).spawn().expect("dbus-daemon (Debian package dbus) must start"));
        self.wait_for("the bus", || self.call("org.freedesktop.DBus.GetId", &[]).is_some());
    }

    /// Ends the bus.
    pub fn stop_bus(&mut self) {
        end(self.bus.take());
        let _ = std::fs::remove_file(self.runtime_dir().join("bus"));
    }

    /// Starts an unlocked keyring and waits until it has its name on the bus.
    pub fn start_keyring(&mut self) {
        self.run_keyring(&[]);
    }

    /// Puts an unlocked keyring in place of the one that runs.
    pub fn replace_keyring(&mut self) {
        let earlier = self.keyring.take();
        self.run_keyring(&["--replace"]);
        end(earlier);
    }

    /// Ends the keyring and starts it again, as at the next login.
    pub fn restart_keyring(&mut self) {
        self.kill_keyring(Signal::TERM);
        self.start_keyring();
    }

    /// Ends the keyring by a signal and waits until it is gone.
    pub fn kill_keyring(&mut self, signal: Signal) {
        let pid = self.running_keyring();
        // Where two were after the name, this may be the one that just went.
        let _ = kill_process(pid, signal);
        if let Some(mut child) = self.keyring.take() {
            if child.id().cast_signed() != pid.as_raw_nonzero().get() {
                let _ = child.kill();
            }
            child.wait().unwrap();
        }
        self.wait_for("the keyring to be gone", || self.keyring_pid() != Some(pid));
    }

    /// Sends a signal that does not end the keyring (`STOP`, `CONT`).
    pub fn signal_keyring(&self, signal: Signal) {
        kill_process(self.running_keyring(), signal).unwrap();
    }

    /// The keyring that has the name; it may be going over from one to another just now.
    fn running_keyring(&self) -> Pid {
        let found = std::cell::Cell::new(None);
        self.wait_for("a keyring", || {
            found.set(self.keyring_pid());
            found.get().is_some()
        });
        found.get().expect("waited for")
    }

    /// Locks the keyring, as a desktop does.
    pub fn lock_keyring(&self) {
        let service = "org.freedesktop.Secret.Service.Lock";
        let collection = "array:objpath:/org/freedesktop/secrets/collection/login";
        self.call_at("org.freedesktop.secrets", "/org/freedesktop/secrets", service, &[collection])
            .expect("the keyring must lock");
    }

    /// Says whether anything asked for a dialog.
    pub fn was_prompted(&self) -> bool {
        self.prompted().exists()
    }

    /// A command in the private environment, with nothing else in it.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(self.environment()).stdin(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The private environment, without the address of the bus.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        vec![
            ("PATH".into(), path),
            ("HOME".into(), self.home().into()),
            ("XDG_RUNTIME_DIR".into(), self.runtime_dir().into()),
        ]
    }

    fn prompted(&self) -> PathBuf {
        self.dir.path().join("prompted")
    }

    fn run_keyring(&mut self, arguments: &[&str]) {
        let before = self.keyring_pid();
        // One that the bus started by itself would keep the name.
        let arguments = if before.is_some() { &["--replace"] } else { arguments };
        // The bus may start one of its own in between, and then neither of the two takes the name: a person would try again.
        for _ in 0..3 {
            self.spawn_keyring(arguments);
            let deadline = Instant::now() + Duration::from_secs(6);
            while Instant::now() < deadline {
                if self.keyring_pid().is_some_and(|pid| Some(pid) != before) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            end(self.keyring.take());
            // One that lets nobody take its place, for it was just starting when it was asked to.
            if let Some(stays) = self.keyring_pid() {
                let _ = kill_process(stays, Signal::KILL);
            }
        }
        self.spawn_keyring(arguments);
        self.wait_for("the keyring", || self.keyring_pid().is_some_and(|pid| Some(pid) != before));
    }

    fn spawn_keyring(&mut self, arguments: &[&str]) {
        let mut child = self
            .command("gnome-keyring-daemon")
            .env("DBUS_SESSION_BUS_ADDRESS", self.address())
            .args(["--unlock", "--foreground", "--components=secrets"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("gnome-keyring-daemon (Debian package gnome-keyring) must start");
        child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
        self.keyring = Some(child);
    }

    /// The process that owns the keyring's name on the bus now.
    fn keyring_pid(&self) -> Option<Pid> {
        let reply =
            self.call("org.freedesktop.DBus.GetConnectionUnixProcessID", &["string:org.freedesktop.secrets"])?;
        Pid::from_raw(reply.split_whitespace().last()?.parse().ok()?)
    }

    fn call(&self, method: &str, arguments: &[&str]) -> Option<String> {
        self.call_at("org.freedesktop.DBus", "/org/freedesktop/DBus", method, arguments)
    }

    fn call_at(&self, destination: &str, path: &str, method: &str, arguments: &[&str]) -> Option<String> {
        let output = self
            .command("dbus-send")
            .arg(format!("--bus={}", self.address()))
            .args(["--print-reply=literal", "--reply-timeout=5000"])
            .arg(format!("--dest={destination}"))
            .arg(path)
            .arg(method)
            .args(arguments)
            .output()
            .expect("dbus-send (Debian package dbus-bin) must run");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn wait_for(&self, what: &str, condition: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !condition() {
            assert!(Instant::now() < deadline, "waited 20 s for {what} in {}", self.dir.path().display());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        end(self.keyring.take());
        end(self.bus.take());
        for pid in processes_of(self.dir.path()) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

fn end(child: Option<Child>) {
    if let Some(mut child) = child {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Lists the processes whose environment names this folder.
fn processes_of(dir: &Path) -> Vec<Pid> {
    let needle = format!("{}/", dir.display()).into_bytes();
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw) else {
            continue;
        };
        let environ = std::fs::read(entry.path().join("environ")).unwrap_or_default();
        if pid != rustix::process::getpid() && environ.windows(needle.len()).any(|window| window == needle) {
            found.push(pid);
        }
    }
    found
}

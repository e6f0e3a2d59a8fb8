//! Where llmenv keeps its files. Every environment variable that decides about a place is read here.

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// The folders of one user on one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// The user's home directory.
    pub home: PathBuf,
    /// Holds `config.toml`.
    pub config_dir: PathBuf,
    /// Holds the vault.
    pub data_dir: PathBuf,
    /// Holds what this machine remembers: fingerprints, allowed pins, the daemon's address, `shells/`.
    pub state_dir: PathBuf,
    /// Where the socket goes if the folder is fit for it; `None`: the state folder.
    pub runtime_dir: Option<PathBuf>,
}

impl Paths {
    /// Finds the folders through `HOME`, `XDG_*` and their platform equivalents. Creates nothing.
    pub fn find() -> Result<Self> {
        let home = home_dir()?;
        let roots = Roots::find()?;
        Ok(Self {
            config_dir: roots.config.join("llmenv"),
            data_dir: roots.data.join("llmenv"),
            state_dir: roots.state.join("llmenv").join(machine_id()),
            runtime_dir: runtime_dir(),
            home,
        })
    }

    /// The user's configuration.
    pub fn config_file(&self) -> PathBuf {
        self.config_dir.join("config.toml")
    }

    /// The encrypted vault.
    pub fn vault_file(&self) -> PathBuf {
        self.data_dir.join("vault")
    }

    /// The folder of the shells' generation files.
    pub fn shells_dir(&self) -> PathBuf {
        self.state_dir.join("shells")
    }

    /// Where the daemon publishes the address of its socket.
    pub fn address_file(&self) -> PathBuf {
        self.state_dir.join("daemon")
    }

    /// The lock held for the daemon's life.
    pub fn lock_file(&self) -> PathBuf {
        self.state_dir.join("daemon.lock")
    }

    /// The daemon's log.
    pub fn log_file(&self) -> PathBuf {
        self.state_dir.join("daemon.log")
    }

    /// Refuses to go on where the effective user does not own HOME (`sudo -E`), before anything is written.
    #[cfg(unix)]
    pub fn check_owner(&self) -> Result<()> {
        use std::os::unix::fs::MetadataExt;
        let euid = rustix::process::geteuid().as_raw();
        match std::fs::metadata(&self.home) {
            Ok(meta) if meta.uid() == euid => Ok(()),
            Ok(meta) => Err(Error::new(format!(
                "HOME is `{}`, which belongs to user {}, but this runs as user {euid}",
                crate::printable::path(&self.home),
                meta.uid()
            ))
            .hint("with sudo, use `sudo -H` or run llmenv as yourself; nothing was written")),
            Err(err) => Err(Error::io("look at HOME,", &self.home, &err)),
        }
    }

    /// Windows keeps the profile folder of each user apart; there is nothing to compare.
    #[cfg(windows)]
    #[allow(clippy::unnecessary_wraps, clippy::unused_self)]
    pub fn check_owner(&self) -> Result<()> {
        Ok(())
    }
}

/// The number of the user this process runs as; 0 on Windows, which has none.
#[cfg(unix)]
pub fn user_number() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The number of the user this process runs as; 0 on Windows, which has none.
#[cfg(windows)]
pub fn user_number() -> u32 {
    0
}

/// The folders in which every program has one of its own.
struct Roots {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
}

impl Roots {
    #[cfg(not(windows))]
    fn find() -> Result<Self> {
        let base = directories::BaseDirs::new().ok_or_else(no_home)?;
        let data = base.data_local_dir().to_owned();
        let state = base.state_dir().map_or_else(|| data.clone(), Path::to_owned);
        Ok(Self { config: base.config_dir().to_owned(), data, state })
    }

    /// The variables come first, for Windows' own word on its folders is the same in every environment.
    #[cfg(windows)]
    fn find() -> Result<Self> {
        let base = directories::BaseDirs::new();
        let root = |name: &str, known: fn(&directories::BaseDirs) -> &Path| {
            absolute(name).or_else(|| base.as_ref().map(|base| known(base).to_owned())).ok_or_else(no_home)
        };
        let data = root("LOCALAPPDATA", directories::BaseDirs::data_local_dir)?;
        Ok(Self { config: root("APPDATA", directories::BaseDirs::config_dir)?, state: data.clone(), data })
    }
}

/// A folder that a variable names.
#[cfg(windows)]
fn absolute(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

fn no_home() -> Error {
    Error::new("there is no home directory: HOME is not set").hint("set HOME to an absolute path that you own")
}

#[cfg(not(windows))]
fn home_dir() -> Result<PathBuf> {
    match std::env::var_os("HOME") {
        Some(home) if Path::new(&home).is_absolute() => Ok(PathBuf::from(home)),
        Some(home) if !home.is_empty() => Err(Error::new(format!(
            "HOME is `{}`, which is not an absolute path",
            crate::printable::text(&home.to_string_lossy())
        ))
        .hint("set HOME to an absolute path that you own")),
        _ => Err(no_home()),
    }
}

#[cfg(windows)]
fn home_dir() -> Result<PathBuf> {
    let known = || directories::BaseDirs::new().map(|base| base.home_dir().to_owned());
    absolute("USERPROFILE").or_else(known).ok_or_else(no_home)
}

/// Reads the runtime folder; relative ones are ignored, as the XDG Base Directory Specification 0.8 asks.
#[cfg(unix)]
fn xdg(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}

#[cfg(target_os = "linux")]
fn runtime_dir() -> Option<PathBuf> {
    xdg("XDG_RUNTIME_DIR").or_else(|| Some(PathBuf::from(format!("/run/user/{}", rustix::process::geteuid().as_raw()))))
}

#[cfg(target_os = "macos")]
fn runtime_dir() -> Option<PathBuf> {
    xdg("XDG_RUNTIME_DIR").or_else(|| xdg("TMPDIR"))
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn runtime_dir() -> Option<PathBuf> {
    None
}

/// A short name for this machine, so that homes shared over a network keep each machine's state apart.
fn machine_id() -> String {
    #[cfg(target_os = "linux")]
    for path in ["/etc/machine-id", "/var/lib/dbus/machine-id"] {
        if let Ok(id) = std::fs::read_to_string(path) {
            let id = id.trim();
            if id.len() >= 12 && id.bytes().all(|b| b.is_ascii_hexdigit()) {
                return id[..12].to_owned();
            }
        }
    }
    #[cfg(unix)]
    {
        let name: String = rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .take(32)
            .collect();
        if !name.is_empty() {
            return name;
        }
    }
    #[cfg(windows)]
    if let Ok(name) = std::env::var("COMPUTERNAME") {
        let name: String = name.chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        if !name.is_empty() {
            return name;
        }
    }
    "machine".into()
}

/// Creates a folder that only this user can enter, or checks that an existing one is so.
pub fn create_private_dir(dir: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|err| Error::io("create the folder", dir, &err))?;
    check_private_dir(dir)
}

/// Checks that a folder is a real one, ours, and closed to everybody else; tightens the mode of one that is ours.
#[cfg(unix)]
pub fn check_private_dir(dir: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let meta = std::fs::symlink_metadata(dir).map_err(|err| Error::io("look at the folder", dir, &err))?;
    let shown = crate::printable::path(dir);
    if !meta.is_dir() {
        return Err(Error::new(format!("`{shown}` is not a folder (a symbolic link is not followed)")));
    }
    if meta.uid() != rustix::process::geteuid().as_raw() {
        return Err(Error::new(format!("`{shown}` belongs to user {}, not to you", meta.uid())));
    }
    if meta.mode() & 0o077 != 0 {
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))
            .map_err(|err| Error::io("close to others the folder", dir, &err))?;
    }
    Ok(())
}

/// On Windows the profile folder's access list already keeps others out.
#[cfg(windows)]
#[allow(clippy::unnecessary_wraps)]
pub fn check_private_dir(_dir: &Path) -> Result<()> {
    Ok(())
}

/// How files of llmenv's own are opened for writing: made for this user alone, and never through a link that lies in wait.
pub fn private_options() -> std::fs::OpenOptions {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

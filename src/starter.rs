//! Who starts the daemon: the answer of `daemon status`, and what a unit passes to `daemon run`.

/// What started a daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Starter {
    /// A command or a shell that found none.
    Demand,
    /// A person, in a terminal.
    Foreground,
    /// A unit of `systemd --user`.
    Systemd,
    /// An agent of launchd.
    Launchd,
    /// A logon task of Windows.
    Task,
}

impl Starter {
    /// Its name in `daemon status` and after `daemon run --by`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Demand => "demand",
            Self::Foreground => "foreground",
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
            Self::Task => "task",
        }
    }

    /// Finds one by its name.
    pub fn of_name(name: &str) -> Option<Self> {
        let all = [Self::Demand, Self::Foreground, Self::Systemd, Self::Launchd, Self::Task];
        all.into_iter().find(|starter| starter.name() == name)
    }

    /// Says whether it is the system's, which starts the daemon with the system's environment and no terminal.
    pub fn is_system(self) -> bool {
        matches!(self, Self::Systemd | Self::Launchd | Self::Task)
    }
}

//! `llmenv exec`: a command with a profile's pair in its environment, and nothing of llmenv between it and its caller.

use std::process::Command;

use super::args::Exec;
use super::{render, serve};
use crate::error::{Error, Result};
use crate::ipc::protocol::Holder;

/// llmenv itself failed; the command was not started.
const FAILED: u8 = 125;
/// The command is there and cannot be executed.
const NOT_EXECUTABLE: u8 = 126;
/// There is no such command.
const NOT_FOUND: u8 = 127;

/// Becomes the command; comes back only where that failed.
pub fn run(args: &Exec) -> u8 {
    match command(args) {
        Ok(command) => start(command),
        Err(error) => {
            render::error(&error);
            FAILED
        }
    }
}

fn command(args: &Exec) -> Result<Command> {
    let Some((program, arguments)) = args.command.split_first() else {
        return Err(Error::usage("there is no command to run").hint("`llmenv exec NAME -- COMMAND`"));
    };
    // The command takes this process's place, or lives as long as it waits: its token is for just that long.
    let pid = std::process::id();
    let holder = Holder::Exec { pid, start: crate::process::start_time(pid).unwrap_or(0) };
    let served = serve::pair(args.name.as_deref(), holder, false)?;
    let Some(profile) = &served.resolved.profile else {
        return Err(Error::new("no profile is active here").hint("name one: `llmenv exec NAME -- COMMAND`"));
    };
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in &served.vars {
        match value {
            Some(value) => command.env(name, value.0.expose()),
            None => command.env_remove(name),
        };
    }
    // The state is that of the shell above: a shell started from here has none of its own yet.
    command.env_remove("LLMENV_STATE").env("LLMENV_PROFILE", profile);
    Ok(command)
}

fn failure(error: &std::io::Error, program: &std::ffi::OsStr) -> u8 {
    let shown = crate::printable::text(&program.to_string_lossy());
    if error.kind() == std::io::ErrorKind::NotFound {
        render::error(
            &Error::new(format!("there is no command `{shown}`")).hint(
                "what stands after `--` is a program and its arguments; aliases and functions of a shell are none",
            ),
        );
        return NOT_FOUND;
    }
    render::error(&Error::new(format!("cannot execute `{shown}`: {error}")));
    NOT_EXECUTABLE
}

#[cfg(unix)]
fn start(mut command: Command) -> u8 {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    failure(&error, command.get_program())
}

/// There is no `execve` there: wait, and end as the command does. Ctrl-C reaches both; only the command decides about it.
#[cfg(windows)]
fn start(mut command: Command) -> u8 {
    use windows_sys::Win32::System::Console::{CTRL_BREAK_EVENT, CTRL_C_EVENT, SetConsoleCtrlHandler};

    /// Takes the keys away from this process alone; a handler is not inherited, as "ignore them" would be.
    unsafe extern "system" fn leave_to_command(event: u32) -> i32 {
        i32::from(matches!(event, CTRL_C_EVENT | CTRL_BREAK_EVENT))
    }

    // SAFETY: the routine lives as long as the program and touches nothing.
    unsafe { SetConsoleCtrlHandler(Some(leave_to_command), 1) };
    match command.status() {
        // Windows' codes have 32 bits, and `ExitCode` has eight.
        Ok(status) => std::process::exit(status.code().unwrap_or(i32::from(FAILED))),
        Err(error) => failure(&error, command.get_program()),
    }
}

//! How the command line and the hooks talk to the daemon: one JSON object a line, or the hook's own lines.

pub mod address;
pub mod client;
pub mod daemon_lock;
pub mod frame;
pub mod protocol;
pub mod shell_lines;
pub mod spawn;
pub mod transport;

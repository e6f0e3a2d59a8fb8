//! llmenv: one clean pair of key and base URL for every program started from a shell.
//!
//! ```text
//! main ─► hook ─┐                             the hot path: std, ipc::client, shell state
//!      └► cli ──┴► ipc ─► daemon ─► store      keys: OS keyring, vault, files, commands
//!          └► probe ─► net                     live checks: the one way to the network
//!                            │
//!                            ├─► config, pin   which profiles there are, which directory names which
//!                            └─► resolve ─► EnvPatch ─► the shell
//! ```
//!
//! A module imports only from what lies to its right or below it.

pub mod allow;
pub mod atomic;
pub mod backup;
pub mod bounded;
pub mod cli;
pub mod client;
pub mod config;
pub mod daemon;
pub mod detect;
pub mod dialect;
pub mod dotenv;
pub mod duration;
pub mod env_patch;
pub mod error;
pub mod explain;
pub mod fingerprint;
pub mod hook;
pub mod import;
pub mod ipc;
pub mod moment;
pub mod net;
pub mod paths;
pub mod pin;
pub mod printable;
pub mod probe;
pub mod process;
pub mod profile;
pub mod provider;
pub mod proxy;
pub mod repair;
pub mod resolve;
pub mod sanitize;
pub mod secret;
pub mod shell;
pub mod source;
pub mod starter;
pub mod store;
pub mod suggest;
pub mod unit;
pub mod wiping;

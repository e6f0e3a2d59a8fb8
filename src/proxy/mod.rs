//! The local proxy: clients show it a token, it adds the key, and translates where client and provider speak different
//! dialects.
//!
//! ```text
//! client ─► server ─► gate ─► exchange ─► generate ─┬─ same dialect ─► pass ──────► net ─► upstream
//!                              │  ▲                 └─ another ─► dialect::Translation ─┘
//!                              ▼  │ profile and key, until they change
//!                          the daemon's thread
//! ```
//! The daemon starts it, hands out tokens and answers its questions; everything of a request happens on the proxy's thread.

pub mod account;
mod cause;
pub mod door;
pub mod endpoint;
mod exchange;
pub mod gate;
pub mod gathered;
mod generate;
pub mod headers;
mod lists;
pub mod model_map;
mod pass;
pub mod path;
pub mod port;
pub mod records;
mod reply;
pub mod server;
pub mod settings;
mod through;
pub mod token;
mod translated;
mod upstream;

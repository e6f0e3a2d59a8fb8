//! The hooks in real interactive shells: one list of scenarios that every shell passes, and what is special to each.

#[cfg(unix)]
mod failure;
#[cfg(unix)]
mod fake_daemon;
#[cfg(unix)]
mod scenario;
#[cfg(unix)]
mod scene;
#[cfg(unix)]
mod zsh;

//! The hooks in real interactive shells: one list of scenarios that every shell passes, and what is special to each.

mod bash;
mod failure;
mod fake_daemon;
mod fish;
mod places;
mod powershell;
mod scenario;
mod scene;
mod watching;
mod zsh;

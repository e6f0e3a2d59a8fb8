//! The hooks in real interactive shells: what a shell and its children hold after everything a person may do.

mod bash;

//! What a `.env` file means to each program that reads one.
//!
//! There is no one `.env` format: the same bytes give Python one key, Node another and `docker run` a third. [`read`] takes the
//! bytes of a file and one [`Dialect`] (a real loader) and says what that loader would hand to its program: every assignment
//! with its place, key, raw text, quotes, and value, what is odd about the file, and whether the loader gives up and where.
//!
//! ```text
//! bytes ─► text      line ends and marks as this loader sees them; every position leads back to the file
//!       ─► dialect   one state machine for each sort of loader; writes into a Draft
//!       ─► reading   assignments, diagnostics, failure, with spans, lines and columns of the file
//! ```
//!
//! Nothing is ever run. Where a value depends on a command (`$(…)` in a sourced file) or on anything else that cannot be known
//! by reading, it is [`Value::Unknowable`] and a diagnostic names the place. Values are handed out in a type that is wiped.
//! The sources of assignments and the detectors call this; the bytes come from [`crate::bounded`].

mod alike;
mod character;
mod dialect;
mod draft;
mod environment;
mod oddities;
mod reading;
mod text;

pub use alike::{ASKING, Readings, reads_alike};
pub use dialect::{Dialect, Precedence};
pub use environment::{Entry, Environment};
pub use reading::{Assignment, Diagnostic, Failure, Place, Problem, Quote, Reading, Span, Value};

/// Reads a file the way one loader does; never fails and never panics, whatever the bytes are.
pub fn read(bytes: &[u8], dialect: Dialect, environment: &Environment<'_>) -> Reading {
    let mut reading = dialect::read(bytes, dialect, environment);
    oddities::report(bytes, &mut reading);
    reading
}

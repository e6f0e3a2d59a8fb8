//! Judging what a person types or pastes as a key.
//!
//! In: the text as it came. Out of [`clean`]: the key without what was pasted around it, and what was taken away, in words.
//! Out of [`vet`]: whether that can be a key of the provider at all. Nothing here guesses a character, and no message
//! quotes the value.

mod characters;
mod clean;
mod refusal;
mod removed;
mod stand_in;
mod vet;

pub use characters::{is_blank, is_invisible, is_quote};
pub use clean::{Cleaned, clean};
pub use refusal::{Reason, Refusal};
pub use removed::{Place, Removed, What};
pub use vet::{MAX_KEY_BYTES, MIN_KEY_BYTES, vet};

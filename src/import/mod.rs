//! Keys that lie in other places: found, recognised, and told apart before anything is stored.
//!
//! ```text
//! find ─► which files there are          dotenv, rcfile, tool, llm_env, commented ─► what one file holds (sections of settings, with their places)
//!                                         environment ─► which of them are pairs, and what does not belong together
//! candidate ─► one entry a key with every place it stands in, and where two keys contradict each other
//! rewrite ─► the text of a file without what was taken over
//! ```
//!
//! Nothing here asks, stores or writes: that is `cli::import`.

pub mod candidate;
pub mod commented;
pub mod dotenv;
pub mod environment;
pub mod find;
pub mod json;
pub mod llm_env;
pub mod rcfile;
pub mod rewrite;
pub mod section;
pub mod tool;

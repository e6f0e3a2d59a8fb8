//! Places where values of variables stand: what each holds, and where exactly. Nothing here changes or runs anything.

pub mod dotenv_files;
pub mod loaders;
pub mod processes;

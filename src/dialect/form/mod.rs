//! The one internal form: nobody's JSON. Every dialect is read into it and written from it.

pub mod arrange;
pub mod dropped;
pub mod emitter;
pub mod estimate;
pub mod event;
pub mod failure;
pub mod fold;
pub mod opaque;
pub mod request;
pub mod response;
pub mod sequence;

pub use dropped::Dropped;
pub use emitter::Emitter;
pub use event::{Event, PartStart};
pub use failure::{Failure, FailureKind};
pub use opaque::Opaque;
pub use request::{
    Media, MediaKind, MediaSource, Message, OutputFormat, Part, Reasoning, Request, Role, Thinking, Tool, ToolCall,
    ToolChoice, ToolResult,
};
pub use response::{Response, StopReason, Usage};

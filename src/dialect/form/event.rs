//! A streamed answer, event by event.
//!
//! What every decoder keeps to (the emitter sees to it): one `Start`; parts numbered from 0 in the order they open; no
//! delta outside its part; every part closed before the end; one `End` or one `Error`, and nothing after it.

use super::{Failure, Opaque, StopReason, Usage};
use crate::dialect::json::Json;

/// One step of a streamed answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The answer begins.
    Start {
        /// The upstream's id of it.
        id: String,
        /// The model the upstream names.
        model: String,
        /// What is known of its cost so far.
        usage: Option<Usage>,
    },
    /// A part begins.
    Open {
        /// Its number.
        index: usize,
        /// What it is.
        part: PartStart,
    },
    /// A part goes on.
    Delta {
        /// Its number.
        index: usize,
        /// Text, or a piece of a call's arguments.
        text: String,
        /// Token probabilities of that text.
        logprobs: Vec<Json>,
    },
    /// The state that goes with a part of thinking.
    State {
        /// Its number.
        index: usize,
        /// The state.
        state: Opaque,
    },
    /// A part is complete.
    Close {
        /// Its number.
        index: usize,
    },
    /// The upstream is alive and has nothing to say.
    Ping,
    /// The answer is complete.
    End {
        /// Why it ended.
        stop: StopReason,
        /// What it cost, where the upstream says.
        usage: Option<Usage>,
    },
    /// The answer broke off.
    Error(Failure),
}

/// What sort of part begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartStart {
    /// Text.
    Text,
    /// A refusal in words.
    Refusal,
    /// Thinking.
    Thinking,
    /// A call.
    ToolCall {
        /// Its id.
        id: String,
        /// The tool's name.
        name: String,
        /// The tool's namespace.
        namespace: Option<String>,
        /// Whether its input is free text.
        custom: bool,
    },
}

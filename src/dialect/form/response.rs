//! An answer in one piece, its usage and why it ended.

use super::{Thinking, ToolCall};
use crate::dialect::json::Json;

/// An answer in one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The upstream's id of it.
    pub id: String,
    /// The model the upstream names.
    pub model: String,
    /// Thinking, text and calls in their order.
    pub parts: Vec<Answer>,
    /// Why it ended.
    pub stop: StopReason,
    /// What it cost, where the upstream says.
    pub usage: Option<Usage>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Text, with the probabilities of its tokens where they were asked for.
    Text {
        /// The text.
        text: String,
        /// Token probabilities in the shape both `OpenAI` dialects share.
        logprobs: Vec<Json>,
    },
    /// A refusal in words.
    Refusal(String),
    /// Thinking.
    Thinking(Thinking),
    /// A call.
    ToolCall(ToolCall),
}

/// Why an answer ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StopReason {
    /// It was complete.
    #[default]
    End,
    /// It reached the limit of tokens.
    Limit,
    /// The model's window is full.
    Window,
    /// It waits for results of tools.
    Tool,
    /// It met one of the texts that end it; which one, where known.
    Sequence(Option<String>),
    /// It was refused or filtered.
    Filter,
    /// The upstream wants to go on in another request.
    Pause,
}

/// Tokens of one exchange. Counts are whole: cached tokens are part of `input`, reasoning is part of `output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the request.
    pub input: u64,
    /// Of them, read from a cache.
    pub cached: u64,
    /// Of them, written to a cache.
    pub cache_write: u64,
    /// All tokens of the answer.
    pub output: u64,
    /// Of them, thinking.
    pub reasoning: u64,
}

impl Usage {
    /// Input that neither came from a cache nor went to one; never below zero.
    pub fn uncached(&self) -> u64 {
        self.input.saturating_sub(self.cached).saturating_sub(self.cache_write)
    }
}

impl Response {
    /// Says whether it holds a call.
    pub fn has_tool_calls(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Answer::ToolCall(_)))
    }
}

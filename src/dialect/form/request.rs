//! A request, as every dialect understands it.

use super::{Dropped, Opaque};
use crate::dialect::json::Json;

/// What a client asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The model as the client named it.
    pub model: String,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether a chat client wants the usage chunk at the end of a stream.
    pub include_usage: bool,
    /// System prompts, turns, calls and results in their order.
    pub messages: Vec<Message>,
    /// What the model may call.
    pub tools: Vec<Tool>,
    /// Whether and what it must call.
    pub tool_choice: Option<ToolChoice>,
    /// Whether several calls at once are allowed.
    pub parallel_tools: Option<bool>,
    /// The most tokens of the answer.
    pub max_tokens: Option<u64>,
    /// Sampling, as spelled.
    pub temperature: Option<Json>,
    /// Sampling, as spelled.
    pub top_p: Option<Json>,
    /// Sampling, as spelled.
    pub top_k: Option<Json>,
    /// Sampling, as spelled.
    pub frequency_penalty: Option<Json>,
    /// Sampling, as spelled.
    pub presence_penalty: Option<Json>,
    /// Sampling, as spelled.
    pub seed: Option<Json>,
    /// Texts that end the answer.
    pub stop: Vec<String>,
    /// How much thinking is asked for.
    pub reasoning: Reasoning,
    /// The shape of the answer.
    pub output: OutputFormat,
    /// `low`, `medium` or `high` length of the answer.
    pub verbosity: Option<String>,
    /// Whether token probabilities are asked for, and how many alternatives.
    pub logprobs: Option<u64>,
    /// A stable name of the conversation for prompt caches.
    pub cache_key: Option<String>,
    /// The client's service tier.
    pub service_tier: Option<String>,
    /// What could not be kept.
    pub dropped: Dropped,
}

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Whose turn it is.
    pub role: Role,
    /// What is in it.
    pub parts: Vec<Part>,
}

/// Whose turn it is; `developer` counts as system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The person, and results of tools.
    User,
    /// The model.
    Assistant,
}

/// A piece of a turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Text.
    Text(String),
    /// What the model said instead of an answer.
    Refusal(String),
    /// An image, a document or a sound.
    Media(Media),
    /// Thinking of an earlier turn.
    Thinking(Thinking),
    /// A call of an earlier turn.
    ToolCall(ToolCall),
    /// What a call gave.
    ToolResult(ToolResult),
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    /// What sort of file.
    pub kind: MediaKind,
    /// Where its bytes are.
    pub source: MediaSource,
    /// A file name or a title.
    pub name: Option<String>,
    /// How closely an image is to be looked at.
    pub detail: Option<String>,
}

/// What sort of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MediaKind {
    /// A picture.
    Image,
    /// A PDF or another document.
    Document,
    /// A recording.
    Audio,
}

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaSource {
    /// Here, in base64.
    Base64 {
        /// Its media type.
        mime: String,
        /// The bytes, encoded.
        data: String,
    },
    /// At an address.
    Url(String),
    /// Here, as plain text.
    Text(String),
    /// With the provider, under an id no other provider knows.
    FileId(String),
}

/// Thinking of an earlier turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thinking {
    /// The text; may be empty where only state came.
    pub text: String,
    /// The maker's state. One that belongs to a call (Gemini) has that call's id.
    pub state: Option<Opaque>,
}

/// A call the model made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// Its id.
    pub id: String,
    /// The tool's name without namespace.
    pub name: String,
    /// The tool's namespace, where the client's dialect has them.
    pub namespace: Option<String>,
    /// JSON text for functions, free text for custom tools.
    pub arguments: String,
    /// Whether it is a custom (freeform) tool.
    pub custom: bool,
}

/// What a call gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolResult {
    /// The call's id.
    pub call_id: String,
    /// Texts, images, documents.
    pub parts: Vec<Part>,
    /// Whether the tool failed.
    pub is_error: bool,
}

/// Something the model may call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its name without namespace.
    pub name: String,
    /// Its namespace.
    pub namespace: Option<String>,
    /// What it does.
    pub description: Option<String>,
    /// The JSON schema of its arguments.
    pub schema: Option<Json>,
    /// Whether the provider must enforce the schema.
    pub strict: Option<bool>,
    /// A custom (freeform) tool's input format; `Some(Null)` for plain text.
    pub custom: Option<Json>,
}

/// Whether and what the model must call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// Nothing.
    None,
    /// Something.
    Required,
    /// This one.
    Tool {
        /// Its name without namespace.
        name: String,
        /// Its namespace.
        namespace: Option<String>,
    },
}

/// How much thinking is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reasoning {
    /// `none` to `max`.
    pub effort: Option<String>,
    /// The most tokens of thinking.
    pub budget: Option<u64>,
    /// Whether the model is to decide how much (`adaptive`).
    pub adaptive: bool,
    /// Whether the client wants to see (a summary of) it.
    pub shown: Option<String>,
}

impl Reasoning {
    /// Says whether thinking is asked for at all.
    pub fn is_on(&self) -> bool {
        self.effort.as_deref() != Some("none") && (self.effort.is_some() || self.budget.is_some() || self.adaptive)
    }

    /// The effort, from the budget where no effort is named: under 4k low, under 16k medium, else high.
    pub fn effort(&self) -> Option<String> {
        self.effort.clone().or_else(|| {
            self.budget.map(|tokens| {
                if tokens < 4_096 {
                    "low"
                } else if tokens < 16_384 {
                    "medium"
                } else {
                    "high"
                }
                .into()
            })
        })
    }

    /// The budget, from the effort where none is named.
    pub fn budget(&self) -> Option<u64> {
        self.budget.or_else(|| match self.effort.as_deref()? {
            "minimal" => Some(1_024),
            "low" => Some(2_048),
            "medium" => Some(8_192),
            "high" => Some(16_384),
            "xhigh" | "max" => Some(31_999),
            _ => None,
        })
    }
}

/// The shape of the answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum OutputFormat {
    /// Text.
    #[default]
    Text,
    /// Some JSON object.
    JsonObject,
    /// JSON of this schema.
    JsonSchema {
        /// The schema's name.
        name: String,
        /// The schema.
        schema: Json,
        /// Whether it is enforced.
        strict: Option<bool>,
    },
}

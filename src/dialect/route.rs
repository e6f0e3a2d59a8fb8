//! What a translation must know besides the request: from where to where, and what the upstream is particular about.

/// A wire grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `OpenAI` Chat Completions.
    OpenaiChat,
    /// Anthropic Messages.
    AnthropicMessages,
    /// `OpenAI` Responses.
    OpenaiResponses,
    /// Gemini `generateContent`; upstream only.
    Gemini,
}

impl Dialect {
    /// Every dialect an upstream may speak.
    pub const ALL: [Self; 4] = [Self::OpenaiChat, Self::AnthropicMessages, Self::OpenaiResponses, Self::Gemini];
    /// Every dialect a client may speak.
    pub const INBOUND: [Self; 3] = [Self::OpenaiChat, Self::AnthropicMessages, Self::OpenaiResponses];

    /// The name in the configuration and in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Self::OpenaiChat => "openai-chat",
            Self::AnthropicMessages => "anthropic-messages",
            Self::OpenaiResponses => "openai-responses",
            Self::Gemini => "gemini",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.name() == name)
    }
}

/// From where to where one exchange goes.
#[derive(Clone, Debug)]
pub struct Route {
    /// What the client speaks.
    pub inbound: Dialect,
    /// What the upstream speaks.
    pub upstream: Dialect,
    /// The model's name there.
    pub model: String,
    /// A name of the upstream that stays: reasoning state it made goes back to it alone.
    pub maker: String,
    /// Letters and digits no other exchange has: ids that the upstream left out are made of it.
    pub unique: String,
    /// Seconds since 1970, for `created`.
    pub now_secs: u64,
    /// What this upstream is particular about.
    pub quirks: Quirks,
}

/// What an upstream is particular about. `None` means: by dialect and model name.
#[derive(Clone, Debug, Default)]
pub struct Quirks {
    /// The most tokens of an answer the model takes.
    pub max_tokens_cap: Option<u64>,
    /// Whether a chat upstream wants `max_completion_tokens`.
    pub max_completion_tokens: Option<bool>,
    /// Whether system messages may stand between turns.
    pub system_in_place: Option<bool>,
    /// Whether a chat upstream takes `stream_options` (default yes).
    pub stream_options: Option<bool>,
    /// Whether a Gemini upstream takes full JSON Schema (default yes).
    pub json_schema: Option<bool>,
    /// Whether call ids must be nine letters or digits (Mistral).
    pub nine_character_ids: bool,
    /// Whether `<think>` at the start of text is thinking.
    pub think_tags: bool,
    /// Whether the model can be asked to think.
    pub reasoning: Option<bool>,
    /// Whether an Anthropic model decides itself how much it thinks (`adaptive`).
    pub adaptive_thinking: Option<bool>,
}

/// The name without provider prefix: `openai/gpt-5` is `gpt-5`.
fn bare(model: &str) -> &str {
    model.rsplit('/').next().unwrap_or(model)
}

impl Route {
    /// Says whether the model is one of `OpenAI`'s that think: `o1`, `o3-mini`, `gpt-5` and later.
    pub fn is_openai_reasoning(&self) -> bool {
        let model = bare(&self.model);
        let digits = |rest: &str| rest.split(|c: char| !c.is_ascii_digit()).next().and_then(|n| n.parse::<u32>().ok());
        match (model.strip_prefix("gpt-"), model.strip_prefix('o')) {
            (Some(rest), _) => digits(rest).is_some_and(|n| n >= 5),
            (_, Some(rest)) => digits(rest).is_some() && rest.len() < 24,
            _ => model.starts_with("codex-"),
        }
    }

    /// Says whether thinking may be asked for.
    ///
    /// Clients ask for it by habit, and many chat servers answer 400 where the model cannot think; so of models whose
    /// name says nothing it is not asked unless the quirk says so.
    pub fn takes_reasoning(&self) -> bool {
        let model = bare(&self.model);
        self.quirks.reasoning.unwrap_or_else(|| match self.upstream {
            Dialect::OpenaiChat => {
                self.is_openai_reasoning()
                    || ["gpt-oss", "claude", "gemini"].iter().any(|family| model.contains(family))
            }
            Dialect::AnthropicMessages => !model.starts_with("claude-3") || model.starts_with("claude-3-7"),
            Dialect::OpenaiResponses => !["gpt-3", "gpt-4", "chatgpt-4"].iter().any(|old| model.starts_with(old)),
            Dialect::Gemini => !["gemini-1", "gemini-2.0", "gemma"].iter().any(|old| model.contains(old)),
        })
    }

    /// Says whether the model is one of `OpenAI`'s, which know parameters other servers refuse.
    pub fn is_openai(&self) -> bool {
        let model = bare(&self.model);
        self.is_openai_reasoning() || ["gpt-3", "gpt-4", "chatgpt-"].iter().any(|family| model.starts_with(family))
    }

    /// Says whether an Anthropic model takes `thinking: adaptive` and `output_config.effort`: those of 4.6 and later.
    pub fn takes_adaptive_thinking(&self) -> bool {
        self.quirks.adaptive_thinking.unwrap_or_else(|| {
            let mut numbers = bare(&self.model)
                .strip_prefix("claude-")
                .unwrap_or_default()
                .split(['-', '.'])
                .filter(|word| word.len() <= 2)
                .filter_map(|word| word.parse::<u32>().ok());
            matches!((numbers.next(), numbers.next()), (Some(4), Some(minor)) if minor >= 6)
                || bare(&self.model).strip_prefix("claude-").is_some_and(|rest| {
                    rest.split('-').filter(|w| w.len() <= 2).find_map(|w| w.parse::<u32>().ok()).is_some_and(|n| n >= 5)
                })
        })
    }

    /// The limit of tokens to send, where the dialect demands one or the client named one.
    pub fn max_tokens(&self, asked: Option<u64>) -> Option<u64> {
        match (asked, self.quirks.max_tokens_cap) {
            (Some(asked), Some(cap)) => Some(asked.min(cap)),
            (asked, _) => asked,
        }
    }
}

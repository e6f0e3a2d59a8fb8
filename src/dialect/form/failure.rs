//! What went wrong with an exchange, before it is put into the client's dialect.

/// How much of an upstream's message is passed on.
const MAX_MESSAGE_CHARS: usize = 2_000;

/// An error of the upstream, of the way to it, or of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The status the client gets.
    pub status: u16,
    /// What sort of failure it is.
    pub kind: FailureKind,
    /// The message, without keys and control characters.
    pub message: String,
    /// The upstream's own code.
    pub code: Option<Box<str>>,
    /// The member of the request it is about.
    pub param: Option<Box<str>>,
    /// When to try again, as a `Retry-After` value in seconds or as a date.
    pub retry_after: Option<Box<str>>,
    /// The upstream's name of the request.
    pub request_id: Option<Box<str>>,
}

/// What sort of failure it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The request is wrong.
    Request,
    /// The prompt does not fit into the model's window.
    ContextLength,
    /// The content was refused.
    ContentFilter,
    /// The key is wrong.
    Authentication,
    /// There is no money left.
    Billing,
    /// The key may not do this.
    Permission,
    /// No such model or path.
    NotFound,
    /// Something else changed meanwhile.
    Conflict,
    /// The body is too large.
    TooLarge,
    /// Too many requests or tokens.
    RateLimit,
    /// The upstream took too long.
    Timeout,
    /// The upstream has too much to do.
    Overloaded,
    /// Anything else of the upstream.
    Upstream,
}

impl Failure {
    /// A failure of that sort, with the status that goes with it.
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        let status = match kind {
            FailureKind::Request | FailureKind::ContextLength | FailureKind::ContentFilter => 400,
            FailureKind::Authentication => 401,
            FailureKind::Billing => 402,
            FailureKind::Permission => 403,
            FailureKind::NotFound => 404,
            FailureKind::Conflict => 409,
            FailureKind::TooLarge => 413,
            FailureKind::RateLimit => 429,
            FailureKind::Timeout => 504,
            FailureKind::Overloaded => 529,
            FailureKind::Upstream => 502,
        };
        let message = crate::printable::text_of(&message.into(), MAX_MESSAGE_CHARS);
        Self { status, kind, message, code: None, param: None, retry_after: None, request_id: None }
    }

    /// A request that cannot be translated: which member, and why.
    pub fn refused(param: &str, message: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..Self::new(FailureKind::Request, message) }
    }

    /// The sort of failure a status stands for.
    pub fn kind_of(status: u16) -> FailureKind {
        match status {
            401 => FailureKind::Authentication,
            402 => FailureKind::Billing,
            403 => FailureKind::Permission,
            404 => FailureKind::NotFound,
            408 | 504 => FailureKind::Timeout,
            409 => FailureKind::Conflict,
            413 => FailureKind::TooLarge,
            429 => FailureKind::RateLimit,
            503 | 529 => FailureKind::Overloaded,
            400..=499 => FailureKind::Request,
            _ => FailureKind::Upstream,
        }
    }

    /// Looks at code and message for what the status does not say.
    pub fn refine(&mut self) {
        let message = self.message.to_ascii_lowercase();
        let code = self.code.as_deref().unwrap_or_default();
        let overflow =
            ["maximum context length", "prompt is too long", "context window", "input token count", "context length"];
        let is_request = self.status == 400 || self.status == 413 || self.status == 422 || self.status == 502;
        if code == "context_length_exceeded"
            || code == "model_context_window_exceeded"
            || (is_request && overflow.iter().any(|words| message.contains(words)))
        {
            self.kind = FailureKind::ContextLength;
            self.status = 400;
        } else if code == "content_filter" || code == "content_policy_violation" {
            self.kind = FailureKind::ContentFilter;
        } else if code == "insufficient_quota" {
            self.kind = FailureKind::Billing;
        }
    }

    /// The two numbers of an overflow message: tokens sent, tokens allowed.
    pub fn overflow_numbers(&self) -> Option<(u64, u64)> {
        let numbers: Vec<u64> = self
            .message
            .split(|c: char| !c.is_ascii_digit() && c != ',')
            .filter_map(|n| n.replace(',', "").parse().ok())
            .filter(|n| *n >= 256)
            .collect();
        let (most, least) = (*numbers.iter().max()?, *numbers.iter().min()?);
        (most != least).then_some((most, least))
    }
}

//! What a model says in a scenario, without any dialect; and what a client understood.

use llmenv::dialect::{Dialect, Quirks, Route, Translation};
use serde_json::Value;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    pub thinking: String,
    pub text: String,
    pub refusal: String,
    /// id, name, arguments
    pub calls: Vec<(String, String, String)>,
    /// end, limit, tool, filter, error
    pub stop: &'static str,
    /// input (all), cached, output (all), reasoning
    pub usage: Option<[u64; 4]>,
    pub error: String,
}

impl Said {
    pub fn text(text: &str) -> Self {
        Self { text: text.into(), stop: "end", usage: Some([21, 0, 7, 0]), ..Self::default() }
    }

    pub fn call(mut self, id: &str, name: &str, arguments: &str) -> Self {
        self.calls.push((id.into(), name.into(), arguments.into()));
        self.stop = "tool";
        self
    }

    pub fn thinking(mut self, thinking: &str) -> Self {
        self.thinking = thinking.into();
        self
    }

    pub fn stop(mut self, stop: &'static str) -> Self {
        self.stop = stop;
        self
    }

    pub fn usage(mut self, usage: Option<[u64; 4]>) -> Self {
        self.usage = usage;
        self
    }

    /// Arguments as values, so that blanks do not matter.
    pub fn arguments(&self) -> Vec<Value> {
        self.calls.iter().map(|(_, _, arguments)| serde_json::from_str(arguments).unwrap_or(Value::Null)).collect()
    }
}

/// Name, what is said, and whether calls come in mixed pieces where the dialect allows it.
pub fn scenarios() -> Vec<(&'static str, Said, bool)> {
    let weather = r#"{"city":"Zürich","days":3,"big":12345678901234567890123,"x":1.0}"#;
    let time = r#"{"zone":"Europe/Zurich","nested":{"a":[1,2,{"b":"}\" ]"}]}}"#;
    vec![
        ("text", Said::text("Hello, how are you?"), false),
        ("unicode", Said::text("Grüße 👩‍👩‍👧 — 日本語 \u{2028} \"quoted\" \\ back\n\ttab"), false),
        ("empty", Said::text(""), false),
        ("length", Said::text("cut in the mid").stop("limit"), false),
        ("filter", Said::text("I was sa").stop("filter"), false),
        ("usage-none", Said::text("no figures").usage(None), false),
        ("usage-cached", Said::text("cached").usage(Some([1000, 900, 50, 0])), false),
        ("tool", Said::text("").call("call_a1", "get_weather", weather), false),
        ("tool-empty", Said::text("").call("call_e", "now", "{}"), false),
        ("tool-after-text", Said::text("Let me look.").call("call_a1", "get_weather", weather), false),
        (
            "tool-parallel",
            Said::text("").call("call_a1", "get_weather", weather).call("call_b2", "get_time", time),
            false,
        ),
        (
            "tool-interleaved",
            Said::text("Both.").call("call_a1", "get_weather", weather).call("call_b2", "get_time", time),
            true,
        ),
        ("thinking", Said::text("42").thinking("six times seven").usage(Some([10, 0, 30, 25])), false),
        (
            "thinking-tool",
            Said::text("")
                .thinking("I need the weather")
                .call("call_a1", "get_weather", weather)
                .usage(Some([10, 0, 30, 25])),
            false,
        ),
    ]
}

pub const MAKER: &str = "upstream.example";

pub fn route(inbound: Dialect, upstream: Dialect) -> Route {
    Route {
        inbound,
        upstream,
        model: match upstream {
            Dialect::OpenaiChat => "vendor/model-x",
            Dialect::AnthropicMessages => "claude-sonnet-4-5",
            Dialect::OpenaiResponses => "gpt-5-mini",
            Dialect::Gemini => "gemini-2.5-flash",
        }
        .into(),
        maker: MAKER.into(),
        unique: "0u1".into(),
        now_secs: 1_700_000_000,
        quirks: Quirks::default(),
    }
}

/// The simplest request of a dialect, with the two tools of the scenarios.
pub fn simple_request(inbound: Dialect, stream: bool) -> Value {
    use serde_json::json;
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let names = ["get_weather", "get_time", "now"];
    match inbound {
        Dialect::OpenaiChat => json!({
            "model": "client-model", "stream": stream, "stream_options": {"include_usage": true},
            "messages": [{"role": "user", "content": "hi"}],
            "tools": names.map(|n| json!({"type": "function", "function": {"name": n, "parameters": schema}})),
        }),
        Dialect::AnthropicMessages => json!({
            "model": "client-model", "stream": stream, "max_tokens": 32000,
            "messages": [{"role": "user", "content": "hi"}],
            "tools": names.map(|n| json!({"name": n, "input_schema": schema})),
        }),
        _ => json!({
            "model": "client-model", "stream": stream, "input": "hi", "store": false,
            "tools": names.map(|n| json!({"type": "function", "name": n, "parameters": schema})),
        }),
    }
}

pub fn translation(inbound: Dialect, upstream: Dialect, stream: bool) -> Translation {
    let body = simple_request(inbound, stream).to_string();
    Translation::new(route(inbound, upstream), body.as_bytes()).unwrap()
}

/// Replays a stream in pieces and gives what the client gets.
pub fn replay<'a>(translation: &Translation, pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut stream = translation.stream();
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(stream.push(piece));
    }
    out.extend(stream.finish());
    assert!(stream.is_over(), "a finished stream is over");
    assert!(stream.finish().is_empty() && stream.ping().is_empty(), "nothing comes after the end");
    out
}

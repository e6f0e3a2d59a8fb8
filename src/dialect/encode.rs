//! What every request encoder needs: names, ids, texts that stand for what the upstream has no place for.

use std::collections::HashSet;

use super::form::{Dropped, Failure, Part, Thinking, Tool, ToolResult};
use super::json::{Json, object};
use super::media::placeholder;
use super::names::{Names, legal_id, nine_character_id};
use super::route::Route;

/// How a system message in the middle is said to an upstream that allows none there.
pub const SYSTEM_REMINDER: &str = "<system-reminder>\n{}\n</system-reminder>";
/// What a tool's empty result is called; some upstreams refuse an empty one.
const EMPTY_RESULT: &str = "(no output)";
/// What an Anthropic client puts first for its own billing; a value that changes with every request ends prompt caches.
const BILLING: &str = "x-anthropic-billing-header:";

/// The state of one encoding.
pub struct Encoding<'a> {
    /// Where to.
    pub route: &'a Route,
    /// The tools' names there.
    pub names: Names,
    /// What was left out.
    pub dropped: Dropped,
    /// The ids of calls of custom tools.
    pub custom_calls: HashSet<String>,
}

impl Encoding<'_> {
    /// The id upstream of a call.
    pub fn id(&self, id: &str) -> String {
        if self.route.quirks.nine_character_ids { nine_character_id(id) } else { legal_id(id) }
    }

    /// The upstream's own state of a call, which came as thinking beside it.
    pub fn call_state<'p>(&self, parts: &'p [Part], call_id: &str) -> Option<&'p str> {
        parts.iter().find_map(|part| match part {
            Part::Thinking(Thinking { state: Some(state), .. })
                if state.id == legal_id(call_id) && state.is_for(&self.route.maker, "thought") =>
            {
                Some(state.data.as_str())
            }
            _ => None,
        })
    }

    /// A system prompt as text, without the client's billing line.
    pub fn system_text(&mut self, parts: &[Part]) -> String {
        let mut texts: Vec<&str> = Vec::new();
        for part in parts {
            match part {
                Part::Text(text) if text.starts_with(BILLING) => {}
                Part::Text(text) => texts.push(text),
                _ => self.dropped.note("file in a system message"),
            }
        }
        texts.join("\n\n")
    }

    /// A result as text: never empty, marked where the tool failed, with words for files.
    pub fn result_text(&self, result: &ToolResult) -> String {
        let texts: Vec<String> = result
            .parts
            .iter()
            .map(|part| match part {
                Part::Text(text) | Part::Refusal(text) => text.clone(),
                Part::Media(media) => placeholder(media),
                _ => String::new(),
            })
            .filter(|text| !text.is_empty())
            .collect();
        let text = if texts.is_empty() { EMPTY_RESULT.to_owned() } else { texts.join("\n") };
        if result.is_error && !text.starts_with("Error") { format!("Error: {text}") } else { text }
    }

    /// A tool's description; a custom tool's says its grammar, where the tool is sent as a function.
    pub fn description(&self, tool: &Tool) -> Option<String> {
        let format = tool.custom.as_ref().filter(|format| format.str("type") == Some("grammar"));
        let Some(format) = format else { return tool.description.clone() };
        let grammar = format.get("grammar").unwrap_or(format);
        let syntax = grammar.str("syntax").unwrap_or("grammar");
        let text = tool.description.clone().unwrap_or_default();
        Some(
            format!("{text}\n\nThe `input` must match this {syntax} grammar:\n{}", grammar.text("definition"))
                .trim_start()
                .to_owned(),
        )
    }

    /// A tool's schema; a custom tool takes one text.
    pub fn parameters(&self, tool: &Tool, clean: fn(Option<&Json>) -> Json) -> Json {
        if tool.custom.is_some() {
            let input = object! { "type" => "string", "description" => "The whole input of the tool, as plain text" };
            return object! {
                "type" => "object",
                "properties" => object! { "input" => input },
                "required" => vec!["input"],
            };
        }
        clean(tool.schema.as_ref())
    }

    /// A file that only the client's own provider has.
    pub fn no_file_ids() -> Failure {
        Failure::refused("file_id", "a file id is known to its own provider only; send the file itself")
    }
}

//! Puts a conversation into the order every strict upstream accepts.
//!
//! Called once after decoding. Afterwards: no empty text; turns of one role are one message (system stays as it is);
//! every call is answered in the next user message, in call order, before anything else of it; no result without call.

use super::{Message, Part, Role, ToolResult};

/// What stands for a result that never came (an interrupted turn).
const NO_RESULT: &str = "[no result]";

/// Arranges messages.
pub fn arrange(messages: Vec<Message>) -> Vec<Message> {
    let mut arranged = answer_calls(merge(messages));
    arranged.retain(|message| !message.parts.is_empty());
    merge(arranged)
}

fn merge(messages: Vec<Message>) -> Vec<Message> {
    let mut merged: Vec<Message> = Vec::with_capacity(messages.len());
    for mut message in messages {
        message.parts.retain(|part| !matches!(part, Part::Text(text) if text.trim().is_empty()));
        if message.parts.is_empty() {
            continue;
        }
        match merged.last_mut() {
            Some(last) if last.role == message.role && message.role != Role::System => {
                last.parts.append(&mut message.parts);
            }
            _ => merged.push(message),
        }
    }
    merged
}

fn answer_calls(messages: Vec<Message>) -> Vec<Message> {
    let mut out: Vec<Message> = Vec::with_capacity(messages.len() + 1);
    // Everything between two assistant messages, whoever said it: a system message may stand between call and result.
    let mut rest = messages.into_iter().peekable();
    let mut open_calls: Vec<String> = Vec::new();
    loop {
        let mut between: Vec<Message> = Vec::new();
        while let Some(message) = rest.next_if(|message| message.role != Role::Assistant) {
            between.push(message);
        }
        let mut results: Vec<ToolResult> = Vec::new();
        for message in &mut between {
            let parts = std::mem::take(&mut message.parts);
            for part in parts {
                match part {
                    Part::ToolResult(result) if open_calls.contains(&result.call_id) => {
                        match results.iter_mut().find(|known| known.call_id == result.call_id) {
                            Some(known) => known.parts.extend(result.parts),
                            None => results.push(result),
                        }
                    }
                    Part::ToolResult(result) => message.parts.extend(orphan(result)),
                    part => message.parts.push(part),
                }
            }
        }
        // A call at the very end of a conversation waits for nothing yet; one that is followed by anything does.
        let is_last = rest.peek().is_none() && between.is_empty();
        if !open_calls.is_empty() && !is_last {
            let mut parts = Vec::with_capacity(open_calls.len());
            for id in open_calls.drain(..) {
                let at = results.iter().position(|result| result.call_id == id);
                parts.push(Part::ToolResult(match at {
                    Some(at) => results.remove(at),
                    None => ToolResult { call_id: id, parts: vec![Part::Text(NO_RESULT.into())], is_error: true },
                }));
            }
            out.push(Message { role: Role::User, parts });
        }
        out.extend(between);
        let Some(assistant) = rest.next() else { return out };
        open_calls.clear();
        for part in &assistant.parts {
            if let Part::ToolCall(call) = part
                && !open_calls.contains(&call.id)
            {
                open_calls.push(call.id.clone());
            }
        }
        out.push(assistant);
    }
}

fn orphan(result: ToolResult) -> Vec<Part> {
    let mut parts = vec![Part::Text(format!("[result of an earlier tool call {}]", result.call_id))];
    parts.extend(result.parts);
    parts
}

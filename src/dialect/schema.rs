//! Schemas of tool arguments, cleaned for upstreams that refuse words they do not know.

use super::json::{Json, object};

/// A schema every upstream takes: an object with properties, without `$schema`.
pub fn clean(schema: Option<&Json>) -> Json {
    let mut cleaned = match schema {
        Some(Json::Object(members)) => {
            Json::Object(members.iter().filter(|(name, _)| name != "$schema").cloned().collect())
        }
        _ => Json::empty_object(),
    };
    let is_choice = ["anyOf", "oneOf", "allOf", "$ref"].iter().any(|word| cleaned.get(word).is_some());
    if cleaned.get("type").is_none() && !is_choice {
        let mut typed = object! { "type" => "object" };
        for (name, value) in cleaned.members().iter().filter(|(name, _)| name != "type") {
            typed.set(name, value);
        }
        cleaned = typed;
    }
    if cleaned.str("type") == Some("object") && cleaned.get("properties").is_none() {
        cleaned.set("properties", Json::empty_object());
    }
    cleaned
}

/// The words Gemini's own `Schema` has (wire protocols, section 5); anything else is a 400 there.
const GEMINI_WORDS: [&str; 21] = [
    "type",
    "format",
    "title",
    "description",
    "nullable",
    "enum",
    "items",
    "minItems",
    "maxItems",
    "properties",
    "propertyOrdering",
    "required",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "pattern",
    "anyOf",
    "default",
];
/// A `$ref` that leads to itself ends here.
const MAX_DEPTH: usize = 24;

/// A schema for Gemini's `parameters`, for upstreams without `parametersJsonSchema`.
pub fn gemini(schema: &Json) -> Json {
    reduce(schema, schema, 0)
}

fn reduce(schema: &Json, root: &Json, depth: usize) -> Json {
    if depth > MAX_DEPTH {
        return object! { "type" => "object" };
    }
    if let Some(target) = schema.str("$ref").and_then(|path| resolve(path, root)) {
        return reduce(target, root, depth + 1);
    }
    let mut out = Json::empty_object();
    for (name, value) in schema.members() {
        match (name.as_str(), value) {
            ("type", Json::Array(types)) => {
                let is_null = |t: &&Json| t.as_str() == Some("null");
                if types.iter().any(|t| is_null(&t)) {
                    out.set("nullable", true);
                }
                out.set_some("type", types.iter().find(|t| !is_null(t)));
            }
            ("properties", Json::Object(members)) => {
                let members = members.iter().map(|(n, v)| (n.clone(), reduce(v, root, depth + 1))).collect();
                out.set("properties", Json::Object(members));
            }
            ("items", items) => out.set("items", reduce(items, root, depth + 1)),
            ("anyOf" | "oneOf", Json::Array(choices)) => {
                let mut kept: Vec<Json> = choices
                    .iter()
                    .filter(|choice| choice.str("type") != Some("null"))
                    .map(|choice| reduce(choice, root, depth + 1))
                    .collect();
                if kept.len() < choices.len() {
                    out.set("nullable", true);
                }
                if kept.len() == 1 {
                    for (n, v) in kept.remove(0).members() {
                        out.set(n, v);
                    }
                } else {
                    out.set("anyOf", kept);
                }
            }
            ("allOf", Json::Array(all)) => {
                for part in all {
                    for (n, v) in reduce(part, root, depth + 1).members() {
                        out.set(n, v);
                    }
                }
            }
            ("const", value) => out.set("enum", vec![as_text(value)]),
            ("enum", Json::Array(values)) => out.set("enum", values.iter().map(as_text).collect::<Vec<_>>()),
            ("exclusiveMinimum", Json::Number(_)) => out.set("minimum", value),
            ("exclusiveMaximum", Json::Number(_)) => out.set("maximum", value),
            (word, value) if GEMINI_WORDS.contains(&word) => out.set(word, value),
            _ => {}
        }
    }
    if out.get("enum").is_some() {
        out.set("type", "string");
    }
    if out.str("type") == Some("array") && out.get("items").is_none() {
        out.set("items", object! { "type" => "string" });
    }
    if let Some(required) = out.get("required").cloned() {
        let known: Vec<Json> = required
            .elements()
            .iter()
            .filter(|name| {
                name.as_str().is_some_and(|name| out.get("properties").is_some_and(|p| p.get(name).is_some()))
            })
            .cloned()
            .collect();
        out.set("required", known);
    }
    out
}

fn as_text(value: &Json) -> Json {
    match value {
        Json::String(_) => value.clone(),
        other => Json::String(other.to_string()),
    }
}

fn resolve<'a>(path: &str, root: &'a Json) -> Option<&'a Json> {
    path.strip_prefix("#/")?.split('/').try_fold(root, |at, name| at.get(&name.replace("~1", "/").replace("~0", "~")))
}

//! `llmenv providers`: the catalogue.

use serde_json::{Value, json};

use super::args::Providers;
use super::{add, render};
use crate::error::Result;
use crate::provider::{self, Provider};

/// Lists the catalogue, or shows one row.
pub fn run(args: &Providers) -> Result<()> {
    if let Some(id) = &args.id {
        let row = add::known_provider(id)?;
        if args.report.json {
            return render::json(&json!({"schema": 1, "providers": [row_json(row)]}));
        }
        return show(row);
    }
    if args.report.json {
        let rows: Vec<Value> = provider::all().iter().map(row_json).collect();
        return render::json(&json!({"schema": 1, "providers": rows}));
    }
    let rows: Vec<Vec<String>> = provider::all()
        .iter()
        .map(|row| vec![row.id.clone(), row.name.clone(), families(row), base_url(row)])
        .collect();
    render::table(&["ID", "NAME", "SERVES", "BASE URL"], &rows);
    render::line("");
    render::line("anything else: --provider custom --base-url URL --dialect DIALECT");
    Ok(())
}

fn families(row: &Provider) -> String {
    row.families().iter().map(|family| family.name()).collect::<Vec<_>>().join(",")
}

fn base_url(row: &Provider) -> String {
    row.default_endpoint().map(|endpoint| endpoint.base_url.clone()).unwrap_or_default()
}

#[allow(clippy::unnecessary_wraps)]
fn show(row: &Provider) -> Result<()> {
    let variables = |own: bool| {
        let names: Vec<&str> = row
            .variables
            .iter()
            .filter(|variable| variable.own == own)
            .map(|variable| variable.name.as_str())
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    let mut fields = vec![("id", Some(row.id.clone())), ("name", Some(row.name.clone()))];
    let endpoints: Vec<String> =
        row.endpoints.iter().map(|endpoint| format!("{}  {}", endpoint.base_url, endpoint.dialect.name())).collect();
    fields.extend(endpoints.iter().map(|endpoint| ("endpoint", Some(endpoint.clone()))));
    fields.extend([
        ("keys", Some(row.keys_shown())),
        ("get one at", row.console_url.clone()),
        ("own variables", variables(true)),
        ("shared, set only through `also`", variables(false)),
        ("note", row.note.clone()),
    ]);
    render::fields(&fields);
    Ok(())
}

fn row_json(row: &Provider) -> Value {
    let endpoints: Vec<Value> = row
        .endpoints
        .iter()
        .map(|endpoint| json!({"dialect": endpoint.dialect.name(), "base_url": endpoint.base_url}))
        .collect();
    let variables: Vec<Value> =
        row.variables.iter().map(|variable| json!({"name": variable.name, "own": variable.own})).collect();
    json!({
        "id": row.id, "name": row.name, "endpoints": endpoints, "variables": variables, "local": row.local,
        "key_optional": row.key_optional, "console_url": row.console_url, "note": row.note,
    })
}

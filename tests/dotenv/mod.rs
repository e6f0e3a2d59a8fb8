//! The `.env` reader against what real loaders did, and against the loaders that are here.

mod alike;
mod corpus;
mod generate;
mod matrix;
mod oracle;
mod robust;
mod spans;

use std::collections::BTreeMap;

use llmenv::dotenv::{Dialect, Entry, Environment, Reading, Value};

/// What a loader leaves behind: names and values; nothing for a value that only running a command could tell.
type Variables = BTreeMap<String, Option<Vec<u8>>>;

/// Reads with some variables around.
fn read(bytes: &[u8], dialect: Dialect, entry: Entry, around: &[(&str, &str)]) -> Reading {
    let look = |name: &str| around.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    llmenv::dotenv::read(bytes, dialect, &Environment::new(&look).through(entry))
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Text(text) => Some(text.expose().as_bytes().to_vec()),
        Value::Bytes(bytes) => Some(bytes.to_vec()),
        Value::Absent | Value::Unknowable => None,
    }
}

/// Everything a reading gives, the last assignment of a name counting.
fn variables(reading: &Reading) -> Variables {
    let mut variables = Variables::new();
    for assignment in &reading.assignments {
        match &assignment.value {
            Value::Absent if matches!(reading.dialect, Dialect::Python | Dialect::Pydantic) => {
                variables.remove(&assignment.key);
            }
            Value::Absent => {}
            value => {
                variables.insert(assignment.key.clone(), bytes(value));
            }
        }
    }
    variables
}

/// Whether what we say is what there is; values we call unknowable may be anything.
fn agrees(ours: &Variables, real: &BTreeMap<String, Vec<u8>>) -> bool {
    real.keys().all(|name| ours.contains_key(name))
        && ours.iter().all(|(name, value)| value.is_none() || value.as_ref() == real.get(name))
}

//! `llmenv edit`: a profile's fields by flags, or the whole configuration in an editor. The key's host is guarded either way.

use super::args::{Edit, Fields};
use super::connect::Answerer;
use super::{add, ask, edit_file, open_store, render, settings};
pub use crate::config::edit::FieldValue as Value;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{Request, Response, WireSecret};
use crate::paths::Paths;
use crate::profile::{Auth, Billing, Dialect, Family, KeySource, Profile};
use crate::provider::{self, Provider};

/// Fields that `--unset` takes out. Without its provider a profile is none.
const UNSETTABLE: &[&str] = &[
    "base_url",
    "model",
    "models",
    "serve",
    "account",
    "billing",
    "dialect",
    "auth",
    "organization",
    "project",
    "api_version",
    "deployment",
    "headers",
    "env",
    "also",
    "proxy",
];

/// Changes a profile.
pub fn run(args: &Edit) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let config = settings::load(&paths)?;
    let before = config.profile(&args.name)?;
    settings::require_own(&config, before)?;
    let mut changes = changes(&args.fields)?;
    if let Some(id) = &args.provider {
        changes.push(("provider".into(), Some(Value::Text(add::known_provider(id)?.id.clone()))));
    }
    for field in &args.unset {
        let field = field.replace('-', "_");
        if !UNSETTABLE.contains(&field.as_str()) {
            return Err(unknown_field(&field));
        }
        if changes.iter().any(|(set, _)| *set == field) {
            return Err(Error::usage(format!("`{field}` is both set and unset")));
        }
        changes.push((field, None));
    }
    if changes.is_empty() && args.bind_to.is_none() {
        ask::require("what to change", "flags such as `--model M`, `--base-url URL` or `--unset FIELD`")?;
        edit_file::run(&paths, before)?;
        let config = settings::load(&paths)?;
        // The profile may have got another name in the editor.
        if let Some(after) = config.profiles.get(&args.name) {
            let mut answerer = Answerer::connect(&paths)?;
            answerer.reload()?;
            if let Err(error) = bind(&mut answerer, before, after, None) {
                render::error(&error);
            }
        } else {
            Answerer::connect(&paths)?.reload()?;
        }
        return Ok(());
    }
    let mut after = before.clone();
    for (field, value) in &changes {
        apply(&mut after, field, value.as_ref())?;
    }
    let row = add::known_provider(&after.provider)?;
    if !args.fields.serve.is_empty() {
        add::check_families(&after, row)?;
    }
    canonical_base_url(&mut after, row)?;
    if let (Some(canonical), Some((_, value @ Some(_)))) =
        (&after.base_url, changes.iter_mut().find(|(field, _)| field == "base_url"))
    {
        *value = Some(Value::Text(canonical.clone()));
    }
    let mut answerer = Answerer::connect(&paths)?;
    let _turn = settings::Turn::take(&paths)?;
    bind(&mut answerer, before, &after, args.bind_to.as_deref())?;
    if !changes.is_empty() {
        settings::change(&paths, &before.name, &changes)?;
    }
    let notes = answerer.reload()?;
    if args.report.json {
        let fields: Vec<_> = changes.iter().map(|(field, _)| field).collect();
        return render::json(&serde_json::json!({"schema": 1, "profile": before.name, "changed": fields}));
    }
    render::line(format_args!("changed {}", render::strong(&before.name)));
    for note in notes {
        render::note(crate::printable::line(&note));
    }
    Ok(())
}

/// Sees to it that the stored key is for the host the profile names from now on, or fails before anything is changed.
///
/// A key is bound to the host it was stored for. It goes to another one only after the user typed that host, at the question
/// or as `--bind-to HOST`.
fn bind(answerer: &mut Answerer, before: &Profile, after: &Profile, bind_to: Option<&str>) -> Result<()> {
    let url = base_url(after)?;
    let origin = provider::base_url::origin(&url)?;
    if after.key != KeySource::Stored {
        return Ok(());
    }
    let same_url =
        base_url(before).and_then(|url| provider::base_url::origin(&url)).is_ok_and(|before| before == origin);
    if same_url && bind_to.is_none() {
        return Ok(());
    }
    let host = origin.split_once("://").map_or(origin.as_str(), |(_, host)| host);
    if let Some(typed) = bind_to
        && typed != host
        && typed != origin
    {
        return Err(Error::usage(format!(
            "`--bind-to {}` is not the host of the base URL",
            crate::printable::text(typed)
        ))
        .at(format!("profile `{}`: {url}", after.name))
        .hint(format!("to let the key go there: `--bind-to {host}`")));
    }
    let get = Request::KeyGet { profile: after.name.clone() };
    let mut entry = match open_store::retry(answerer, |answerer| answerer.ask(&get)) {
        Ok(Response::Key(entry)) => entry,
        Err(error) if error.kind == ErrorKind::NotFound => return Ok(()),
        Ok(_) => return Err(Error::of(ErrorKind::Unreachable, "the daemon answered something else than the key")),
        Err(error) => return Err(error),
    };
    if entry.origin == origin {
        return Ok(());
    }
    if bind_to.is_none() {
        let bound = Error::of(
            ErrorKind::Usage,
            format!("the key of `{}` is bound to `{}`, and would now go to `{origin}`", after.name, entry.origin),
        );
        if !ask::is_possible() {
            return Err(bound
                .hint(format!("`--bind-to {host}` lets it go there"))
                .hint("`llmenv add` makes a profile of its own for another account"));
        }
        render::warning(&bound.message);
        if ask::text(&format!("type `{host}` to let it go there, or nothing"), None)? != host {
            return Err(Error::new("the key stays bound to the host it was stored for")
                .hint("`llmenv rotate` stores a new key for the host that the profile names then"));
        }
    }
    entry.origin = origin;
    entry.key = WireSecret(entry.key.0);
    answerer.done(&Request::KeyPut { profile: after.name.clone(), entry, replace: true }).map(drop)
}

fn unknown_field(field: &str) -> Error {
    let error = Error::usage(format!("there is no field `{}` to unset", crate::printable::text(field)));
    match crate::suggest::nearest(field, UNSETTABLE.iter().copied()) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint(format!("it is one of {}", UNSETTABLE.join(", "))),
    }
}

/// What flags say, by field.
pub fn changes(fields: &Fields) -> Result<Vec<(String, Option<Value>)>> {
    let texts = [
        ("base_url", &fields.base_url),
        ("model", &fields.model),
        ("account", &fields.account),
        ("billing", &fields.billing),
        ("dialect", &fields.dialect),
        ("auth", &fields.auth),
        ("organization", &fields.organization),
        ("project", &fields.project),
        ("api_version", &fields.api_version),
        ("deployment", &fields.deployment),
    ];
    let mut changes = Vec::new();
    for (field, value) in texts {
        let Some(value) = value else { continue };
        if value.trim().is_empty() || !crate::env_patch::is_servable(value) {
            let flag = field.replace('_', "-");
            return Err(Error::usage(format!("`--{flag}` must be one line that is not empty"))
                .hint(format!("`llmenv edit NAME --unset {field}` takes it out")));
        }
        changes.push((field.to_owned(), Some(Value::Text(value.trim().to_owned()))));
    }
    if !fields.serve.is_empty() {
        changes.push(("serve".into(), Some(Value::List(fields.serve.clone()))));
    }
    Ok(changes)
}

/// Sets or unsets a field of a profile in memory.
pub fn apply(profile: &mut Profile, field: &str, value: Option<&Value>) -> Result<()> {
    let text = match value {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    };
    match field {
        "provider" => profile.provider = text.unwrap_or_default(),
        "base_url" => profile.base_url = text,
        "model" => profile.model = text,
        "models" => profile.models.clear(),
        "account" => profile.account = text,
        "billing" => {
            profile.billing = match text.as_deref() {
                Some("metered") => Some(Billing::Metered),
                Some("subscription") => Some(Billing::Subscription),
                Some("local") => Some(Billing::Local),
                _ => None,
            }
        }
        "dialect" => {
            let all = [Dialect::AnthropicMessages, Dialect::OpenaiChat, Dialect::OpenaiResponses, Dialect::Gemini];
            profile.dialect = all.into_iter().find(|dialect| Some(dialect.name()) == text.as_deref());
        }
        "auth" => {
            profile.auth = match text.as_deref() {
                Some("bearer") => Some(Auth::Bearer),
                Some("x-api-key") => Some(Auth::XApiKey),
                Some("api-key") => Some(Auth::ApiKey),
                Some("x-goog-api-key") => Some(Auth::XGoogApiKey),
                Some("none") => Some(Auth::None),
                Some("client") => Some(Auth::Client),
                _ => None,
            }
        }
        "organization" => profile.organization = text,
        "project" => profile.project = text,
        "api_version" => profile.api_version = text,
        "deployment" => profile.deployment = text,
        "headers" => profile.headers.clear(),
        "env" => profile.env.clear(),
        "also" => profile.also.clear(),
        "proxy" => profile.proxy = false,
        "serve" => {
            profile.serve = match value {
                Some(Value::List(names)) => names.iter().map(|name| family(name)).collect::<Result<_>>()?,
                _ => Vec::new(),
            }
        }
        _ => return Err(unknown_field(field)),
    }
    Ok(())
}

fn family(name: &str) -> Result<Family> {
    Family::ALL.into_iter().find(|family| family.name() == name).ok_or_else(|| {
        let error = Error::usage(format!("there is no family `{}`", crate::printable::text(name)));
        match crate::suggest::nearest(name, Family::ALL.map(Family::name)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint("it is one of `openai`, `anthropic`, `gemini`"),
        }
    })
}

/// Brings the profile's own base URL to its provider's form, tells what changed, and gives the one that is in use.
pub fn canonical_base_url(profile: &mut Profile, row: &Provider) -> Result<String> {
    if let Some(typed) = &profile.base_url {
        let family = own_family(profile, row);
        let canonical = provider::base_url::canonical(Some(row), family, typed)?;
        for change in &canonical.changes {
            render::note(format_args!("base URL: {}", crate::printable::line(change)));
        }
        if canonical.url != *typed {
            render::note(format_args!("base URL: {}", crate::printable::text(&canonical.url)));
        }
        profile.base_url = Some(canonical.url);
    }
    base_url(profile)
}

/// The family that the base URL is written for. What is served through the proxy says nothing of it.
fn own_family(profile: &Profile, row: &Provider) -> Family {
    if profile.proxy {
        return crate::resolve::own_family(profile, row);
    }
    add::default_families(profile, row).first().copied().unwrap_or(Family::Openai)
}

/// The base URL of a profile's first family.
pub fn base_url(profile: &Profile) -> Result<String> {
    if let Some(url) = &profile.base_url {
        return Ok(url.clone());
    }
    let row = add::known_provider(&profile.provider)?;
    let endpoint = profile.dialect.and_then(|dialect| row.endpoint(dialect));
    let endpoint = endpoint.or_else(|| row.family_endpoint(own_family(profile, row))).or(row.default_endpoint());
    match endpoint {
        Some(endpoint) if !endpoint.base_url.contains('{') => Ok(endpoint.base_url.clone()),
        Some(endpoint) => {
            Err(Error::usage(format!("{} needs a base URL of the form {}", row.shown(), endpoint.base_url))
                .hint("say it with `--base-url URL`"))
        }
        None => {
            Err(Error::usage(format!("`{}` needs a base URL", profile.provider)).hint("say it with `--base-url URL`"))
        }
    }
}

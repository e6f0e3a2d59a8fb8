//! `llmenv add`: a new profile. The key is stored first, then the profile is written: one without its key never exists.

use super::args::{Add, Fields, StoreChoice};
use super::connect::Answerer;
use super::{add_key, ask, check, edit, key_input, key_ref, open_store, render, settings};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result};
use crate::ipc::protocol::{KeyEntry, Request, WireSecret};
use crate::paths::Paths;
use crate::probe::Verdict;
use crate::profile::{self, Auth, Family, KeySource, Profile};
use crate::provider::{self, Provider};
use crate::secret::Secret;
use crate::store::StoreKind;

/// Adds a profile.
pub fn run(args: &Add) -> Result<()> {
    let paths = Paths::find()?;
    paths.check_owner()?;
    let settings = settings::load(&paths)?;
    if let Some(name) = &args.name {
        if let Some(profile) = add_key::included(&settings, name) {
            return add_key::run(args, &paths, &settings, profile);
        }
        check_new(&settings, name)?;
        add_key::refuse_waiting(&settings, name)?;
    }
    let mut answerer = Answerer::connect(&paths)?;
    // Whoever is to type a key is first told where it goes: nobody types it twice.
    let is_typed = args.key_ref.is_none() && !key_input::is_given(&args.key) && ask::is_possible();
    let needs_key = args.fields.auth.is_none() && args.provider.as_deref().is_none_or(needs_key);
    let is_store_chosen = is_typed && needs_key && args.store.is_none();
    if is_store_chosen {
        choose_store(&paths, &settings, &mut answerer, args.store)?;
    }
    let reference = args.key_ref.as_deref().map(key_ref::parse).transpose()?;
    let mut given = None;
    let provider_id = match &args.provider {
        Some(id) => known_provider(id)?.id.clone(),
        None if reference.is_some() => choose_provider()?,
        None => {
            let key = key_input::read(&args.key, "key (hidden; empty to choose the provider first)")?;
            let owners = provider::of_key(&key.key);
            if let Some(owner) = owners.first() {
                render::note(format_args!("this is a key of {}", owner.shown()));
                given = Some(key);
                owner.id.clone()
            } else {
                let id = choose_provider()?;
                given = (!key.key.is_empty()).then_some(key);
                id
            }
        }
    };
    let row = known_provider(&provider_id)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => ask_name(&settings, &provider_id)?,
    };
    let mut profile = Profile { name: name.clone(), provider: provider_id, ..Profile::default() };
    for (field, value) in edit::changes(&args.fields)? {
        edit::apply(&mut profile, &field, value.as_ref())?;
    }
    complete(&mut profile, row, &args.fields)?;
    let base_url = edit::canonical_base_url(&mut profile, row)?;
    choose_families(&mut profile, row, &args.fields)?;

    profile.key = match reference {
        Some(reference) => {
            key_ref::check(&reference, &profile, &base_url, args.key.force)?;
            reference
        }
        None if matches!(profile.auth.unwrap_or(row.auth), Auth::None | Auth::Client)
            && !key_input::is_given(&args.key)
            && given.is_none() =>
        {
            KeySource::Absent
        }
        None => KeySource::Stored,
    };
    if profile.key == KeySource::Stored && given.is_none() {
        given = Some(key_input::read(&args.key, &format!("key for `{name}` (hidden)"))?);
    }
    let given = given.filter(|_| profile.key == KeySource::Stored);
    if let Some(given) = &given {
        key_input::vet(&profile, Some(&base_url), &given.key, args.key.force)?;
    }

    let mut checked = None;
    if !args.key.no_check {
        let in_file = match &profile.key {
            // It was looked at above; one that is not there yet was let through by `--force`.
            KeySource::File(path) => crate::store::file::read_key(path).ok(),
            _ => None,
        };
        if let Some(key) = given.as_ref().map(|given| &given.key).or(in_file.as_ref()) {
            checked = check::before_adding(&settings.network, &profile, row, &base_url, key)?;
        }
    }

    if given.is_some() && !is_store_chosen {
        choose_store(&paths, &settings, &mut answerer, args.store)?;
    }
    keep(&paths, &mut answerer, &profile, &base_url, given.as_ref().map(|given| &given.key))?;
    let removed = given.map(|given| given.removed).unwrap_or_default();
    report(args, &profile, row, &base_url, &mut answerer, &removed, checked)
}

/// Stores the key of a new profile, then writes the profile; where that fails, the key goes again.
pub fn keep(
    paths: &Paths,
    answerer: &mut Answerer,
    profile: &Profile,
    base_url: &str,
    key: Option<&Secret>,
) -> Result<()> {
    let name = &profile.name;
    if let Some(key) = key {
        let _turn = settings::Turn::take(paths)?;
        check_new(&settings::load(paths)?, name)?;
        let entry = KeyEntry {
            key: WireSecret(key.clone()),
            origin: provider::base_url::origin(base_url)?,
            more: std::collections::BTreeMap::new(),
        };
        // Nobody else adds now, and no profile has that name: a key found under it was left over and belongs to nothing.
        let put = Request::KeyPut { profile: name.clone(), entry, replace: true };
        let notes = open_store::retry(answerer, |answerer| answerer.done(&put))?;
        tell(&notes);
        if let Err(error) = settings::add(paths, profile) {
            let _ = answerer.done(&Request::KeyRemove { profile: name.clone(), lives_on: false });
            return Err(error);
        }
    } else {
        settings::add(paths, profile)?;
    }
    tell(&answerer.reload()?);
    Ok(())
}

fn tell(notes: &[String]) {
    for note in notes {
        render::note(crate::printable::line(note));
    }
}

fn check_new(settings: &Config, name: &str) -> Result<()> {
    profile::check_name(name)?;
    if let Some(profile) = settings.profiles.get(name) {
        let mut error = Error::new(format!("there is a profile `{name}` already"))
            .hint(format!("`llmenv rotate {name}` gives it a new key, `llmenv edit {name}` changes it"));
        if let Some((file, line)) = &profile.defined_at {
            error = error.at(render::place_text(file, Some(*line)));
        }
        return Err(error);
    }
    Ok(())
}

fn needs_key(provider: &str) -> bool {
    provider::find(provider).is_none_or(|row| row.auth != Auth::None)
}

/// Finds a row, or `custom`, by the id that was typed.
pub fn known_provider(id: &str) -> Result<&'static Provider> {
    if id == "custom" {
        return Ok(provider::custom());
    }
    provider::find(id).ok_or_else(|| {
        let error = Error::usage(format!("there is no provider `{}`", crate::printable::text(id)));
        match provider::nearest(id) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error.hint("for anything else: `--provider custom --base-url URL --dialect DIALECT`"),
        }
        .hint("`llmenv providers` lists them")
    })
}

fn choose_provider() -> Result<String> {
    ask::require("a provider", "`--provider ID`")?;
    let mut choices: Vec<String> = provider::all().iter().map(|row| format!("{}  {}", row.id, row.name)).collect();
    choices.push("custom  anything else".into());
    let at = ask::choice("provider", &choices, None)?;
    Ok(provider::all().get(at).map_or_else(|| "custom".to_owned(), |row| row.id.clone()))
}

/// Asks for a name that is free; the provider's own is suggested.
pub fn ask_name(settings: &Config, provider: &str) -> Result<String> {
    ask::require("a name", "`llmenv add NAME …`")?;
    let free = (1..1_000)
        .map(|count| if count == 1 { provider.to_owned() } else { format!("{provider}-{count}") })
        .find(|name| !settings.profiles.contains_key(name));
    loop {
        let name = ask::text("name of the profile", free.as_deref())?;
        match check_new(settings, &name) {
            Ok(()) => return Ok(name),
            Err(error) => render::error(&error),
        }
    }
}

/// Asks for what this provider cannot do without.
fn complete(profile: &mut Profile, row: &Provider, fields: &Fields) -> Result<()> {
    let template = row.default_endpoint().map(|endpoint| endpoint.base_url.as_str());
    if profile.base_url.is_none() && template.is_none_or(|url| url.contains('{')) {
        let what = match template {
            Some(template) => format!("the base URL, {template}"),
            None => "the base URL".to_owned(),
        };
        ask::require(&what, "`--base-url URL`")?;
        profile.base_url = Some(ask::text(&what, None)?);
    }
    if row.endpoints.is_empty() && profile.dialect.is_none() {
        ask::require("what the endpoint speaks", "`--dialect DIALECT`")?;
        let words = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"];
        let choices: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let word = words[ask::choice("what does it speak?", &choices, Some(0))?];
        edit::apply(profile, "dialect", Some(&edit::Value::Text(word.to_owned())))?;
        if fields.auth.is_none() {
            let words = ["bearer", "x-api-key", "api-key", "x-goog-api-key", "none"];
            let choices: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            let word = words[ask::choice("how does it want to see the key?", &choices, Some(0))?];
            edit::apply(profile, "auth", Some(&edit::Value::Text(word.to_owned())))?;
        }
    }
    Ok(())
}

/// The families a profile serves where it does not say.
pub fn default_families(profile: &Profile, row: &Provider) -> Vec<Family> {
    if !profile.serve.is_empty() {
        return profile.serve.clone();
    }
    match profile.dialect {
        Some(dialect) => vec![dialect.family()],
        None => row.families().into_iter().take(1).collect(),
    }
}

/// The families a profile can serve; an error where it is to serve another. Through the proxy the provider's grammar does not
/// matter.
pub fn check_families(profile: &Profile, row: &Provider) -> Result<Vec<Family>> {
    let possible = match profile.dialect {
        _ if profile.proxy => vec![Family::Openai, Family::Anthropic],
        Some(dialect) => vec![dialect.family()],
        None => row.families(),
    };
    let Some(family) = profile.serve.iter().find(|family| !possible.contains(family)) else { return Ok(possible) };
    let names: Vec<_> = possible.iter().map(|family| format!("`{}`", family.name())).collect();
    let whose = if profile.proxy { "the proxy".to_owned() } else { row.shown() };
    let error = Error::usage(format!("{whose} cannot serve the family `{}`", family.name()))
        .hint(format!("it can serve {}", names.join(", ")));
    Err(if profile.proxy || *family == Family::Gemini {
        error
    } else {
        let command = format!("llmenv proxy on {} --serve {}", profile.name, family.name());
        error.hint(format!("the proxy serves it whatever the provider speaks: `{command}`"))
    })
}

/// Somebody's Claude subscription is not taken over by adding a key for another tool: that needs a word.
pub fn choose_families(profile: &mut Profile, row: &Provider, fields: &Fields) -> Result<()> {
    let possible = check_families(profile, row)?;
    let is_takeover = row.id != "anthropic" && default_families(profile, row).contains(&Family::Anthropic);
    if !is_takeover || !fields.serve.is_empty() {
        return Ok(());
    }
    let others: Vec<Family> = possible.into_iter().filter(|&family| family != Family::Anthropic).collect();
    let alternative = others.first().map_or_else(String::new, |family| format!(" or `--serve {}`", family.name()));
    ask::require(
        &format!("a word on whether {} may take over `ANTHROPIC_*`", row.name),
        &format!("`--serve anthropic`{alternative}"),
    )?;
    if ask::is_yes(&format!("may `{}` set ANTHROPIC_* (Claude Code and others then use this account)?", profile.name))?
    {
        profile.serve = vec![Family::Anthropic];
        return Ok(());
    }
    if others.is_empty() {
        return Err(Error::new(format!("{} serves nothing but `ANTHROPIC_*`", row.shown())).hint("nothing was added"));
    }
    profile.serve = others.into_iter().take(1).collect();
    Ok(())
}

/// Takes `--store` where nothing was chosen yet, and says how to choose where nothing works.
pub fn choose_store(
    paths: &Paths,
    settings: &Config,
    answerer: &mut Answerer,
    wanted: Option<StoreChoice>,
) -> Result<()> {
    let wanted = wanted.map(|choice| match choice {
        StoreChoice::Keyring => StoreKind::Keyring,
        StoreChoice::File => StoreKind::Vault,
    });
    match (settings::store_kind(settings), wanted) {
        (Some(chosen), Some(wanted)) if chosen != wanted => Err(Error::usage(format!(
            "keys are kept in the {} already: `--store {}` would leave them behind",
            open_store::words(chosen),
            wanted.word()
        ))
        .hint("leave `--store` out")),
        (Some(_), _) => Ok(()),
        (None, Some(kind)) => open_store::choose(paths, answerer, kind),
        (None, None) => {
            let store = answerer.store()?;
            match store.state.as_str() {
                "unlocked" | "locked" => Ok(()),
                state => {
                    let why = store.detail.as_deref().unwrap_or(state);
                    if ask::is_possible() {
                        render::note(format_args!(
                            "there is no keyring to keep the key in: {}",
                            crate::printable::text(why)
                        ));
                        if ask::is_yes_unless_no("keep keys in an encrypted file instead?")? {
                            return open_store::choose_with(paths, answerer, StoreKind::Vault, true);
                        }
                    }
                    Err(Error::of(ErrorKind::Failed, format!("there is no keyring to keep the key in: {why}"))
                        .hint("`--store file` keeps keys in an encrypted file instead")
                        .hint("`llmenv setup` asks where, and says what each protects from"))
                }
            }
        }
    }
}

/// Says what was added.
pub fn report(
    args: &Add,
    profile: &Profile,
    row: &Provider,
    base_url: &str,
    answerer: &mut Answerer,
    removed: &[String],
    checked: Option<Verdict>,
) -> Result<()> {
    let key = match profile.key {
        KeySource::Stored => answerer.key(&profile.name)?,
        _ => crate::ipc::protocol::KeyFacts::default(),
    };
    let families: Vec<_> = default_families(profile, row).iter().map(|family| family.name()).collect();
    let name = &profile.name;
    if args.report.json {
        return render::json(&serde_json::json!({
            "schema": 1, "profile": name, "provider": profile.provider, "base_url": base_url, "serve": families,
            "key": super::show::key_json(&key), "store": super::show::store_word(profile, answerer), "removed": removed, "check": checked.map(Verdict::name),
        }));
    }
    render::line(format_args!(
        "added {}: {}, {}, serves {}",
        render::strong(name),
        row.shown(),
        super::show::key_text(profile, &key),
        families.join(", ")
    ));
    render::hint(format_args!("`llmenv use {name}` in a shell, or `llmenv exec {name} -- COMMAND`"));
    Ok(())
}

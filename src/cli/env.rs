//! `llmenv env`: a profile's pair as text for a shell or a file.

use super::args::Env;
use super::connect::Answerer;
use super::{here, render, serve, settings};
use crate::duration::parse_duration;
use crate::error::{Error, Result};
use crate::ipc::protocol::Holder;
use crate::paths::Paths;
use crate::shell;

/// Prints the pair.
pub fn run(args: &Env) -> Result<()> {
    let formats = shell::names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let Some(wanted) = args.format.as_deref() else {
        return Err(Error::usage("which format?").hint(format!("add `--format F`, one of {formats}")));
    };
    let Some(format) = shell::format(wanted) else {
        let error = Error::usage(format!("there is no format `{}`", crate::printable::text(wanted)));
        let error = match crate::suggest::nearest(wanted, shell::names()) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error,
        };
        return Err(error.hint(format!("the formats are {formats}")));
    };
    let seconds = args.lease.as_deref().map(parse_duration).transpose()?.map(|lease| lease.as_secs());
    if format.needs_direct() && !args.direct && is_proxied(args.name.as_deref()) {
        return Err(Error::usage(format!(
            "the format `{wanted}` is read where this machine's proxy is not, and the profile is served through it"
        ))
        .hint("`--direct` writes the real key and base URL"));
    }
    let holder = Holder::Text { seconds };
    let served = if args.quiet {
        let Some(served) = serve::at_hand(args.name.as_deref(), holder, args.direct)? else { return Ok(()) };
        served
    } else {
        serve::pair(args.name.as_deref(), holder, args.direct)?
    };
    if served.resolved.profile.is_none() {
        return Err(
            Error::new("no profile is active here").hint(format!("name one: `llmenv env NAME --format {wanted}`"))
        );
    }
    let emitted = shell::emit(format, &served.patch())?;
    // The runner hides these lines and what they name; anywhere else they would show the key.
    if !emitted.log.is_empty() && std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true") {
        render::secret_note(&emitted.log);
    }
    render::raw(&emitted.text);
    if !emitted.not_unset.is_empty() && !args.quiet {
        let names = emitted.not_unset.join(", ");
        render::note(format_args!("the format `{wanted}` cannot unset variables; see that these are not set: {names}"));
    }
    Ok(())
}

/// Says whether the pair would be the proxy's; what cannot be found out here, serving says better.
fn is_proxied(name: Option<&str>) -> bool {
    let found = || -> Result<Option<bool>> {
        let paths = Paths::find()?;
        let config = settings::load(&paths)?;
        let name = match name {
            Some(name) => Some(name.to_owned()),
            None => Answerer::connect(&paths)?.resolve(&here::resolve_request()?)?.profile,
        };
        Ok(name.and_then(|name| config.profiles.get(&name).map(|profile| profile.proxy)))
    };
    found().is_ok_and(|found| found.unwrap_or(false))
}

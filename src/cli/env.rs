//! `llmenv env`: a profile's pair as text for a shell or a file.

use super::args::Env;
use super::{render, serve};
use crate::error::{Error, Result};
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
    let served = if args.quiet {
        let Some(served) = serve::at_hand(args.name.as_deref())? else { return Ok(()) };
        served
    } else {
        serve::pair(args.name.as_deref())?
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

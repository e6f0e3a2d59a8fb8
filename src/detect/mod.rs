//! What is wrong with keys and addresses, wherever they stand: places come in, findings with stable ids go out.
//!
//! ```text
//! source ─► Look (this environment, `.env` files as each loader reads them, every other place) ─► DETECTORS ─► merged, worst first
//! ```
//! A [`Detector`] is a file named after the finding it makes, or after what its findings have in common; [`DETECTORS`] is the one
//! list of them. They read and change nothing but through [`Look`], and say nothing of what is well. `doctor`, `status`, `why` and
//! `explain` show what comes out; `doctor --fix` carries out what [`fix`] says.

pub mod address;
mod anthropic_auth_conflict;
mod auto_github_token;
mod base_url_missing;
mod ca_file_missing;
mod ci_empty_secret;
mod claude_oauth_expired;
mod cmd_set_space;
mod code_in_env;
mod codex_token_to_foreign_host;
mod compose_blank_interpolation;
mod custom_header_auth;
mod direnv;
mod dollar_expansion;
mod duplicate_key;
mod echo;
mod empty_shadows_file;
pub mod env_file;
mod env_not_regular;
mod env_tracked;
pub mod environment;
mod file_encoding;
mod file_not_loaded;
mod finding;
pub mod fix;
mod gemini_dual_key;
mod groq_grok;
mod hardcoded_key;
mod hash_in_value;
pub mod holder;
mod k8s_secret_newline;
mod key_in_build_arg;
mod key_in_history;
mod key_missing;
mod layered_env;
mod leading_space;
mod legacy_base_var;
mod list;
mod local_needs_dummy;
mod localhost_ipv6;
mod look;
mod loopback_in_container;
mod marks;
mod misspelt_name;
mod netrc_overrides_auth;
mod no_proxy_missing;
mod not_read_by_this_shell;
mod official_key_to_unknown_host;
mod old_key_in_program;
mod old_key_left;
mod old_sdk;
mod pair;
mod parent_env;
mod place_unread;
mod plan_endpoint_mismatch;
mod ports;
mod posix_syntax_in_powershell;
mod provider_mismatch;
mod proxy_case_split;
mod proxy_unreachable;
mod public_prefix;
mod rc_after_hook;
mod repo_redirects_key;
mod rotated_key_in_env;
mod setx_stale_window;
mod shell_shadows_file;
mod socks_proxy;
mod stale_holders;
mod stray_org_header;
mod sudo_stripped;
mod text_keys;
mod tls_verification_off;
mod tool_config_shadows;
mod unterminated_quote;
pub mod value;
mod world_readable;
mod yaml_colon;

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::source::Origin;
pub use env_file::EnvFile;
pub use finding::{Finding, Spot};
pub use list::DETECTORS;
pub use look::{Active, Look, is_sought, shown};
pub use marks::Marks;

/// Something that looks for some findings.
#[derive(Clone, Copy)]
pub struct Detector {
    /// The ids it gives.
    pub ids: &'static [&'static str],
    /// Looks.
    pub find: fn(&Look) -> Vec<Finding>,
}

/// Runs all detectors; worst first, of one severity by file and line, each thing said once.
pub fn run(look: &Look) -> Vec<Finding> {
    let mut found = Told::default();
    for (detector, findings) in DETECTORS.iter().zip(run_each(look)) {
        for finding in findings {
            debug_assert!(detector.ids.contains(&finding.id), "{} is not in its detector's list", finding.id);
            found.add(finding);
        }
    }
    let mut found = found.findings;
    echo::take_out(&mut found);
    let place = |finding: &Finding| {
        finding.origins.first().map(|spot| (spot.origin.kind, spot.origin.path.clone(), spot.origin.line))
    };
    found.sort_by_cached_key(|finding| (std::cmp::Reverse(finding.severity), place(finding)));
    found
}

/// What each detector finds, in their order: those that read files of their own beside the others.
fn run_each(look: &Look) -> Vec<Vec<Finding>> {
    let found: Vec<OnceLock<Vec<Finding>>> = DETECTORS.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(detector), Some(cell)) = (DETECTORS.get(at), found.get(at)) else { return };
            let _ = cell.set((detector.find)(look));
        }
    };
    let processors = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    std::thread::scope(|scope| {
        for _ in 1..processors {
            scope.spawn(work);
        }
        work();
    });
    found.into_iter().map(|cell| cell.into_inner().unwrap_or_default()).collect()
}

/// The most threads that look.
const MAX_THREADS: usize = 4;

/// Findings so far. The same about the same variable at another place adds the place.
#[derive(Default)]
struct Told {
    findings: Vec<Finding>,
    known: HashMap<(&'static str, Option<String>, String, bool), usize>,
    places: HashSet<(usize, Origin)>,
}

impl Told {
    fn add(&mut self, mut finding: Finding) {
        let is_safe = finding.fix.as_ref().is_some_and(|fix| fix.safe);
        let name = (finding.id, finding.variable.clone(), finding.message.clone(), is_safe);
        let at = *self.known.entry(name).or_insert(self.findings.len());
        let spots = std::mem::take(&mut finding.origins);
        if at == self.findings.len() {
            self.findings.push(finding);
        } else if let (Some(known), Some(more)) = (&mut self.findings[at].fix, finding.fix) {
            // One sentence, one thing to do, at every place of it.
            known.edits.extend(more.edits);
        }
        for spot in spots {
            if self.places.insert((at, spot.origin.clone())) {
                self.findings[at].origins.push(spot);
            }
        }
    }
}

/// Whether a host is this machine, by the names that are used for it.
pub fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost")
        || host.ends_with(".localhost")
        || host == "host.docker.internal"
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

/// Whether a host is in a private network, or a bare name as containers have.
pub fn is_private(host: &str) -> bool {
    match host.trim_matches(['[', ']']).parse::<std::net::IpAddr>() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => ip.is_unique_local() || ip.is_unicast_link_local(),
        Err(_) => {
            !host.contains('.') || [".local", ".lan", ".internal", ".home.arpa"].iter().any(|end| host.ends_with(end))
        }
    }
}

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
mod git_care;
mod groq_grok;
mod hardcoded_key;
mod hash_in_value;
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
    let mut found: Vec<Finding> = Vec::new();
    for detector in DETECTORS {
        for finding in (detector.find)(look) {
            debug_assert!(detector.ids.contains(&finding.id), "{} is not in its detector's list", finding.id);
            merge(&mut found, finding);
        }
    }
    without_echoes(&mut found);
    found.sort_by(|one, other| {
        let place = |finding: &Finding| {
            finding.origins.first().map(|spot| (spot.origin.kind, spot.origin.path.clone(), spot.origin.line))
        };
        other.severity.cmp(&one.severity).then_with(|| place(one).cmp(&place(other)))
    });
    found
}

/// Adds a finding; the same about the same variable at another place adds the place.
fn merge(found: &mut Vec<Finding>, finding: Finding) {
    let known = found
        .iter_mut()
        .find(|known| known.id == finding.id && known.variable == finding.variable && known.message == finding.message);
    match known {
        Some(known) => {
            for spot in finding.origins {
                if !known.origins.contains(&spot) {
                    known.origins.push(spot);
                }
            }
        }
        None => found.push(finding),
    }
}

/// Takes out what says again, in other words, what another finding says of the same variable.
fn without_echoes(found: &mut Vec<Finding>) {
    /// The first is the cause of the second, at the same place.
    const ECHOES: [(&str, &str); 28] = [
        ("groq-grok", "provider-mismatch"),
        ("plan-endpoint-mismatch", "provider-mismatch"),
        ("lookalike-host", "official-key-to-unknown-host"),
        ("swapped-pair", "url-no-scheme"),
        ("swapped-pair", "local-needs-dummy"),
        ("legacy-base-var", "base-url-missing"),
        ("empty-base-url", "base-url-missing"),
        ("utf16-file", "cr-in-env"),
        ("utf16-file", "control-char"),
        ("ci-empty-secret", "empty-shadows-file"),
        ("ci-empty-secret", "key-masked"),
        ("sudo-stripped", "key-missing"),
        ("codespaces-secret-shadows", "shell-shadows-file"),
        ("vscode-stale-injection", "shell-shadows-file"),
        ("file-overrides-shell", "shell-shadows-file"),
        ("rotated-key-in-env", "shell-shadows-file"),
        ("duplicate-key", "layered-env"),
        ("direnv-blocked", "file-not-loaded"),
        ("direnv-changed-not-allowed", "file-not-loaded"),
        ("tmux-global-stale", "key-in-tmux"),
        ("tmux-global-stale", "old-key-left"),
        ("fish-universal-stale", "old-key-left"),
        ("not-in-gui-session", "key-in-session-environment"),
        ("not-in-gui-session", "old-key-left"),
        ("env-tracked", "env-not-ignored"),
        ("repo-redirects-key", "official-key-to-unknown-host"),
        ("old-key-left", "file-not-loaded"),
        ("parent-env", "file-not-loaded"),
    ];
    let told: Vec<(&'static str, Option<String>)> =
        found.iter().map(|finding| (finding.id, finding.variable.clone())).collect();
    found.retain(|finding| {
        !ECHOES.iter().any(|(cause, echo)| {
            *echo == finding.id
                && told.iter().any(|(id, variable)| {
                    id == cause
                        && (variable.is_none()
                            || finding.variable.is_none()
                            || is_of_one_family(variable.as_deref(), finding.variable.as_deref()))
                })
        })
    });
}

fn is_of_one_family(one: Option<&str>, other: Option<&str>) -> bool {
    use crate::profile::Family;
    one == other
        || one.and_then(Family::of_variable).is_some_and(|family| other.and_then(Family::of_variable) == Some(family))
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

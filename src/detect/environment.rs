//! Which variables of an environment matter, and as what.

use crate::profile::Family;
use crate::provider::{self, Role};

/// Names that clients read, or once read, for the base URL of the `openai` family.
pub const LEGACY_BASES: [&str; 6] =
    ["OPENAI_API_BASE", "OPENAI_API_HOST", "OPENAI_BASE", "OPENAI_API_URL", "OPENAI_ENDPOINT", "OPENAI_PROXY_URL"];

/// Ways to the server beside the base URL: whoever sets one decides who reads the key.
pub const ROUTING: [&str; 13] = [
    "CODEX_HOME",
    "ANTHROPIC_CUSTOM_HEADERS",
    "OPENAI_CUSTOM_HEADERS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "NODE_EXTRA_CA_CERTS",
    "REQUESTS_CA_BUNDLE",
    "NODE_TLS_REJECT_UNAUTHORIZED",
];

/// Beginnings of names that build tools copy into what browsers load.
pub const EXPOSED: [&str; 7] =
    ["NEXT_PUBLIC_", "VITE_", "REACT_APP_", "PUBLIC_", "EXPO_PUBLIC_", "NUXT_PUBLIC_", "GATSBY_"];

/// Whether a variable is one for keys.
pub fn is_key(name: &str) -> bool {
    Family::ALL.iter().any(|family| family.variables().key.contains(&name))
        || name == "CLAUDE_CODE_OAUTH_TOKEN"
        || provider::of_variable(name).iter().any(|(_, variable)| variable.role == Role::Key)
}

/// Whether a variable is one for base URLs.
pub fn is_base_url(name: &str) -> bool {
    // The server's own setting, `HOST:PORT`.
    if name == "OLLAMA_HOST" {
        return false;
    }
    Family::ALL.iter().any(|family| family.base_url_variable() == name)
        || provider::of_variable(name).iter().any(|(_, variable)| matches!(variable.role, Role::BaseUrl | Role::Origin))
        || LEGACY_BASES.contains(&name)
        || name == "ANTHROPIC_API_BASE"
}

/// Whether a variable decides who reads a key on its way.
pub fn is_routing(name: &str) -> bool {
    ROUTING.contains(&name)
}

/// Whether a build tool shows a variable of this name to everybody.
pub fn is_exposed(name: &str) -> bool {
    EXPOSED.iter().any(|start| name.starts_with(start))
}

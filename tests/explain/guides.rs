//! What people's guides on `401` quote, in the words in which they quote it: each leads to its cause.

use llmenv::explain::explain;

/// What is pasted, the form it has, and a finding that has to be among its causes.
const QUOTED: [(&str, &str, &str); 29] = [
    ("401 Unauthorized - user not found", "proxy-user-not-found", "key-unknown-or-expired"),
    ("Troubleshooting 401 \"User Not Found\" errors", "or-user-not-found", "key-unknown-or-expired"),
    (
        "{\"message\": \"User not found.\", \"code\": 401} — returned for expired API keys",
        "or-user-not-found",
        "key-unknown-or-expired",
    ),
    ("OpenRouter Expired API Key Returns Misleading 401 User Not Found", "or-user-not-found", "shell-shadows-file"),
    ("{'message': 'User not found.', 'code': 401}", "or-user-not-found", "key-unknown-or-expired"),
    (
        "{\n\"error\": {\n\"message\": \"Incorrect API key provided: sk-xxxx...xxxx. You can find your API key at https://platform.openai.com/account/api-keys.\",\n\"type\": \"invalid_request_error\",\n\"code\": \"invalid_api_key\"\n}\n}",
        "openai-incorrect",
        "provider-mismatch",
    ),
    (
        "{\n\"error\": {\n\"message\": \"You didn't provide an API key.\",\n\"type\": \"invalid_request_error\",\n\"code\": null\n}\n}",
        "openai-no-key",
        "key-missing",
    ),
    (
        "{\n\"error\": {\n\"message\": \"You didn’t provide an API key.\",\n\"type\": \"invalid_request_error\",\n\"code\": null\n}\n}",
        "openai-no-key",
        "empty-shadows-file",
    ),
    (
        "API Error: 401 {\"type\":\"error\",\"error\":{\"type\":\"authentication_error\", \"message\":\"Invalid authentication credentials\"}}",
        "anthropic-invalid-creds",
        "claude-oauth-expired",
    ),
    (
        "{\"type\": \"error\", \"error\": {\"type\": \"authentication_error\", \"message\": \"invalid x-api-key\"}}",
        "anthropic-xapikey",
        "provider-mismatch",
    ),
    (
        "{“type”: “error”, “error”: {“type”: “authentication_error”, “message”: “invalid x-api-key”}}",
        "anthropic-xapikey",
        "revoked-key",
    ),
    ("AuthenticationError: 401 Unauthorized", "general-401", "key-truncated"),
    ("openai.AuthenticationError: 401 Unauthorized", "general-401", "key-missing"),
    ("anthropic.AuthenticationError", "general-401", "trailing-whitespace"),
    ("HTTP/1.1 401 Unauthorized", "general-401", "provider-mismatch"),
    ("openai.APIConnectionError: Connection error.", "sdk-connection-error", "trailing-whitespace"),
    (
        "httpx.UnsupportedProtocol: Request URL is missing an 'http://' or 'https://' protocol.",
        "py-noscheme",
        "url-no-scheme",
    ),
    ("403 Forbidden", "general-403", "scope-missing"),
    ("Proxy says \"enabling passthrough mode\" on startup", "proxy-passthrough", "placeholder"),
    ("WARNING: Passthrough mode enabled - you need to provide API key via headers", "proxy-passthrough", "key-missing"),
    ("ValueError: OPENAI_API_KEY environment variable is not set", "variable-not-set", "file-not-loaded"),
    ("Error: OPENAI_API_KEY environment variable not set.", "variable-not-set", "key-missing"),
    ("Error: ANTHROPIC_API_KEY not set", "variable-not-set", "not-read-by-this-shell"),
    ("Please run /login · API Error: 401", "claude-please-login", "anthropic-auth-conflict"),
    (
        "OAuth token has expired. Please obtain a new token or refresh your existing token.",
        "anthropic-oauth-expired",
        "claude-oauth-expired",
    ),
    (
        "export : The term 'export' is not recognized as the name of a cmdlet, function, script file, or operable program.",
        "powershell-export",
        "posix-syntax-in-powershell",
    ),
    (
        "API Error: 529 {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}",
        "anthropic-529",
        "provider-overloaded",
    ),
    // The general words beside the provider's own: the latter count.
    (
        "openai.AuthenticationError: 401 Unauthorized {\"error\":{\"message\":\"User not found.\",\"code\":401}}",
        "or-user-not-found",
        "key-unknown-or-expired",
    ),
    (
        "anthropic.AuthenticationError: Error code: 401 - {'type': 'error', 'error': {'type': 'authentication_error', 'message': 'invalid x-api-key'}}",
        "anthropic-xapikey",
        "provider-mismatch",
    ),
];

#[test]
fn what_guides_quote_leads_to_its_cause() {
    let mut wrong = Vec::new();
    for (text, id, cause) in QUOTED {
        let found = explain(text);
        let is_right = found.form.is_some_and(|form| form.id == id && form.causes.iter().any(|known| known == cause));
        if !is_right {
            wrong.push(format!("{text}: {:?}", found.form.map(|form| (&form.id, &form.causes))));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} texts of guides lead to their cause", QUOTED.len());
}

/// Every cause that a form names is one that exists: told by a detector, by a probe, or by what an answer says.
#[test]
fn causes_of_forms_are_findings_ids() {
    let told: Vec<&str> = llmenv::detect::DETECTORS.iter().flat_map(|detector| detector.ids).copied().collect();
    let asked = include_str!("../probe/causes.txt");
    let asked: Vec<&str> =
        asked.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(' ').skip(1)).collect();
    for form in llmenv::explain::all() {
        for cause in &form.causes {
            assert!(told.contains(&cause.as_str()) || asked.contains(&cause.as_str()), "{}: {cause}", form.id);
        }
    }
}

//! What a good configuration means.

use std::path::{Path, PathBuf};
use std::time::Duration;

use llmenv::allow::AllowList;
use llmenv::config::{Config, ProviderCheck, load};
use llmenv::profile::{Auth, Billing, Dialect, Family, KeySource};

use super::read_text;

/// The example of the design, but for its ellipses.
const EXAMPLE: &str = r#"
default = "openrouter"
include = ["~/work/acme/llmenv-team.toml"]         # a team's profiles without keys; everyone adds their own key

[profiles.openrouter]              # names: [a-z0-9][a-z0-9_-]{0,31}, not v1 v1beta health auto
provider = "openrouter"            # base URL, dialects, key shape, variables come from the catalogue
model = "openai/gpt-5"
models = { big = "anthropic/claude-opus-4.6", middle = "openai/gpt-5", small = "openai/gpt-5-mini" }
serve = ["openai", "anthropic"]    # families set in a shell; default: the provider's first
account = "me@home"                # shown by status: whose money, and whether it is metered
billing = "metered"                # metered | subscription | local
proxy = true                       # serve it through the local proxy
headers = { "HTTP-Referer" = "https://example.com" }   # sent by the proxy

[profiles.azure]
provider = "azure-openai"
base_url = "https://my-resource.openai.azure.com/openai/v1"
organization = "org-1"             # organization, project, api_version, deployment: where the provider knows them
env = { MY_TOOL_REGION = "eu" }    # extra variables, not secrets; `secrets = ["NAME"]` for those kept in the store
also = ["GITHUB_TOKEN"]            # shared names this profile may set

[profiles.lab]
provider = "custom"                # anything else: say where and which grammar
base_url = "http://127.0.0.1:8000/v1"
dialect = "openai-chat"            # anthropic-messages | openai-chat | openai-responses | gemini
auth = "bearer"                    # bearer | x-api-key | api-key | x-goog-api-key | none

[[directory]]
path = "~/work/acme/**"
profile = "azure"

[network]                          # the daemon's environment is never used for this
https_proxy = "http://proxy:3128"
no_proxy = ["10.0.0.0/8"]
ca_file = "/etc/ssl/acme.pem"      # beside the OS trust store
"#;

#[test]
fn the_documented_example_is_read_as_documented() {
    let config = read_text(EXAMPLE).expect("the example is good");
    assert_eq!(config.default.as_deref(), Some("openrouter"));
    assert_eq!(config.default_line, Some(2));
    assert_eq!(config.include.len(), 1);
    assert_eq!(config.include[0].path, Path::new("/h/work/acme/llmenv-team.toml"));
    assert_eq!(config.include[0].line, 3);
    assert_eq!(config.profiles.keys().collect::<Vec<_>>(), ["azure", "lab", "openrouter"]);

    let openrouter = &config.profiles["openrouter"];
    assert_eq!(openrouter.provider, "openrouter");
    assert_eq!(openrouter.model.as_deref(), Some("openai/gpt-5"));
    assert_eq!(openrouter.models["small"], "openai/gpt-5-mini");
    assert_eq!(openrouter.serve, [Family::Openai, Family::Anthropic]);
    assert_eq!(openrouter.account.as_deref(), Some("me@home"));
    assert_eq!(openrouter.billing, Some(Billing::Metered));
    assert!(openrouter.proxy);
    assert_eq!(openrouter.headers["HTTP-Referer"], "https://example.com");
    assert_eq!(openrouter.key, KeySource::Stored);
    assert_eq!(openrouter.defined_at, Some((PathBuf::from("/c/config.toml"), 5)));

    let azure = &config.profiles["azure"];
    assert_eq!(azure.base_url.as_deref(), Some("https://my-resource.openai.azure.com/openai/v1"));
    assert_eq!(azure.organization.as_deref(), Some("org-1"));
    assert_eq!(azure.env["MY_TOOL_REGION"], "eu");
    assert_eq!(azure.also, ["GITHUB_TOKEN"]);

    let lab = &config.profiles["lab"];
    assert_eq!((lab.dialect, lab.auth), (Some(Dialect::OpenaiChat), Some(Auth::Bearer)));

    assert_eq!(config.rules.len(), 1);
    assert_eq!(config.rules[0].pattern.written(), "~/work/acme/**");
    assert_eq!(config.rules[0].pattern.depth_in(Path::new("/h/work/acme/deep/er")), Some(4));
    assert_eq!(config.rules[0].profile, "azure");
    assert_eq!(config.rules[0].defined_at, (PathBuf::from("/c/config.toml"), 28));

    assert_eq!(config.network.https_proxy.as_deref(), Some("http://proxy:3128"));
    assert_eq!(config.network.no_proxy, ["10.0.0.0/8"]);
    assert_eq!(config.network.ca_file.as_deref(), Some(Path::new("/etc/ssl/acme.pem")));
    assert_eq!(config.store, None);
}

#[test]
fn keys_that_live_elsewhere() {
    let config = read_text(
        r#"
store = "file"
quiet = true
[proxy]
port = 20_123
allow_origins = ["http://localhost:5173"]
[profiles.a]
provider = "openai"
key = { file = "~/keys/openai" }
upstream = "openai-responses"
[profiles.b]
provider = "openai"
key = { command = ["/usr/bin/op", "read", "op://x/y"], ttl = "8h", interactive = false, pass_env = ["OP_TOKEN"] }
[profiles.c]
provider = "openai"
key = { command = ["/usr/bin/pass", "openai"] }
secrets = ["MY_TOOL_TOKEN"]
[profiles.d]
provider = "custom"
base_url = "http://127.0.0.1:8000"
dialect = "anthropic-messages"
auth = "none"
[profiles.e]
provider = "custom"
base_url = "http://127.0.0.1:8000"
dialect = "gemini"
"#,
    )
    .expect("good");
    assert_eq!(config.store.as_deref(), Some("file"));
    assert!(config.quiet);
    assert_eq!(config.proxy.port, Some(20_123));
    assert_eq!(config.proxy.allow_origins, ["http://localhost:5173"]);
    assert_eq!(config.profiles["a"].key, KeySource::File("/h/keys/openai".into()));
    assert_eq!(config.profiles["a"].upstream, Some(Dialect::OpenaiResponses));
    assert_eq!(
        config.profiles["b"].key,
        KeySource::Command {
            argv: ["/usr/bin/op", "read", "op://x/y"].map(str::to_owned).to_vec(),
            ttl: Some(Duration::from_hours(8)),
            interactive: false,
            pass_env: vec!["OP_TOKEN".into()],
        }
    );
    assert_eq!(
        config.profiles["c"].key,
        KeySource::Command {
            argv: ["/usr/bin/pass", "openai"].map(str::to_owned).to_vec(),
            ttl: None,
            interactive: true,
            pass_env: Vec::new(),
        }
    );
    assert_eq!(config.profiles["c"].secrets, ["MY_TOOL_TOKEN"]);
    assert_eq!(config.profiles["d"].key, KeySource::Absent);
    assert_eq!(config.profiles["e"].auth, Some(Auth::XGoogApiKey), "what the dialect usually wants");
}

#[test]
fn no_file_is_an_empty_configuration() {
    let dir = tempfile::tempdir().expect("a folder");
    let allow = AllowList::new(&dir.path().join("state"));
    let load = |path: &Path| load(path, dir.path(), &ProviderCheck::in_catalogue, &allow);
    let path = dir.path().join("config.toml");
    let config = load(&path).expect("nothing is fine");
    assert!(config.profiles.is_empty() && config.default.is_none() && config.path == path);
    // A folder that is not there is the same.
    load(&dir.path().join("no/such/config.toml")).expect("nothing is fine");
    std::fs::write(&path, "\u{feff}# by an editor of another system\r\n\r\n[profiles.a]\r\nprovider = \"openai\"\r\n")
        .expect("written");
    let config = load(&path).expect("a byte order mark and its line ends do no harm");
    assert_eq!(config.profiles["a"].defined_at, Some((path.clone(), 3)));
    assert_eq!(config.files(), [path]);
}

#[test]
fn what_is_no_readable_file_is_refused_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let allow = AllowList::new(&dir.path().join("state"));
    let path = dir.path().join("config.toml");
    let shown = path.display().to_string();
    let error = || load(&path, dir.path(), &ProviderCheck::in_catalogue, &allow).expect_err("refused").to_string();
    std::fs::write(&path, "#".repeat((1 << 20) + 1)).expect("written");
    assert_eq!(error(), format!("`{shown}` is larger than 1024 KiB"));
    std::fs::write(&path, [b"# ok\n# b\xe4d\n".as_slice(), b"x"].concat()).expect("written");
    assert_eq!(error(), format!("the file is not valid UTF-8\n  --> {shown}:2"));
    std::fs::write(&path, b"\xff\xfed\0").expect("written");
    assert_eq!(
        error(),
        format!(
            "the file is in UTF-16, not in UTF-8\n  --> {shown}\n\
             hint: save it as UTF-8; in PowerShell, `Set-Content -Encoding utf8` writes that"
        )
    );
    std::fs::remove_file(&path).expect("removed");
    std::fs::create_dir(&path).expect("created");
    assert_eq!(error(), format!("`{shown}` is a folder, not a file"));
    std::fs::remove_dir(&path).expect("removed");
    // A pipe nobody writes to: opening it the usual way would wait for ever.
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo runs").success());
    assert_eq!(error(), format!("`{shown}` is a pipe, not a file"));
}

#[test]
fn names_without_a_profile_are_told_and_stop_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    let allow = AllowList::new(&dir.path().join("state"));
    let path = dir.path().join("config.toml");
    let shown = path.display();
    std::fs::write(
        &path,
        "default = \"wrok\"\n[profiles.work]\nprovider = \"openai\"\n[[directory]]\npath = \"/x\"\nprofile = \"zzz\"\n",
    )
    .expect("written");
    let config: Config = load(&path, dir.path(), &ProviderCheck::in_catalogue, &allow).expect("usable");
    let problems: Vec<String> = config.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            format!(
                "`default`: there is no profile `wrok`; did you mean `work`?\n  --> {shown}:1\n\
                 hint: `llmenv list` shows the profiles there are"
            ),
            format!(
                "`profile`: there is no profile `zzz`\n  --> {shown}:4\n\
                 hint: `llmenv list` shows the profiles there are"
            ),
        ]
    );
    assert_eq!(config.profile("work").expect("there").name, "work");
    let error = config.profile("worl").expect_err("not there");
    assert_eq!(error.message, "there is no profile `worl`; did you mean `work`?");
    assert_eq!(error.exit_code(), 1);
}

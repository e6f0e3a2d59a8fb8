//! What is said about mistakes, word for word.

use super::{error_of, read_text};

/// Texts with the whole message that each of them gives.
fn assert_errors(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        assert_eq!(error_of(text), *expected, "for:\n{text}");
    }
}

#[test]
fn unknown_keys_name_the_one_that_was_meant() {
    assert_errors(&[
        (
            "[profiles.a]\nprovider = \"openai\"\nmodle = \"x\"\n",
            "unknown key `modle`; did you mean `model`?\n  --> /c/config.toml:3",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nbaseUrl = \"https://x.example\"\n",
            "unknown key `baseUrl`; did you mean `base_url`?\n  --> /c/config.toml:3",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\napi_base = \"https://x.example\"\n",
            "unknown key `api_base`; did you mean `base_url`?\n  --> /c/config.toml:3",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nmodels = { large = \"x\" }\n",
            "unknown key `large`; did you mean `big`?\n  --> /c/config.toml:3",
        ),
        ("defualt = \"a\"\n", "unknown key `defualt`; did you mean `default`?\n  --> /c/config.toml:1"),
        (
            "[network]\nhttp_proxy = \"http://p:1\"\n",
            "unknown key `http_proxy`; did you mean `https_proxy`?\n  --> /c/config.toml:2",
        ),
        (
            "zzzzz = 1\n",
            "unknown key `zzzzz`\n  --> /c/config.toml:1\n\
             hint: this file knows `default`, `include`, `profiles`, `directory`, `network`, `proxy`, `store` or `quiet`",
        ),
        (
            "model = \"x\"\n",
            "`model` belongs to a profile\n  --> /c/config.toml:1\nhint: put it below a line `[profiles.NAME]`",
        ),
        (
            "[[directory]]\npath = \"/x\"\nprofil = \"a\"\n",
            "unknown key `profil`; did you mean `profile`?\n  --> /c/config.toml:3",
        ),
        (
            "[[directory]]\npath = \"/x\"\n",
            "this `[[directory]]` has no `profile`\n  --> /c/config.toml:1\n\
             hint: add a line such as `profile = \"work\"`",
        ),
        (
            "[profiles.a]\nprovder = \"openai\"\n",
            "unknown key `provder`; did you mean `provider`?\n  --> /c/config.toml:2",
        ),
    ]);
}

#[test]
fn keys_pasted_into_the_file_are_refused_and_not_repeated() {
    let key = format!("sk-or-v1-{}", "0123456789abcdef".repeat(4));
    for text in [
        format!("[profiles.a]\nprovider = \"openai\"\napi_key = \"{key}\"\n"),
        format!("[profiles.a]\nprovider = \"openai\"\nOPENAI_API_KEY = \"{key}\"\n"),
        format!("[profiles.a]\nprovider = \"openai\"\ntoken = {key}\n"),
        format!("[profiles.a]\nprovider = \"openai\"\nkey = \"{key}\"\n"),
        format!("api_key = \"{key}\"\n"),
        format!("[profiles.a]\nprovider = \"openai\"\nserve = [\"{key}\"]\n"),
        format!("[profiles.a]\nprovider = \"openai\"\nbilling = \"{key}\"\n"),
        format!("export OPENAI_API_KEY={key}\n"),
        format!("OPENAI_API_KEY={key}\n"),
        format!("$env:OPENAI_API_KEY=\"{key}\"\n"),
        format!("[profiles.a]\nbase_url = \"https://user:{key}@host.example/v1\"\n"),
        format!("[profiles.a]\nproxy = \"{key}\"\n"),
        format!("[network]\nhttps_proxy = \"ftp://user:{key}@proxy\"\n"),
        format!("key = \"{key}\n"),
    ] {
        let said = error_of(&text);
        assert!(!said.contains("0123456789abcdef"), "{said}");
    }
    assert_errors(&[
        (
            "[profiles.a]\nprovider = \"openai\"\napi_key = \"x\"\n",
            "`api_key`: keys are not kept in this file\n  --> /c/config.toml:3\n\
             hint: remove the line, then store the key with `llmenv add NAME` or `llmenv rotate NAME`",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = \"x\"\n",
            "`key` says where the key is, it does not hold it\n  --> /c/config.toml:3\n\
             hint: remove the line and run `llmenv add NAME`, or write `key = { file = \"/run/secrets/api_key\" }`",
        ),
    ]);
}

#[test]
fn grammar() {
    assert_errors(&[
        ("a = \n", "a value is missing after `=`\n  --> /c/config.toml:1"),
        (
            "default = work\n",
            "a text must stand in quotes\n  --> /c/config.toml:1\nhint: write it as `name = \"value\"`",
        ),
        ("default = “work”\n", "these are typographic quotes\n  --> /c/config.toml:1\nhint: write straight ones: `\"`"),
        ("quiet = True\n", "expected `true` or `false`, in small letters\n  --> /c/config.toml:1"),
        (
            "[profiles.a]\nprovider = \"openai\"\n[profiles.a]\nmodel = \"x\"\n",
            "`a` is defined twice\n  --> /c/config.toml:3\nhint: keep one of the two",
        ),
        (
            "\n\nexport A=b\n",
            "this is a shell command, and the file is TOML\n  --> /c/config.toml:3\n\
             hint: write it as `name = \"value\"`; a key is stored with `llmenv add`",
        ),
        ("[profiles.a\n", "not valid TOML: unclosed table, expected `]`\n  --> /c/config.toml:1"),
    ]);
}

#[test]
fn types_and_words() {
    let in_profile = |line: &str| error_of(&format!("[profiles.a]\nprovider = \"openai\"\n{line}\n"));
    for (line, expected) in [
        ("model = 5", "`model` must be a text in quotes, not a number\n  --> /c/config.toml:3"),
        ("model = \"\"", "`model` is empty\n  --> /c/config.toml:3\nhint: give it a value, or remove the line"),
        ("model = \"a\\nb\"", "`model` must be one line without control characters\n  --> /c/config.toml:3"),
        ("proxy = \"yes\"", "`proxy` must be `true` or `false`, not a text\n  --> /c/config.toml:3"),
        ("serve = \"openai\"", "`serve` must be a list such as `[\"openai\"]`, not a text\n  --> /c/config.toml:3"),
        (
            "serve = [\"openia\"]",
            "`serve` cannot be `openia`; did you mean `openai`?\n  --> /c/config.toml:3\n\
             hint: it is one of `openai`, `anthropic` or `gemini`",
        ),
        ("serve = [\"openai\", \"openai\"]", "`serve` names `openai` twice\n  --> /c/config.toml:3"),
        (
            "serve = []",
            "`serve` is empty\n  --> /c/config.toml:3\n\
             hint: name the families to set, or remove the line for the provider's own",
        ),
        (
            "billing = \"free\"",
            "`billing` cannot be `free`\n  --> /c/config.toml:3\n\
             hint: it is one of `metered`, `subscription` or `local`",
        ),
        (
            "auth = \"Bearer\"",
            "`auth` cannot be `Bearer`; did you mean `bearer`?\n  --> /c/config.toml:3\n\
             hint: it is one of `bearer`, `x-api-key`, `api-key`, `x-goog-api-key`, `none` or `client`",
        ),
        (
            "base_url = \"api.example.com/v1\"",
            "`base_url` must be an address such as `https://api.example.com/v1`\n  --> /c/config.toml:3",
        ),
        (
            "base_url = \"file:///etc/passwd\"",
            "`base_url` must start with `https://` (or `http://` for this machine)\n  --> /c/config.toml:3",
        ),
        ("headers = { \"a b\" = \"x\" }", "`a b` cannot be the name of a header\n  --> /c/config.toml:3"),
        (
            "headers = { Authorization = \"Bearer x\" }",
            "`headers` may not set `Authorization`\n  --> /c/config.toml:3\n\
             hint: llmenv sends it itself; a key belongs in the store",
        ),
        (
            "headers = { X-Title = \"a\\r\\nX-Evil: 1\" }",
            "`X-Title` must be one line without control characters\n  --> /c/config.toml:3",
        ),
        (
            "headers = { X-Title = \"größer\" }",
            "`X-Title` must be plain ASCII without blanks at its ends\n  --> /c/config.toml:3",
        ),
    ] {
        assert_eq!(in_profile(line), expected, "{line}");
    }
    assert_errors(&[
        (
            "store = \"keyrng\"\n",
            "`store` cannot be `keyrng`; did you mean `keyring`?\n  --> /c/config.toml:1\n\
             hint: it is one of `keyring` or `file`",
        ),
        ("[proxy]\nport = 80\n", "`port` must be between 1024 and 65535\n  --> /c/config.toml:2"),
        (
            "[proxy]\nallow_origins = [\"*\"]\n",
            "each of `allow_origins` must be an origin as a browser sends it\n  --> /c/config.toml:2\n\
             hint: write scheme, host and port alone, such as `http://localhost:5173`",
        ),
        (
            "proxy = true\n",
            "`proxy` belongs to a profile\n  --> /c/config.toml:1\n\
             hint: put `proxy = true` below a line `[profiles.NAME]`; `[proxy]` holds `port` and `allow_origins`",
        ),
        (
            "[network]\nno_proxy = [\"a.example,b.example\"]\n",
            "each of `no_proxy` must be one host, domain or network, such as `10.0.0.0/8`\n  --> /c/config.toml:2",
        ),
    ]);
}

#[test]
fn profiles_as_a_whole() {
    assert_errors(&[
        (
            "[profiles.a]\nmodel = \"x\"\n",
            "profile `a` names no provider\n  --> /c/config.toml:1\n\
             hint: add a line such as `provider = \"openrouter\"`, or `provider = \"custom\"` with `base_url` and `dialect`",
        ),
        (
            "[profiles.a]\nprovider = \"openruter\"\n",
            "unknown provider `openruter`; did you mean `openrouter`?\n  --> /c/config.toml:2\n\
             hint: `llmenv providers` lists them; `custom` takes any `base_url`",
        ),
        (
            "[profiles.a]\nprovider = \"custom\"\nbase_url = \"http://127.0.0.1:1\"\n",
            "profile `a` is `custom` and needs `dialect`\n  --> /c/config.toml:1\n\
             hint: add a line such as `dialect = \"openai-chat\"`",
        ),
        (
            "[profiles.Work]\nprovider = \"openai\"\n",
            "`Work` cannot be a profile name\n  --> /c/config.toml:1\n\
             hint: use up to 32 of a-z, 0-9, `-` and `_`, starting with a letter or digit",
        ),
        (
            "[profiles.auto]\nprovider = \"openai\"\n",
            "`auto` is a reserved word and cannot be a profile name\n  --> /c/config.toml:1\n\
             hint: choose another one, such as `auto-1`",
        ),
        (
            "[profiles]\na = \"openai\"\n",
            "`a` must be a table such as `[profiles.work]`, not a text\n  --> /c/config.toml:2",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = { command = [\"op\", \"read\"] }\n",
            "`command` must start with the full path of a program\n  --> /c/config.toml:3\nhint: `command -v op` shows it",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = { command = \"op read\" }\n",
            "`command` must be a list such as `[\"/usr/bin/op\", \"read\", \"op://…\"]`, not a text\n  --> /c/config.toml:3",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = { file = \"keys/x\" }\n",
            "`file` must be an absolute path or start with `~/`\n  --> /c/config.toml:3",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = { file = \"/k\", ttl = \"8h\" }\n",
            "`ttl` goes with `command`, not with `file`\n  --> /c/config.toml:3",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = { command = [\"/op\"], ttl = \"8\" }\n",
            "`8` is not a duration\n  --> /c/config.toml:3\nhint: write it like `90s`, `30m`, `2h`, `1h30m` or `1d`",
        ),
        (
            "[profiles.a]\nprovider = \"openai\"\nkey = { }\n",
            "`key` has neither `file` nor `command`\n  --> /c/config.toml:3\n\
             hint: write `key = { file = \"/run/secrets/api_key\" }`",
        ),
        (
            "[profiles.a]\nprovider = \"ollama\"\nauth = \"none\"\nkey = { file = \"/k\" }\n",
            "profile `a` has `auth = \"none\"` and takes no `key`\n  --> /c/config.toml:4",
        ),
    ]);
}

#[test]
fn rules_and_includes() {
    let with_path = |path: &str| error_of(&format!("[[directory]]\nprofile = \"a\"\npath = \"{path}\"\n"));
    for (path, expected) in [
        ("work", "`path` must be an absolute path or start with `~/`\n  --> /c/config.toml:3"),
        ("$HOME/work", "`path` must be an absolute path or start with `~/`\n  --> /c/config.toml:3"),
        ("~other/work", "`path` must be an absolute path or start with `~/`\n  --> /c/config.toml:3"),
        ("~/a/../b", "`path` must not hold `..`\n  --> /c/config.toml:3"),
        ("~/a**/b", "`path` may hold `**` only as a whole name, as in `~/work/**`\n  --> /c/config.toml:3"),
    ] {
        assert_eq!(with_path(path), expected, "{path}");
    }
    assert_errors(&[
        (
            "[directory]\npath = \"~/a\"\nprofile = \"a\"\n",
            "`directory` is a list of tables\n  --> /c/config.toml:1\n\
             hint: write `[[directory]]`, with two brackets, above each rule",
        ),
        (
            "include = \"~/a.toml\"\n",
            "`include` must be a list such as `[\"~/team/llmenv.toml\"]`, not a text\n  --> /c/config.toml:1",
        ),
        ("include = [\"a.toml\"]\n", "`include` must be an absolute path or start with `~/`\n  --> /c/config.toml:1"),
    ]);
}

#[test]
fn t13_denied_names() {
    let name_in = |name: &str| {
        [format!("env = {{ {name} = \"x\" }}"), format!("secrets = [\"{name}\"]"), format!("also = [\"{name}\"]")]
    };
    for name in [
        "PATH",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "DYLD_INSERT_LIBRARIES",
        "BASH_ENV",
        "ENV",
        "PROMPT_COMMAND",
        "PS1",
        "PS4",
        "PSModulePath",
        "PSExecutionPolicyPreference",
        "IFS",
        "SHELLOPTS",
        "BASHOPTS",
        "ZDOTDIR",
        "fish_function_path",
        "NODE_OPTIONS",
        "PYTHONSTARTUP",
        "PYTHONPATH",
        "RUBYOPT",
        "PERL5OPT",
        "GIT_SSH_COMMAND",
        "GIT_CONFIG_GLOBAL",
        "EDITOR",
        "PAGER",
        "http_proxy",
        "HTTPS_PROXY",
        "all_proxy",
        "no_proxy",
        "LLMENV_STATE",
        "BASH_FUNC_x",
        "HOME",
        "path",
    ] {
        for (key, line) in ["env", "secrets", "also"].iter().zip(name_in(name)) {
            assert_eq!(
                error_of(&format!("[profiles.a]\nprovider = \"openai\"\n{line}\n")),
                format!(
                    "`{key}` may not set `{name}`\n  --> /c/config.toml:3\n\
                     hint: it steers shells or programs; llmenv sets accounts alone"
                )
            );
        }
    }
    for name in ["A B", "A=B", "1A", "", "A;touch x", "$(touch x)", "BASH_FUNC_x%%", "a-b", "ä"] {
        let line = format!("env = {{ '{name}' = \"x\" }}");
        let said = error_of(&format!("[profiles.a]\nprovider = \"openai\"\n{line}\n"));
        assert_eq!(
            said,
            format!(
                "`{name}` cannot be the name of a variable\n  --> /c/config.toml:3\n\
                 hint: use letters, digits and `_`, not a digit first"
            )
        );
    }
    // Values are one line without controls; what a shell would read otherwise is no matter here.
    for value in [r#""a\nb""#, r#""a\u0000b""#, r#""a\u001bb""#, r#""a\rb""#, "5", "true"] {
        let said = error_of(&format!("[profiles.a]\nprovider = \"openai\"\nenv = {{ MY_TOOL = {value} }}\n"));
        assert!(said.starts_with("`MY_TOOL` must be "), "{said}");
    }
    // The control: names and values of somebody's own tools pass.
    let config = read_text(
        "[profiles.a]\nprovider = \"openai\"\nenv = { MY_TOOL = \"$(x) `y` 'z'\", EMPTY = \"\" }\nsecrets = [\"A_TOKEN\"]\n",
    )
    .expect("good");
    assert_eq!(config.profiles["a"].env["MY_TOOL"], "$(x) `y` 'z'");
    assert_eq!(config.profiles["a"].env["EMPTY"], "");
}

#[test]
fn every_mistake_is_told_with_its_line() {
    let mut text = String::from("[profiles.a]\nprovider = \"openai\"\nmodle = \"x\"\nserve = \"openai\"\nproxy = 1\n");
    assert_eq!(
        error_of(&text),
        "unknown key `modle`; did you mean `model`?\n  --> /c/config.toml:3\n  \
         --> /c/config.toml:4: `serve` must be a list such as `[\"openai\"]`, not a text\n  \
         --> /c/config.toml:5: `proxy` must be `true` or `false`, not a number"
    );
    text.extend((0..10).map(|i| format!("[profiles.b{i}]\n")));
    let said = error_of(&text);
    assert_eq!(said.lines().filter(|line| line.starts_with("  --> ")).count(), 6, "{said}");
    assert!(said.ends_with("  --> /c/config.toml: 8 more"), "{said}");
}

#[test]
fn a_hostile_name_cannot_move_the_cursor() {
    let said = error_of("\"a\\u001b[2Jb\" = 1\n");
    assert!(said.starts_with("unknown key `a\\u{1b}[2Jb`"), "{said:?}");
}

#[test]
fn a_file_made_of_mistakes_or_profiles_takes_no_time() {
    // Each would take minutes if a line were counted, or a name compared, once for every other.
    let mistakes = (0..60_000).map(|i| format!("unknown-{i} = 1\n")).collect::<Vec<_>>().concat();
    assert!(error_of(&mistakes).ends_with(" more\nhint: this file knows `default`, `include`, `profiles`, `directory`, `network`, `proxy`, `store` or `quiet`"));
    let profiles =
        (0..20_000).map(|i| format!("[profiles.p{i}]\nprovider = \"openai\"\n")).collect::<Vec<_>>().concat();
    assert_eq!(
        read_text(&profiles).expect("good").profiles["p19999"].defined_at,
        Some(("/c/config.toml".into(), 39_999))
    );
    for text in ["[".repeat(100_000), "a.".repeat(100_000), format!("a = {}", "[".repeat(100_000)), "{".repeat(100_000)]
    {
        assert!(read_text(&text).is_err());
    }
}

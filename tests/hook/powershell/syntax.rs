//! The text itself: grammar, the words of Windows PowerShell 5.1, ASCII. Needs no PowerShell.

use std::collections::BTreeMap;

use llmenv::env_patch::EnvPatch;
use llmenv::shell::{emit, format};

use crate::support::Home;

const HOOK: &str = include_str!("../../../shell/hook.ps1");

/// What Windows PowerShell 5.1 does not read, or reads as something else.
const NEWER: &[&str] = &[
    "??",
    "?.",
    "&&",
    "||",
    "`e",
    "`u{",
    "-Parallel",
    "-AsHashtable",
    "TickCount64",
    "$IsWindows",
    "$IsLinux",
    "$PSStyle",
    "clean {",
    "-isnot [semver]",
    "ForEach-Object -Parallel",
    "= 'Ignore'",
    "0b1",
    "using namespace",
];

/// Says whether the grammar finds nothing wrong.
fn parses(text: &str) -> bool {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    !parser.parse(text, None).unwrap().root_node().has_error()
}

/// The code without its comments.
fn code(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with('#')).map(|line| format!("{line}\n")).collect()
}

fn newer_words(text: &str) -> Vec<&'static str> {
    let code = code(text);
    NEWER.iter().copied().filter(|word| code.contains(word)).collect()
}

fn assert_reads_everywhere(what: &str, text: &str) {
    assert!(parses(text), "{what} does not parse");
    assert!(text.is_ascii(), "{what} has characters beyond ASCII");
    assert_eq!(newer_words(text), [""; 0], "{what} has what 5.1 does not read");
}

#[test]
fn the_hook_parses_in_both_editions() {
    assert_reads_everywhere("hook.ps1", HOOK);
}

#[test]
fn what_is_printed_parses_in_both_editions() {
    let home = Home::new();
    for args in [["init", "powershell"], ["completions", "powershell"]] {
        let printed = home.llmenv(&args);
        assert_eq!((printed.stderr.as_str(), printed.code), ("", 0), "{args:?}");
        assert!(printed.stdout.len() > 1000, "{args:?}");
        assert!(parses(&printed.stdout), "{args:?}");
        assert!(printed.stdout.is_ascii(), "{args:?}");
    }
    assert!(!home.llmenv(&["init", "powershell"]).stdout.contains("__LLMENV_PROGRAM"));
    let mut patch = EnvPatch::default();
    let values = ["plain", "it's", "a\u{2019}; 'x", "$(x)`\"", "鍵 🔑", "-n", " b ", "\u{201c}\u{201e}"];
    let names: BTreeMap<String, &str> =
        values.iter().enumerate().map(|(n, value)| (format!("V_{n}"), *value)).collect();
    for (name, value) in &names {
        patch.set(name.clone(), (*value).to_owned());
    }
    patch.unset("V_GONE");
    assert_reads_everywhere("env --format powershell", &emit(format("powershell").unwrap(), &patch).unwrap().text);
}

/// The controls: broken code and newer words are seen.
#[test]
fn broken_and_newer_code_is_seen() {
    for broken in ["function f { if ($x) { 'y' }", "$x = @{ a = 1", "foreach ($x in ) { }", "'open", "if { }"] {
        assert!(!parses(broken), "{broken}");
    }
    let cut = &HOOK[..HOOK.len() / 2];
    assert!(!parses(cut));
    assert_eq!(newer_words("$x = $y ?? 1\n# a && b\n"), ["??"]);
    assert_eq!(newer_words("a && b"), ["&&"]);
    assert!(!"’".is_ascii());
}

/// Threat T13: the names that the hook refuses are those that the program refuses, and a few that only matter here.
#[test]
fn t13_the_hook_refuses_the_same_names() {
    let start = HOOK.find("function global:__llmenv_is_allowed").unwrap();
    let text = &HOOK[start..start + HOOK[start..].find("\n  }\n").unwrap()];
    let pattern: String = text.split('\'').skip(1).step_by(2).collect();
    let (_, deny) = pattern.split_once("{0,127}\\z").unwrap();
    let deny = deny.split("IgnoreCase").next().unwrap().replace("\\A", "^").replace("\\z", "$");
    let deny = regex_lite::RegexBuilder::new(&deny).case_insensitive(true).build().unwrap();
    for name in [
        "PATH",
        "Path",
        "HOME",
        "USER",
        "SHELL",
        "ENV",
        "IFS",
        "LD_PRELOAD",
        "DYLD_INSERT_LIBRARIES",
        "BASH_ENV",
        "BASHOPTS",
        "PROMPT_COMMAND",
        "PSModulePath",
        "PS1",
        "PYTHONPATH",
        "PERL5OPT",
        "RUBYOPT",
        "NODE_OPTIONS",
        "NODE_PATH",
        "GIT_SSH",
        "XDG_CONFIG_HOME",
        "LLMENV_STATE",
        "LLMENV_HOOK",
        "CARGO_HOME",
        "NPM_CONFIG_PREFIX",
        "PIP_INDEX_URL",
        "ZSH_VERSION",
        "GLIBC_TUNABLES",
        "MALLOC_CHECK_",
        "FISH_X",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "MANPAGER",
        "BROWSER",
        "HTTP_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "NODE_TLS_REJECT_UNAUTHORIZED",
        "CODEX_HOME",
        "CLAUDE_CONFIG_DIR",
        "COMSPEC",
        "PATHEXT",
        "SYSTEMROOT",
        "WINDIR",
        "TEMP",
        "TMP",
        "TMPDIR",
        "TERM",
        "PWD",
        "OLDPWD",
        "CC",
        "CXX",
        "MAKEFLAGS",
        "_",
        "JAVA_TOOL_OPTIONS",
        "_JAVA_OPTIONS",
        "CLASSPATH",
        "RUSTC_WRAPPER",
        "OPENSSL_CONF",
        "LESSOPEN",
        "UID",
        "STATUS",
    ] {
        assert!(!llmenv::env_patch::is_allowed_name(name), "{name}: the control");
        assert!(deny.is_match(name), "{name}");
    }
    for name in ["DOTNET_STARTUP_HOOKS", "CORECLR_PROFILER_PATH", "COR_PROFILER", "COMPlus_X", "POWERSHELL_UPDATECHECK"]
    {
        assert!(deny.is_match(name), "{name}");
    }
    for name in ["OPENAI_API_KEY", "ANTHROPIC_BASE_URL", "MY_PATH", "CCX", "HOMER", "OR_API_KEY", "AWKWARD_1", "TMPX"] {
        assert!(llmenv::env_patch::is_allowed_name(name) && !deny.is_match(name), "{name}");
    }
}

//! What a shell is to set and unset: the one object that travels from the daemon to every consumer.

use std::collections::BTreeMap;

use crate::secret::Secret;

/// Names and values to set, and names to unset, as one piece.
#[derive(Clone, Debug, Default)]
pub struct EnvPatch {
    /// `Some(value)` sets the variable, `None` unsets it.
    pub vars: BTreeMap<String, Option<Secret>>,
}

impl EnvPatch {
    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Secret>) {
        self.vars.insert(name.into(), Some(value.into()));
    }

    /// Unsets a variable, unless this patch sets it already.
    pub fn unset(&mut self, name: impl Into<String>) {
        self.vars.entry(name.into()).or_insert(None);
    }

    /// Says whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        self.vars.is_empty()
    }
}

/// Says whether a value may be put into a variable: one line, no control character.
pub fn is_servable(value: &str) -> bool {
    !value.chars().any(char::is_control)
}

/// Says whether a name may be a variable of ours: `[A-Za-z_][A-Za-z0-9_]*`, and none that steers a shell, a loader or an interpreter.
///
/// The deny-list keeps a profile, an included file or a fake daemon from turning a value into code.
pub fn is_allowed_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let well_formed = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.len() <= 128;
    well_formed && !is_denied(&name.to_ascii_uppercase())
}

/// Says whether a name may come from the daemon: one of those, or the proxy's token, which no configuration can set.
pub fn is_served_name(name: &str) -> bool {
    name == "LLMENV_TOKEN" || is_allowed_name(name)
}

fn is_denied(upper: &str) -> bool {
    const NAMES: &[&str] = &[
        "PATH",
        "HOME",
        "USER",
        "LOGNAME",
        "SHELL",
        "ENV",
        "BASH_ENV",
        "IFS",
        "CDPATH",
        "SHELLOPTS",
        "BASHOPTS",
        "ZDOTDIR",
        "PWD",
        "OLDPWD",
        "TERM",
        "TMPDIR",
        "TEMP",
        "TMP",
        "EDITOR",
        "VISUAL",
        "PAGER",
        "BROWSER",
        "NODE_OPTIONS",
        "NODE_PATH",
        "RUBYOPT",
        "RUBYLIB",
        "PERL5OPT",
        "PERL5LIB",
        "PERL5DB",
        "JAVA_TOOL_OPTIONS",
        "JDK_JAVA_OPTIONS",
        "_JAVA_OPTIONS",
        "CLASSPATH",
        "COMSPEC",
        "PATHEXT",
        "SYSTEMROOT",
        "WINDIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
        "CURL_CA_BUNDLE",
        "NODE_EXTRA_CA_CERTS",
        "NODE_TLS_REJECT_UNAUTHORIZED",
        "DBUS_SESSION_BUS_ADDRESS",
        "CODEX_HOME",
        "CLAUDE_CONFIG_DIR",
        "RUSTC_WRAPPER",
        "CC",
        "CXX",
        "MAKEFLAGS",
        "MANPAGER",
        "LESSOPEN",
        "LESSCLOSE",
        "FPATH",
        "MAILPATH",
        "HISTFILE",
        "INPUTRC",
        "TERMINFO",
        "LOCPATH",
        "GCONV_PATH",
        "HOSTALIASES",
        "RESOLV_HOST_CONF",
        "OPENSSL_CONF",
        "_",
        "UID",
        "EUID",
        "PPID",
        "SECONDS",
        "RANDOM",
        "REPLY",
        "STATUS",
        "ARGV",
        // Integers of bash and zsh: what is assigned is evaluated as arithmetic, and a subscript in it runs commands.
        "BASHPID",
        "COLUMNS",
        "DIRSTACKSIZE",
        "EGID",
        "ERRNO",
        "FUNCNEST",
        "GID",
        "HISTCMD",
        "HISTSIZE",
        "KEYTIMEOUT",
        "LINES",
        "LISTMAX",
        "LOGCHECK",
        "MAILCHECK",
        "OPTIND",
        "SAVEHIST",
        "SHLVL",
        "SRANDOM",
        "TMOUT",
        "TRY_BLOCK_ERROR",
        "TRY_BLOCK_INTERRUPT",
        // Prompts, commands and modules of zsh.
        "MODULE_PATH",
        "NULLCMD",
        "POSTEDIT",
        "READNULLCMD",
        "RPS1",
        "RPS2",
        "SPROMPT",
    ];
    const PREFIXES: &[&str] = &[
        "LD_",
        "PROMPT",
        "RPROMPT",
        "DYLD_",
        "BASH_",
        "PS",
        "FISH_",
        "PYTHON",
        "GIT_",
        "XDG_",
        "LLMENV_",
        "__LLMENV",
        "CARGO_",
        "NPM_CONFIG_",
        "PIP_",
        "MALLOC_",
        "ZSH_",
        "GLIBC_",
    ];
    NAMES.contains(&upper) || PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
}

//! The command line's definition, and nothing else: help, completions and usage errors come from it.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// The right LLM key and base URL in every shell
#[derive(Debug, Parser)]
#[command(
    name = "llmenv",
    bin_name = "llmenv",
    version,
    disable_help_subcommand = true,
    after_help = "`llmenv` alone prints the status. `llmenv COMMAND -h` shows what it takes, `--help` has examples, too.",
    max_term_width = 110
)]
pub struct Cli {
    /// What to do; nothing: the status.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The commands, in the order in which help lists them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// First run: the hook in the shell's start-up file, the store, the keys found here
    #[command(
        after_long_help = "Examples:\n  llmenv setup\n  llmenv setup --yes --shell zsh --store file\n  llmenv setup --undo"
    )]
    Setup(Setup),
    /// Add a profile: a provider account with its key
    #[command(after_long_help = "Examples:
  llmenv add                                              asks for what it needs
  printf %s \"$KEY\" | llmenv add work --provider openrouter --key-stdin
  llmenv add lab -p custom --base-url http://127.0.0.1:8000/v1 --dialect openai-chat --auth none
  llmenv add vault --provider openai --key-ref 'command:/usr/bin/pass show openai'
  llmenv add acme                                         a team's: asks for the key alone")]
    Add(Add),
    /// Replace a profile's key
    #[command(after_long_help = "Example:\n  printf %s \"$NEW_KEY\" | llmenv rotate work --key-stdin")]
    Rotate(Rotate),
    /// Change a profile: by flags, or the configuration in your editor
    #[command(after_long_help = "Examples:
  llmenv edit work --model openai/gpt-5 --account me@home
  llmenv edit work --unset model
  llmenv edit lab --base-url https://lab.example.com/v1 --bind-to lab.example.com
  llmenv edit work                                        opens $VISUAL or $EDITOR")]
    Edit(Edit),
    /// Give a profile another name
    Rename(Rename),
    /// Remove a profile and its key
    Remove(Remove),
    /// List the profiles
    List(Report),
    /// Show a profile
    Show(Show),
    /// Choose the profile of this shell
    #[command(after_long_help = "Examples:
  llmenv use work            in this shell, until `llmenv off` or `llmenv use --auto`
  llmenv use -               the one before
  llmenv use work --for 2h
  llmenv use work --here     in this directory and below it
  llmenv use work --global   wherever nothing else says so")]
    Use(Use),
    /// Nothing active in this shell
    Off(Off),
    /// What is active here, and why
    Status(Status),
    /// Run a command with a profile's pair
    #[command(after_long_help = "Examples:
  llmenv exec work -- claude
  llmenv exec -- python app.py        what this directory gives

Exit status: the command's own; 125 llmenv failed, 126 not executable, 127 not found.")]
    Exec(Exec),
    /// Print a profile's pair for a shell or a file
    #[command(after_long_help = "Examples:
  eval \"$(llmenv env work --format bash)\"
  llmenv env work --format json
  llmenv env --quiet --format bash       in a start-up line: nothing where no profile is active")]
    Env(Env),
    /// Every place that sets a variable, and what each sort of program gets
    #[command(
        after_long_help = "Examples:\n  llmenv why                   keys and base URLs\n  llmenv why OPENAI_API_KEY\n  llmenv why --tool aider"
    )]
    Why(Why),
    /// What is wrong here: values, contradictions, programs with an old key
    #[command(
        after_long_help = "Looks at this shell's environment, `.env` files from here up to the home (with --tree: below here too), start-up files, tmux,
direnv, mise, editors, containers, tools and running programs. Exit status 1: something was found.

Examples:
  llmenv doctor
  llmenv doctor --fix        shows what it would change in `.env` files, and asks"
    )]
    Doctor(Doctor),
    /// Try a profile at its provider: does it take the key, what is left to spend
    #[command(after_long_help = "Examples:
  llmenv check                        the profile that is active here
  llmenv check work
  llmenv check --all --json

One request goes to the host that the key is bound to; no model is called. Exit status 1: a profile does not work.")]
    Check(Check),
    /// Give files that llmenv changed their earlier content back
    #[command(after_long_help = "Examples:
  llmenv undo                the last change
  llmenv undo --list         what can be undone; each is kept for 30 days
  llmenv undo 3f9a --show    what undoing it would change")]
    Undo(Undo),
    /// What an error means: its cause, whose key was sent, what to do
    #[command(after_long_help = "Examples:
  llmenv explain '401 User not found.'
  python app.py 2>&1 | llmenv explain
  llmenv explain                      paste the error, then Ctrl-D")]
    Explain(Explain),
    /// Take over keys that lie in files and in this environment
    #[command(after_long_help = "Examples:
  llmenv import                 looks everywhere it knows, shows what it finds, asks
  llmenv import --dry-run       shows what there is and does nothing
  llmenv import --rewrite       takes the keys out of the files, too; `llmenv undo` puts them back
  llmenv import .env.local --yes --name work
  llmenv import settings.txt --format dotenv

Looks at this environment, `.env` files from here up to the home, start-up files of bash, zsh, fish and PowerShell,
settings of Claude Code, Codex, aider and opencode, and the configuration of samestrin/llm-env.")]
    Import(Import),
    /// What a tool needs besides variables: printed, or written into its settings
    #[command(after_long_help = "Examples:
  llmenv client                     the tools that are known
  llmenv client codex               what Codex needs for the profile that is active here
  llmenv client codex work --write  writes it into Codex' settings; `llmenv undo` takes it back")]
    Client(Client),
    /// The catalogue of providers
    #[command(after_long_help = "Examples:\n  llmenv providers\n  llmenv providers openrouter")]
    Providers(Providers),
    /// Let a directory's `.llmenv.toml`, or an included file, take effect
    #[command(after_long_help = "Examples:\n  llmenv allow\n  llmenv allow ~/work/acme/llmenv-team.toml")]
    Allow(Allow),
    /// Take that back
    Deny(Allow),
    /// The local proxy: tools get a token, the key stays in the background process
    #[command(after_long_help = "Examples:
  llmenv proxy on work --serve openai,anthropic
  llmenv proxy                       where it listens, who may use it, what is under way
  llmenv proxy log
  llmenv proxy revoke codex")]
    Proxy(Proxy),
    /// Look after the background process
    Daemon(Daemon),
    /// Open the store, or fetch the key that a program gives
    Unlock(Unlock),
    /// Close everything: no shell has a key until `llmenv unlock`
    Lock,
    /// Print a shell's hook
    #[command(after_long_help = "Examples:
  eval \"$(llmenv init bash)\"        in ~/.bashrc
  eval \"$(llmenv init zsh)\"         in ~/.zshrc
  llmenv init fish | source         in ~/.config/fish/config.fish
  . ([scriptblock]::Create((& llmenv init powershell) -join \"`n\"))  in $PROFILE
  llmenv init direnv > ~/.config/direnv/lib/llmenv.sh  `use llmenv` in a .envrc")]
    Init(Init),
    /// Print a shell's completions
    Completions(Completions),
    /// Print a manual page, or write all of them
    #[command(after_long_help = "Examples:
  llmenv man add | man -l -
  llmenv man --to ~/.local/share/man/man1        then `man llmenv-add` works")]
    Man(Man),
    /// For hooks only
    #[command(hide = true, disable_help_flag = true)]
    Hook(Hook),
}

/// How to report.
#[derive(Debug, Default, Clone, Copy, Args)]
pub struct Report {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `llmenv status`.
#[derive(Debug, Default, Clone, Copy, Args)]
pub struct Status {
    /// What went through the proxy, by day and profile
    #[arg(long)]
    pub usage: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// Where keys can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreChoice {
    /// The operating system's keyring.
    Keyring,
    /// An encrypted file.
    File,
}

/// `llmenv setup`.
#[derive(Debug, Args)]
pub struct Setup {
    /// The shell to set up (bash, zsh, fish, powershell); without it, the one that runs this
    #[arg(long, value_name = "SHELL")]
    pub shell: Option<String>,
    /// Where to keep keys
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreChoice>,
    /// Do it without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Take out what setup wrote
    #[arg(long)]
    pub undo: bool,
}

/// Where a key comes from. At most one; none: asked at a terminal.
#[derive(Debug, Default, Args)]
pub struct KeyInput {
    /// Read the key from standard input
    #[arg(long, group = "key_input")]
    pub key_stdin: bool,
    /// Read the key from a file, once
    #[arg(long, group = "key_input", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key_file: Option<PathBuf>,
    /// Take the key even if it does not look like one of this provider
    #[arg(long)]
    pub force: bool,
    /// Do not try the key at the provider
    #[arg(long)]
    pub no_check: bool,
}

/// What can be said about a profile.
#[derive(Debug, Default, Args)]
pub struct Fields {
    /// The base URL, where it differs from the provider's
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url)]
    pub base_url: Option<String>,
    /// The model to use by default
    #[arg(long, value_name = "MODEL")]
    pub model: Option<String>,
    /// Families of variables to set: openai, anthropic, gemini
    #[arg(long, value_name = "FAMILIES", value_delimiter = ',')]
    pub serve: Vec<String>,
    /// Whose account it is, for `status`
    #[arg(long, value_name = "TEXT")]
    pub account: Option<String>,
    /// Who pays: metered, subscription, local
    #[arg(long, value_name = "HOW", hide_possible_values = true, value_parser = ["metered", "subscription", "local"])]
    pub billing: Option<String>,
    /// For `custom`: what the endpoint speaks
    #[arg(long, value_name = "DIALECT", value_parser = ["anthropic-messages", "openai-chat", "openai-responses", "gemini"])]
    pub dialect: Option<String>,
    /// How the endpoint wants to see the key
    #[arg(long, value_name = "WAY", value_parser = ["bearer", "x-api-key", "api-key", "x-goog-api-key", "none", "client"])]
    pub auth: Option<String>,
    /// The provider's organization
    #[arg(long, value_name = "ID")]
    pub organization: Option<String>,
    /// The provider's project
    #[arg(long, value_name = "ID")]
    pub project: Option<String>,
    /// The API version
    #[arg(long, value_name = "VERSION")]
    pub api_version: Option<String>,
    /// The deployment
    #[arg(long, value_name = "NAME")]
    pub deployment: Option<String>,
}

/// `llmenv add`.
#[derive(Debug, Args)]
pub struct Add {
    /// The profile's name; without it, the provider's
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// The provider, as `llmenv providers` lists it, or `custom`
    #[arg(long, short = 'p', value_name = "ID")]
    pub provider: Option<String>,
    /// What else the profile says.
    #[command(flatten)]
    pub fields: Fields,
    /// Where its key comes from.
    #[command(flatten)]
    pub key: KeyInput,
    /// Keep a reference instead of a key: `file:PATH` or `command:PROGRAM ARGUMENTS`
    #[arg(long, group = "key_input", value_name = "REF")]
    pub key_ref: Option<String>,
    /// Where to keep keys, where nothing was chosen yet
    #[arg(long, value_enum, value_name = "STORE")]
    pub store: Option<StoreChoice>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv rotate`.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Where its key comes from.
    #[command(flatten)]
    pub key: KeyInput,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv edit`.
#[derive(Debug, Args)]
pub struct Edit {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// The provider, as `llmenv providers` lists it, or `custom`
    #[arg(long, short = 'p', value_name = "ID")]
    pub provider: Option<String>,
    /// What else the profile says.
    #[command(flatten)]
    pub fields: Fields,
    /// Take a field out
    #[arg(long, value_name = "FIELD")]
    pub unset: Vec<String>,
    /// Let the key, which is bound to another host, go to this one from now on
    #[arg(long, value_name = "HOST", value_hint = ValueHint::Hostname)]
    pub bind_to: Option<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv rename`.
#[derive(Debug, Args)]
pub struct Rename {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Its new name
    #[arg(value_name = "NEW_NAME")]
    pub new_name: String,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Do it without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The profile
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: String,
    /// Print the key itself, and nothing else
    #[arg(long, conflicts_with = "json")]
    pub reveal: bool,
    /// Print it even where standard output is not a terminal
    #[arg(long, requires = "reveal")]
    pub force: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv use`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Use {
    /// The profile; `-` is the one before
    #[arg(
        value_name = "NAME",
        value_hint = ValueHint::Username,
        allow_hyphen_values = false,
        required_unless_present = "auto"
    )]
    pub name: Option<String>,
    /// In this directory and below it: writes `.llmenv.toml` and allows it
    #[arg(long, group = "scope")]
    pub here: bool,
    /// With --here: writes a rule to your own configuration instead
    #[arg(long, requires = "here")]
    pub rule: bool,
    /// Wherever nothing else says so: sets the default
    #[arg(long, group = "scope")]
    pub global: bool,
    /// Let directories decide again
    #[arg(long, group = "scope", conflicts_with = "name")]
    pub auto: bool,
    /// For a time only: `90s`, `30m`, `2h`, `1d`
    #[arg(long = "for", value_name = "DURATION", conflicts_with_all = ["here", "global", "auto"])]
    pub lease: Option<String>,
}

/// `llmenv off`.
#[derive(Debug, Args)]
pub struct Off {
    /// End this shell's tokens of the proxy too, so that programs started from it lose their access
    #[arg(long)]
    pub revoke: bool,
}

/// `llmenv exec`.
#[derive(Debug, Args)]
#[command(override_usage = "llmenv exec [NAME] -- COMMAND [ARGUMENT]...")]
pub struct Exec {
    /// The profile; without it, what this shell and directory give
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
    /// The command and its arguments
    #[arg(value_name = "COMMAND", last = true, required = true, value_hint = ValueHint::CommandWithArguments)]
    pub command: Vec<OsString>,
}

/// `llmenv env`.
#[derive(Debug, Args)]
pub struct Env {
    /// The profile; without it, what this shell and directory give
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
    /// bash, zsh, fish, powershell, cmd, nu, dotenv, json, docker, systemd, github
    #[arg(long, short = 'f', value_name = "FORMAT")]
    pub format: Option<String>,
    /// The real key and base URL, for a profile that is served through the proxy
    #[arg(long)]
    pub direct: bool,
    /// How long the proxy's token in it is good: `30m`, `2h` (12 hours without it)
    #[arg(long = "for", value_name = "DURATION", conflicts_with = "direct")]
    pub lease: Option<String>,
    /// For start-up lines: asks nobody, runs no key's program, and prints nothing where no profile is active
    #[arg(long, short)]
    pub quiet: bool,
}

/// `llmenv why`.
#[derive(Debug, Args)]
pub struct Why {
    /// The variable; without it all keys and base URLs that are set
    #[arg(value_name = "VARIABLE")]
    pub variable: Option<String>,
    /// What one tool gets: aider, claude, codex, opencode, gemini, llm, continue, or a loader such as python-dotenv
    #[arg(long, value_name = "TOOL")]
    pub tool: Option<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv doctor`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Doctor {
    /// With --online: the profile to try; without it, the one active here
    #[arg(value_name = "NAME", value_hint = ValueHint::Username, requires = "online")]
    pub name: Option<String>,
    /// Try the profile at its provider, too
    #[arg(long)]
    pub online: bool,
    /// Look at the `.env` files below this directory too
    #[arg(long)]
    pub tree: bool,
    /// Mend what is certain in `.env` files: the change is shown, then asked about; `llmenv undo` takes it back
    #[arg(long)]
    pub fix: bool,
    /// With --fix: without asking
    #[arg(long, short = 'y', requires = "fix")]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The profile; without it, the one active here
    #[arg(value_name = "NAME", value_hint = ValueHint::Username, conflicts_with = "all")]
    pub name: Option<String>,
    /// All profiles
    #[arg(long)]
    pub all: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv client`.
#[derive(Debug, Args)]
pub struct Client {
    /// The tool; without it, those that are known
    #[arg(value_name = "TOOL")]
    pub tool: Option<String>,
    /// The profile; without it, what this shell and directory give
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
    /// Write it into the tool's settings; the change is shown and asked about
    #[arg(long, requires = "tool")]
    pub write: bool,
    /// With --write: without asking
    #[arg(long, short = 'y', requires = "write")]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv undo`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Undo {
    /// Which change; without it, the last
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// List what can be undone
    #[arg(long, conflicts_with_all = ["id", "show", "force", "yes"])]
    pub list: bool,
    /// Show what undoing it would change, and change nothing
    #[arg(long, conflicts_with_all = ["force", "yes"])]
    pub show: bool,
    /// Restore files that were edited or removed since, too; what they hold now is kept
    #[arg(long)]
    pub force: bool,
    /// Do it without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// What to explain.
#[derive(Debug, Args)]
pub struct Explain {
    /// The error, as it was printed; without it standard input is read
    #[arg(value_name = "TEXT")]
    pub text: Vec<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv import`.
#[derive(Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Import {
    /// Files to look at; without any, all places that are known
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,
    /// What the files are, where their names do not say it: dotenv, bash, zsh, fish, powershell, claude, codex, aider,
    /// opencode, llm-env
    #[arg(long, short = 'f', value_name = "FORMAT", requires = "files")]
    pub format: Option<String>,
    /// The profile's name, where one key is found
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Only keys of this provider; decides where a key may be one of several
    #[arg(long, short = 'p', value_name = "ID")]
    pub provider: Option<String>,
    /// Store everything that is found without asking
    #[arg(long, short = 'y')]
    pub yes: bool,
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// Take the keys out of the files once they are stored; a comment names the profile
    #[arg(long)]
    pub rewrite: bool,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv providers`.
#[derive(Debug, Args)]
pub struct Providers {
    /// One provider
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    /// How to report.
    #[command(flatten)]
    pub report: Report,
}

/// `llmenv allow` and `llmenv deny`.
#[derive(Debug, Args)]
pub struct Allow {
    /// A directory with `.llmenv.toml`, or an included file; without it, the nearest `.llmenv.toml` upwards
    #[arg(value_name = "DIR|FILE", value_hint = ValueHint::AnyPath)]
    pub path: Option<PathBuf>,
}

/// `llmenv proxy`.
#[derive(Debug, Args)]
pub struct Proxy {
    /// What to do; nothing: its status.
    #[command(subcommand)]
    pub command: Option<ProxyCommand>,
}

/// What can be done about the proxy.
#[derive(Debug, Subcommand)]
pub enum ProxyCommand {
    /// Where it listens, who may use it, what is under way
    Status(Report),
    /// Serve a profile through it
    On {
        /// The profile
        #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
        name: String,
        /// The tools to serve: openai, anthropic, or both
        #[arg(long, value_name = "FAMILIES")]
        serve: Vec<String>,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
    /// Serve a profile directly again
    Off {
        /// The profile
        #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
        name: String,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
    /// What went through it since the daemon started; no contents
    Log {
        /// How many lines
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
        lines: usize,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
    /// End a token
    Revoke {
        /// Its id or a client's name, as `llmenv proxy status` shows them, or the token itself
        #[arg(value_name = "TOKEN")]
        token: String,
        /// How to report.
        #[command(flatten)]
        report: Report,
    },
}

/// `llmenv daemon`.
#[derive(Debug, Args)]
pub struct Daemon {
    /// What to do; nothing: its status.
    #[command(subcommand)]
    pub command: Option<DaemonCommand>,
}

/// What can be done about the daemon.
#[derive(Debug, Subcommand)]
pub enum DaemonCommand {
    /// Start it, if it does not run
    Start,
    /// End it; shells keep what they have
    Stop,
    /// End it and start it anew
    Restart {
        /// Do not wait for what is under way
        #[arg(long)]
        now: bool,
    },
    /// Whether it runs, since when, for how many shells
    Status(Report),
    /// Run it in this terminal
    Run {
        /// Start it apart from this process and end
        #[arg(long, hide = true, group = "mode")]
        background: bool,
        /// Be the daemon that was started so
        #[arg(long, hide = true, group = "mode")]
        detached: bool,
        /// Say which part of the system started it
        #[arg(long, hide = true, value_name = "WHO", value_parser = ["systemd", "launchd", "task"])]
        by: Option<String>,
    },
    /// Have the system start it: systemd with a socket, launchd, or a Windows logon task
    #[command(after_long_help = "Examples:
  llmenv daemon install
  llmenv daemon install --print               shows the files, writes nothing
  llmenv daemon uninstall

Nothing needs it: the daemon starts with the first command or shell that asks.")]
    Install {
        /// Show the files and write nothing
        #[arg(long)]
        print: bool,
        /// With --print: for which system, where it is not this one
        #[arg(long = "for", value_name = "SYSTEM", value_enum, requires = "print")]
        manager: Option<ManagerChoice>,
    },
    /// Take `install` back
    Uninstall,
    /// The end of its log
    Log {
        /// How many lines
        #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 50)]
        lines: usize,
    },
}

/// Parts of systems that start programs of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ManagerChoice {
    /// `systemd --user`.
    Systemd,
    /// launchd, on macOS.
    Launchd,
    /// The Task Scheduler of Windows.
    Task,
}

/// `llmenv unlock`.
#[derive(Debug, Args)]
pub struct Unlock {
    /// A profile whose key a program gives
    #[arg(value_name = "NAME", value_hint = ValueHint::Username)]
    pub name: Option<String>,
}

/// `llmenv init`.
#[derive(Debug, Args)]
pub struct Init {
    /// bash, zsh, fish or powershell; `direnv` prints `use llmenv` for its `.envrc`
    #[arg(value_name = "SHELL")]
    pub shell: String,
    /// bash: act on `cd` at once, through the DEBUG trap
    #[arg(long)]
    pub debug_trap: bool,
}

/// `llmenv completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// bash, zsh, fish or powershell
    #[arg(value_name = "SHELL")]
    pub shell: String,
}

/// `llmenv man`.
#[derive(Debug, Args)]
pub struct Man {
    /// The command whose page is printed; without it, the page of llmenv
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Write every page into this folder
    #[arg(long = "to", value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with = "command")]
    pub dir: Option<PathBuf>,
}

/// `llmenv hook`: never parsed here, `main` looks at the word first. It is listed so that nothing else takes the name.
#[derive(Debug, Args)]
pub struct Hook {
    /// What hooks pass.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub arguments: Vec<OsString>,
}

//! The command line's definition, and nothing else: help, completions and usage errors come from it.

use clap::{Args, Parser, Subcommand, ValueEnum};

mod activation;
mod diagnosis;
mod profile;
mod service;
mod setup;

pub use activation::{Allow, Env, Exec, Off, Status, Unlock, Use};
pub use diagnosis::{Check, Doctor, Explain, Undo, Why};
pub use profile::{Add, Edit, Fields, KeyInput, Providers, Remove, Rename, Rotate, Show};
pub use service::{Client, Daemon, DaemonCommand, ManagerChoice, Proxy, ProxyCommand};
pub use setup::{Completions, Hook, Import, Init, Man, Setup};

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

/// Where keys can be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StoreChoice {
    /// The operating system's keyring.
    Keyring,
    /// An encrypted file.
    File,
}

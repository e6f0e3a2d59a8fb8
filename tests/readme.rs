//! The README against the program: every block runs or parses, every name in it exists, every table is complete.
//!
//! A block says by the words after its fence what it is. A kind that is not known here fails, so that none escapes.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory;
use llmenv::cli::args::Cli;

use crate::cli::alone;
use crate::support::home::finish;
use crate::support::upstream::{Authority, Reply, Upstream};
use crate::support::{Home, LLMENV, Shell, Terminal};

const README: &str = include_str!("../README.md");

/// What the README's user types where a key is asked for, by the profile's name.
const KEYS: &[(&str, &str)] = &[
    ("work", "sk-or-v1-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    ("acme", "gsk_0123456789abcdefghijABCDEFGHIJ0123456789abcdefghijAB"),
];

/// A fenced block.
pub struct Block {
    kind: String,
    line: usize,
    pub text: String,
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (at, line) in README.lines().enumerate() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(kind), None) => {
                open = Some(Block { kind: kind.to_owned(), line: at + 1, text: String::new() });
            }
            (Some(rest), Some(_)) => {
                assert_eq!(rest, "", "README.md:{}", at + 1);
                blocks.extend(open.take());
            }
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "the last block of the README is not closed");
    blocks
}

pub fn of_kind(kind: &str) -> Vec<Block> {
    let found: Vec<Block> = blocks().into_iter().filter(|block| block.kind == kind).collect();
    assert!(!found.is_empty(), "the README has no block `{kind}`");
    found
}

/// The profiles whose keys other programs keep.
pub fn recipes() -> String {
    of_kind("toml recipes")[0].text.clone()
}

/// The README without its blocks.
fn prose() -> String {
    let mut inside = false;
    let lines = README.lines().filter(|line| {
        let is_fence = line.starts_with("```");
        inside ^= is_fence;
        !inside && !is_fence
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What stands in backticks outside blocks.
fn quoted() -> Vec<String> {
    prose().split('`').skip(1).step_by(2).map(|text| text.replace('\n', " ")).collect()
}

/// The first cells of the table below the row that begins with `heading`.
fn first_cells(heading: &str) -> Vec<String> {
    let mut lines = README.lines().skip_while(|line| !line.starts_with(heading)).skip(2);
    let rows = std::iter::from_fn(|| lines.next().filter(|line| line.starts_with('|')));
    rows.map(|row| row.split('|').nth(1).unwrap().trim().trim_matches('`').to_owned()).collect()
}

/// Compares with a text in which `…` stands for anything.
pub fn is_like(text: &str, wanted: &str) -> bool {
    let pieces: Vec<&str> = wanted.split('…').collect();
    let [first, middle @ .., last] = pieces.as_slice() else { return text == wanted };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for piece in middle {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[test]
fn likeness_is_not_had_for_nothing() {
    assert!(is_like("a key …cdef of b", "a … of …") && is_like("same", "same"));
    assert!(!is_like("same", "sam") && !is_like("a b c", "a …d") && !is_like("ab", "ab…b"));
}

#[test]
fn every_kind_of_block_is_known() {
    let known = [
        "console",
        "sh",
        "sh start",
        "bash rc",
        "zsh rc",
        "fish rc",
        "powershell rc",
        "toml config",
        "toml pin",
        "toml team",
        "toml network",
        "toml recipes",
        "sh bash_env",
        "zsh zshenv",
        "crontab",
        "ini unit",
    ];
    for block in blocks() {
        assert!(known.contains(&block.kind.as_str()), "README.md:{}: what is `{}`?", block.line, block.kind);
    }
    for kind in known {
        of_kind(kind);
    }
}

/// The recordings, typed into one real bash in their order.
#[test]
fn recordings_show_what_happens() {
    let (home, authority) = (Home::new(), Authority::new());
    let providers = Upstream::proxy(&authority, |seen| {
        let key = seen.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        match (seen.line().as_str(), KEYS.iter().position(|(_, known)| *known == key)) {
            ("GET openrouter.ai/api/v1/key", Some(0)) => Reply::json(
                200,
                r#"{"data":{"label":"sk-or-v1-012...def","limit":10,"limit_remaining":3.2,"usage":6.8,"is_free_tier":false}}"#,
            ),
            ("GET api.groq.com/openai/v1/models", Some(1)) => Reply::json(200, r#"{"object":"list","data":[]}"#),
            _ => Reply::json(401, r#"{"error":{"message":"User not found.","code":401}}"#),
        }
    });
    home.write(".config/llmenv/config.toml", providers.network(&authority.write(&home.path(""))));
    // The store is chosen beforehand, as `setup` does.
    for args in [
        &["add", "first", "--provider", "openrouter", "--key-stdin", "--store", "file"][..],
        &["remove", "first", "--yes"],
    ] {
        assert_eq!(alone(&home, args, KEYS[0].1).code, 0);
    }
    let builder = Terminal::builder(&home, Shell::Bash).rc(&of_kind("bash rc")[0].text);
    let mut terminal = builder.env_remove("LLMENV_CHECK").start();
    for block in of_kind("console") {
        let mut commands: Vec<(String, String)> = Vec::new();
        for line in block.text.lines() {
            match (line.strip_prefix("$ "), commands.last_mut()) {
                (Some(command), _) => commands.push((command.to_owned(), String::new())),
                (None, Some((_, printed))) => *printed += &format!("{}\n", line.trim_end()),
                (None, None) => panic!("README.md:{}: no command comes first", block.line),
            }
        }
        for (command, wanted) in commands {
            let question =
                wanted.lines().next().filter(|line| line.ends_with("(hidden):")).map(|line| format!("{line} "));
            let printed = if let Some(question) = question {
                let (_, key) = KEYS.iter().find(|(name, _)| question.contains(&format!("`{name}`"))).unwrap();
                terminal.type_line(&command);
                terminal.wait_for(|text| text.contains(&question));
                terminal.answer(key);
                terminal.wait_prompt()
            } else {
                terminal.run(&command)
            };
            let printed: String = printed.lines().map(|line| format!("{}\n", line.trim_end())).collect();
            assert!(is_like(&printed, &wanted), "README.md:{}: {command}\n{printed}--- wanted\n{wanted}", block.line);
        }
    }
    assert_eq!(terminal.child_var("OPENAI_API_KEY").as_deref(), Some(KEYS[0].1), "the recordings end with a pair");
}

/// What the first command does once the program is installed, as a person meets it. `.ci/run` installs it for real.
#[test]
fn setup_leads_from_an_empty_home_to_a_working_shell() {
    let commands: Vec<String> = of_kind("sh start").into_iter().map(|block| block.text).collect();
    assert_eq!(commands, ["cargo install --locked --path . && llmenv setup\n", "tests/run\n"]);
    let home = Home::new();
    let mut terminal = Terminal::start(&home, Shell::Bash, "", "");
    terminal.type_line("llmenv setup; echo done=$?");
    for question in ["write them?", "keep keys in an encrypted file instead?", "passphrase for the encrypted file"] {
        terminal.wait_for(|text| text.contains(question));
        terminal.answer("");
    }
    let printed = terminal.wait_prompt();
    assert!(printed.ends_with("done=0\n"), "{printed}");
    assert_eq!(terminal.run("type -t llmenv"), "file\n", "the control: this shell began before");
    terminal.run("bash");
    assert_eq!(terminal.run("type -t llmenv"), "function\n");
    terminal.type_line("llmenv add work --provider openrouter");
    terminal.wait_for(|text| text.contains("(hidden): "));
    terminal.answer(KEYS[0].1);
    terminal.wait_prompt();
    terminal.run("llmenv use work");
    assert_eq!(terminal.child_var("OPENAI_API_KEY").as_deref(), Some(KEYS[0].1));
}

#[test]
fn scripts_run() {
    let home = Home::new();
    assert_eq!(
        alone(&home, &["add", "first", "--provider", "openrouter", "--key-stdin", "--store", "file"], KEYS[0].1).code,
        0
    );
    for block in of_kind("sh") {
        let mut command = home.cmd("bash");
        command.args(["-euo", "pipefail", "-c", &block.text]).env("KEY", KEYS[0].1).env("LLMENV_DAEMON", "off");
        let done = finish(command, None);
        assert_eq!(done.code, 0, "README.md:{}: {done:?}", block.line);
    }
}

#[test]
fn hook_lines_load_the_hook() {
    for (kind, argv) in [
        ("bash rc", ["bash", "--norc", "-i", "-c"]),
        ("zsh rc", ["zsh", "-f", "-i", "-c"]),
        ("fish rc", ["fish", "-N", "-i", "-c"]),
    ] {
        for block in of_kind(kind) {
            let home = Home::new();
            let script = match kind {
                "fish rc" => format!("{}type -t llmenv", block.text),
                _ => format!("{}whence -w llmenv 2>/dev/null || type -t llmenv", block.text),
            };
            let mut command = home.cmd(argv[0]);
            command.args(&argv[1..]).arg(script);
            let loaded = finish(command, None);
            assert!(loaded.stdout.trim_end().ends_with("function"), "README.md:{}: {loaded:?}", block.line);
        }
    }
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    for block in of_kind("powershell rc") {
        assert!(!parser.parse(&block.text, None).unwrap().root_node().has_error(), "README.md:{}", block.line);
        assert_eq!(alone(&Home::new(), &["init", "powershell"], "").code, 0);
    }
    // A line given as an option beside them is one of the program's.
    assert_eq!(alone(&Home::new(), &["init", "bash", "--debug-trap"], "").code, 0);
}

#[test]
fn configurations_are_right() {
    let home = Home::new();
    let network = &of_kind("toml network")[0].text;
    home.write(".config/llmenv/config.toml", format!("{}\n{network}", of_kind("toml config")[0].text));
    home.write("work/acme/llmenv-team.toml", &of_kind("toml team")[0].text);
    let allowed = alone(&home, &["allow", "work/acme/llmenv-team.toml"], "");
    assert_eq!(allowed.code, 0, "{allowed:?}");
    let listed = alone(&home, &["list", "--json"], "");
    let json: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    let names: Vec<&str> =
        json["profiles"].as_array().unwrap().iter().map(|row| row["profile"].as_str().unwrap()).collect();
    assert_eq!(names, ["acme-lab", "azure", "ci", "lab", "openrouter", "pass"], "{listed:?}");
    assert_eq!(listed.stderr, "");

    home.write("src/.llmenv.toml", of_kind("toml pin")[0].text.replace("acme", "lab"));
    let mut command = home.cmd(LLMENV);
    command.arg("allow").current_dir(home.path("src")).env("LLMENV_DAEMON", "off");
    assert_eq!(finish(command, None).code, 0);
    let mut command = home.cmd(LLMENV);
    command.args(["exec", "--", "sh", "-c", "echo $LLMENV_PROFILE $OPENAI_BASE_URL"]);
    command.current_dir(home.path("src")).env("LLMENV_DAEMON", "off");
    assert_eq!(finish(command, None).stdout, "lab http://127.0.0.1:8000/v1\n");
}

/// Every `llmenv …` of the README, as words.
fn command_lines() -> Vec<(String, Vec<String>)> {
    let shown = blocks().into_iter().flat_map(|block| {
        let text = block.text.replace("$(", "\n").replace("| ", "\n").replace("&& ", "\n");
        text.lines().map(|line| line.trim_start_matches("$ ").to_owned()).collect::<Vec<_>>()
    });
    let messages = first_cells("| message |");
    let quoted = quoted().into_iter().filter(|text| !messages.contains(text)).flat_map(|text| {
        let text = text.replace("$(", "\n").replace("| ", "\n").replace("&& ", "\n");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    shown
        .chain(quoted)
        .filter(|line| line.starts_with("llmenv ") && !line.contains("  "))
        .map(|line| {
            let words = line.split_whitespace().skip(1).map(|word| word.trim_matches(['"', ')', '\'']).to_owned());
            let words: Vec<String> = words.take_while(|word| word != "--").collect();
            (line, words)
        })
        .collect()
}

#[test]
fn every_command_and_flag_exists_and_every_command_is_named() {
    let program = Cli::command();
    let visible: BTreeSet<&str> =
        program.get_subcommands().filter(|command| !command.is_hide_set()).map(clap::Command::get_name).collect();
    let mut named = BTreeSet::new();
    let mut flags = 0;
    for (line, words) in command_lines() {
        let Some(word) = words.first().filter(|word| !word.starts_with('-')) else { continue };
        let mut command = program.find_subcommand(word).unwrap_or_else(|| panic!("`{line}`: there is no such command"));
        named.extend(visible.get(word.as_str()));
        for word in &words[1..] {
            if let Some(below) = command.find_subcommand(word) {
                command = below;
            } else if let Some(flag) = word.strip_prefix("--") {
                flags += 1;
                assert!(has_flag(command, flag), "`{line}`: `{}` takes no `--{flag}`", command.get_name());
            }
        }
    }
    assert!(flags > 15, "hardly any flag was looked at: {flags}");
    assert_eq!(named, visible, "commands that the README names, and those there are");
    for text in quoted() {
        if let Some(flag) = text.strip_prefix("--").filter(|flag| !flag.contains(' ')) {
            assert!(program.get_subcommands().any(|command| has_flag(command, flag)), "nothing takes `--{flag}`");
        }
    }
}

fn has_flag(command: &clap::Command, flag: &str) -> bool {
    flag == "help" || command.get_arguments().any(|argument| argument.get_long() == Some(flag))
}

#[test]
fn dependencies_are_those_of_the_manifest() {
    let manifest: toml::Table = toml::from_str(include_str!("../Cargo.toml")).unwrap();
    let mut wanted = BTreeSet::new();
    let mut tables = vec![&manifest];
    tables.extend(manifest["target"].as_table().unwrap().values().filter_map(toml::Value::as_table));
    for table in tables {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            wanted.extend(
                table.get(kind).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys).cloned(),
            );
        }
    }
    let listed = first_cells("| crate |");
    assert_eq!(listed, wanted.into_iter().collect::<Vec<_>>(), "the table of dependencies, and Cargo.toml");
}

#[test]
fn variables_and_keys_of_the_configuration_exist() {
    let sources = sources(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").as_path());
    let hooks = sources + &sources_of(&["shell/hook.bash", "shell/hook.zsh", "shell/hook.fish", "shell/hook.ps1"]);
    let words = README.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    for word in words.filter(|word| word.starts_with("LLMENV_") && *word != "LLMENV_") {
        assert!(hooks.contains(word), "nothing reads or sets `{word}`");
    }
    for name in ["LLMENV_DAEMON", "LLMENV_HOOK", "LLMENV_VAULT_KEY_FILE", "LLMENV_PROFILE", "LLMENV_STATE"] {
        assert!(README.contains(name), "the README does not name `{name}`");
    }
    // An unknown key is answered with all that are known.
    let home = Home::new();
    home.write(".config/llmenv/config.toml", "[profiles.x]\nprovider = \"openai\"\nqqqqqqqq = 1\n");
    let told = alone(&home, &["list"], "").stderr;
    let table = first_cells("| key of a profile |").join("`, `");
    let named: Vec<&str> = table.split("`, `").collect();
    for key in &named {
        assert!(told.contains(&format!("`{key}`")), "no profile has a key `{key}`: {told}");
    }
    let known =
        told.split('`').skip(1).step_by(2).filter(|word| word.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
    for key in known.filter(|key| *key != "qqqqqqqq") {
        assert!(named.contains(&key), "the README does not name the key `{key}`");
    }
}

/// The messages of the table of troubles are the program's own: every piece between `…`, a comma
/// or a semicolon, stands in a source.
#[test]
fn messages_are_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = sources(&root.join("src"))
        + &sources_of(&["shell/hook.bash", "shell/hook.zsh", "shell/hook.fish", "shell/hook.ps1"]);
    let all = all.replace(['`', '\\'], "");
    for message in first_cells("| message |") {
        for piece in
            message.split('…').flat_map(|text| text.split([',', ';'])).map(str::trim).filter(|piece| piece.len() > 3)
        {
            assert!(all.contains(piece), "no source says `{piece}`");
        }
    }
}

#[test]
fn files_that_are_named_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for text in quoted() {
        let path = text.split_whitespace().find(|word| {
            ["src/", "tests/", "shell/"].iter().any(|top| word.starts_with(top)) || word.starts_with("LICENSE")
        });
        if let Some(path) = path.filter(|_| !text.starts_with("cd ")) {
            assert!(root.join(path).exists(), "there is no `{path}`");
        }
    }
}

fn sources(dir: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all += &sources(&path);
        } else {
            all += &std::fs::read_to_string(&path).unwrap();
        }
    }
    all
}

fn sources_of(paths: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    paths.iter().map(|path| std::fs::read_to_string(root.join(path)).unwrap()).collect()
}

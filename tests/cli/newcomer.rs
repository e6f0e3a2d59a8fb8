//! A home as people have it: keys in start-up files, two `.env`, settings of tools; one old, one dirty. `setup` and `import --rewrite` go
//! through it, every tool gets its pair, and `undo` gives back every byte.

use std::collections::BTreeMap;

use crate::support::home::{Output, finish};
use crate::support::{Home, LLMENV, Shell, Terminal};

fn openrouter(digits: &str) -> String {
    format!("sk-or-v1-{}", digits.repeat(4))
}

fn groq() -> String {
    format!("gsk_{}", "Ab12".repeat(13))
}

fn anthropic() -> String {
    format!("sk-ant-api03-{}AA", "Ab1".repeat(31))
}

const CURRENT: &str = "0123456789abcdef";
const OLD: &str = "fedcba9876543210";
const GATEWAY: &str = "00112233445566ff";
const CODEX: &str = "aa112233445566ff";
const SPARE: &str = "5566778899aabbcc";

fn run(home: &Home, dir: &str, args: &[&str]) -> Output {
    let mut command = home.cmd(LLMENV);
    command.args(args).env("LLMENV_DAEMON", "off").current_dir(home.path(dir));
    finish(command, Some(Vec::new()))
}

fn contents(home: &Home, files: &[&str]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|file| ((*file).to_owned(), std::fs::read(home.path(file)).unwrap())).collect()
}

/// The files of the newcomer.
fn files() -> Vec<(&'static str, String)> {
    let current = openrouter(CURRENT);
    vec![
        // In comments: a key that no profile has, and the one of last month.
        (
            ".zshrc",
            format!(
                "autoload -U compinit\nexport OPENROUTER_API_KEY=\"{current}\"\n  # export OPENROUTER_API_KEY={} (the team's)\n\
                 alias ll='ls -l'\n",
                openrouter(SPARE)
            ),
        ),
        (
            ".bashrc",
            format!(
                "case $- in *i*) ;; *) return;; esac\nexport GROQ_API_KEY='{}' # fast\n# until May: {}\nPS1='$ '\n",
                groq(),
                openrouter(OLD)
            ),
        ),
        // Old: the key of last month, rotated away since. Dirty: a carriage return at the end of each line, and a blank in the quotes.
        ("src/old/.env", format!("PORT=80\nOPENROUTER_API_KEY={}\n", openrouter(OLD))),
        (
            "src/old/app/.env",
            format!(
                "DEBUG=1\r\nOPENAI_API_KEY=\"{current} \"\r\nOPENAI_BASE_URL=https://openrouter.ai/api/v1\r\nDB=\u{fc}\r\n"
            ),
        ),
        (
            ".codex/config.toml",
            format!(
                "model = \"m\"\n\n[model_providers.or]\nname = \"or\"\nbase_url = \"https://openrouter.ai/api/v1\"\n\
                 experimental_bearer_token = \"{}\"\n",
                openrouter(CODEX)
            ),
        ),
        (
            ".claude/settings.json",
            format!(
                "{{\n  \"permissions\": {{\"allow\": []}},\n  \"env\": {{\n    \"ANTHROPIC_AUTH_TOKEN\": \"{}\",\n    \
                 \"ANTHROPIC_BASE_URL\": \"https://openrouter.ai/api\",\n    \"DISABLE_TELEMETRY\": \"1\"\n  }}\n}}\n",
                openrouter(GATEWAY)
            ),
        ),
        (
            ".claude.json",
            format!("{{\"numStartups\": 4, \"primaryApiKey\": \"{}\", \"theme\": \"dark\"}}", anthropic()),
        ),
    ]
}

fn pair(home: &Home, profile: &str) -> BTreeMap<String, String> {
    let got = run(home, "", &["exec", profile, "--", "env", "-0"]);
    assert_eq!(got.code, 0, "{got:?}");
    let all = got.stdout.split('\0').filter_map(|entry| entry.split_once('='));
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The profile that gives this key beside this address, in one family.
fn profile_with(home: &Home, url: &str, key: &str) -> String {
    let config = std::fs::read_to_string(home.path(".config/llmenv/config.toml")).unwrap();
    let names = config.lines().filter_map(|line| line.strip_prefix("[profiles.")?.strip_suffix(']'));
    let mut found = names.filter(|name| {
        let pair = pair(home, name);
        let has = |name: String, wanted: &str| pair.get(&name).is_some_and(|value| value == wanted);
        ["OPENAI", "ANTHROPIC"].iter().any(|family| {
            let holds = ["API_KEY", "AUTH_TOKEN"].iter().any(|word| has(format!("{family}_{word}"), key));
            holds && has(format!("{family}_BASE_URL"), url)
        })
    });
    found.next().unwrap_or_else(|| panic!("no profile gives {url}: {config}")).to_owned()
}

fn comment(name: &str, profile: &str) -> String {
    format!("# {name} is in the llmenv profile {profile}: llmenv use {profile}, or llmenv exec {profile} -- COMMAND")
}

#[test]
fn every_key_comes_home_and_every_byte_comes_back() {
    let home = Home::new();
    let files = files();
    for (name, text) in &files {
        home.write(name, text);
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(run(&home, "src/old/app", &["setup", "--yes", "--shell", "zsh", "--store", "file"]).code, 0);
    // One key has been replaced with llmenv's help; the files did not hear of it.
    for (args, key) in
        [(["add", "openrouter", "--provider=openrouter"], OLD), (["rotate", "openrouter", "--json"], CURRENT)]
    {
        let mut command = home.cmd(LLMENV);
        command.args(args).args(["--key-stdin", "--no-check"]).env("LLMENV_DAEMON", "off");
        let got = finish(command, Some(openrouter(key).into_bytes()));
        assert_eq!(got.code, 0, "{got:?}");
    }
    // `setup` put its lines into one of them: this is what comes back.
    let before = contents(&home, &names);

    let looked = run(&home, "src/old/app", &["import", "--rewrite", "--dry-run"]);
    assert_eq!(looked.code, 0, "{looked:?}");
    assert_eq!(contents(&home, &names), before, "a dry run changes nothing");
    let got = run(&home, "src/old/app", &["import", "--rewrite", "--yes"]);
    assert_eq!(got.code, 0, "{got:?}");
    let keys = [CURRENT, OLD, GATEWAY, CODEX, SPARE].map(openrouter).into_iter().chain([groq(), anthropic()]);
    let keys: Vec<String> = keys.collect();
    for text in [&looked.stdout, &looked.stderr, &got.stdout, &got.stderr] {
        assert!(keys.iter().all(|key| !text.contains(&key[9..])), "{text}");
    }
    assert!(got.stdout.contains("\n  in ~/src/old/app: `llmenv use openrouter --here`\n"), "{got:?}");
    // Three keys under one variable, side by side, and what is known of each.
    let side_by_side = "warning: OPENROUTER_API_KEY is not the same everywhere:\n";
    assert!(looked.stderr.contains(side_by_side), "{looked:?}");
    let table = looked.stdout.split("  key ").nth(2).unwrap_or_else(|| panic!("{looked:?}"));
    let rows: Vec<Vec<&str>> = table.lines().skip(1).take(3).map(|row| row.trim().splitn(3, ' ').collect()).collect();
    let wanted = [
        ["openrouter", "…cdef", "~/.zshrc:2"],
        ["openrouter", "…3210", "~/src/old/.env:2, ~/.bashrc:3 (not read), rotated away"],
        ["openrouter", "…bbcc", "~/.zshrc:3 (not read)"],
    ];
    let rows: Vec<Vec<&str>> = rows.into_iter().map(|row| row.into_iter().map(str::trim).collect()).collect();
    assert_eq!(rows, wanted, "{looked:?}");

    // No key is left where it was, and nothing else went.
    for (name, bytes) in contents(&home, &names) {
        let text = String::from_utf8(bytes).unwrap();
        assert!(keys.iter().all(|key| !text.contains(&key[9..])), "{name}: {text}\n{got:?}");
    }
    // Every tool's pair: its own key beside its own address.
    let current = profile_with(&home, "https://openrouter.ai/api/v1", &openrouter(CURRENT));
    assert_eq!(current, "openrouter");
    assert_eq!(profile_with(&home, "https://openrouter.ai/api/v1", &openrouter(SPARE)), "openrouter-old");
    let codex = profile_with(&home, "https://openrouter.ai/api/v1", &openrouter(CODEX));
    profile_with(&home, "https://openrouter.ai/api", &openrouter(GATEWAY));
    profile_with(&home, "https://api.groq.com/openai/v1", &groq());
    profile_with(&home, "https://api.anthropic.com", &anthropic());
    let text = |name: &str| std::fs::read_to_string(home.path(name)).unwrap();
    assert_eq!(
        text("src/old/app/.env"),
        format!(
            "DEBUG=1\r\n{}\r\n{}\r\nDB=\u{fc}\r\n",
            comment("OPENAI_API_KEY", &current),
            comment("OPENAI_BASE_URL", &current)
        )
    );
    assert_eq!(text("src/old/.env"), "PORT=80\n# OPENROUTER_API_KEY was an old key, rotated away in llmenv\n");
    assert!(text(".bashrc").contains("\n# OPENROUTER_API_KEY was an old key, rotated away in llmenv\nPS1='$ '\n"));
    let zshrc = format!(
        "autoload -U compinit\n{}\n{}\nalias ll='ls -l'\n",
        comment("OPENROUTER_API_KEY", "openrouter"),
        comment("OPENROUTER_API_KEY", "openrouter-old")
    );
    assert!(text(".zshrc").starts_with(&zshrc), "{}", text(".zshrc"));
    // The old key is in no profile: nobody takes it for one that works.
    let list = run(&home, "", &["list", "--json"]).stdout;
    assert!(!list.contains("…3210"), "{list}");
    let wanted = format!(
        "base_url = \"https://openrouter.ai/api/v1\"\n{}\nenv_key = \"OPENAI_API_KEY\"\n",
        comment("model_providers.or.experimental_bearer_token", &codex)
    );
    assert!(text(".codex/config.toml").ends_with(&wanted), "{}", text(".codex/config.toml"));
    assert_eq!(
        text(".claude/settings.json"),
        "{\n  \"permissions\": {\"allow\": []},\n  \"env\": {\n    \"DISABLE_TELEMETRY\": \"1\"\n  }\n}\n"
    );
    assert_eq!(text(".claude.json"), "{\"numStartups\": 4, \"theme\": \"dark\"}");
    // Those who read the files still can.
    for (program, argument) in [("zsh", ".zshrc"), ("bash", ".bashrc")] {
        let mut command = home.cmd(program);
        command.args(["-n", argument]);
        assert_eq!(finish(command, None).code, 0, "{argument}");
    }
    // A second time there is nothing to do.
    let again = run(&home, "src/old/app", &["import", "--rewrite", "--yes"]);
    assert!(again.code == 0 && again.stdout.starts_with("no key was found"), "{again:?}");

    let undone = run(&home, "src/old/app", &["undo", "--yes"]);
    assert_eq!(undone.code, 0, "{undone:?}");
    assert_eq!(contents(&home, &names), before);
    // And the lines of `setup` itself, the change before that one.
    let undone = run(&home, "src/old/app", &["undo", "--yes"]);
    assert_eq!((undone.code, undone.stdout.as_str()), (0, "restored ~/.zshrc\n"), "{undone:?}");
    let original: BTreeMap<_, _> =
        files.iter().map(|(name, text)| ((*name).to_owned(), text.clone().into_bytes())).collect();
    assert_eq!(contents(&home, &names), original);
    // The keys are in their profiles all the same.
    let got = run(&home, "src/old/app", &["import", "--dry-run", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&got.stdout).unwrap();
    assert!(
        json["keys"]
            .as_array()
            .unwrap()
            .iter()
            .all(|key| ["held", "rotated-away"].iter().any(|state| key["state"] == *state)),
        "{json}"
    );
}

/// At a terminal `setup` offers it; the question about the files is answered with no unless somebody says yes.
#[test]
fn setup_offers_to_take_keys_over() {
    let home = Home::new();
    let text = format!("export OPENROUTER_API_KEY=\"{}\"\n", openrouter(CURRENT));
    home.write(".zshrc", &text);
    let mut terminal = Terminal::builder(&home, Shell::Bash).env("LLMENV_DAEMON", "off").start();
    terminal.type_line("llmenv setup --shell fish --store file; echo done=$?");
    for (question, answer) in [
        ("write them? [Y/n]: ", ""),
        ("(empty: a file of yours opens it instead): ", ""),
        ("take them over now? [Y/n]: ", ""),
        ("keep it in llmenv, as a profile? [Y/n]: ", ""),
        ("name of the profile [openrouter]: ", "mine"),
        ("change this file? [y/N]: ", ""),
    ] {
        terminal.wait_for(|text| text.contains(question));
        terminal.answer(answer);
    }
    let seen = terminal.wait_prompt();
    assert!(seen.contains("keys stand in clear in ~/.zshrc\n") && seen.ends_with("done=0\n"), "{seen}");
    assert!(!seen.contains(&openrouter(CURRENT)[9..]), "{seen}");
    assert_eq!(std::fs::read_to_string(home.path(".zshrc")).unwrap(), text, "no is no");
    assert_eq!(pair(&home, "mine")["OPENAI_API_KEY"], openrouter(CURRENT));
    terminal.type_line("llmenv import --rewrite; echo done=$?");
    terminal.wait_for(|text| text.contains("change this file? [y/N]: "));
    terminal.answer("y");
    assert!(terminal.wait_prompt().ends_with("done=0\n"));
    assert_eq!(std::fs::read_to_string(home.path(".zshrc")).unwrap(), comment("OPENROUTER_API_KEY", "mine") + "\n");
}

/// A link in a project leads anywhere: it is not written through, and what it leads to is not touched.
#[test]
fn t10_a_link_in_a_project_is_not_written_through() {
    let home = Home::new();
    let bashrc = format!("export OPENROUTER_API_KEY={}\n", openrouter(CURRENT));
    home.write("elsewhere", &bashrc);
    home.write("src/README", "");
    std::os::unix::fs::symlink("../elsewhere", home.path("src/.env")).unwrap();
    assert_eq!(run(&home, "src", &["setup", "--yes", "--shell", "zsh", "--store", "file"]).code, 0);
    let got = run(&home, "src", &["import", "--rewrite", "--yes"]);
    assert!(got.stderr.contains("OPENROUTER_API_KEY stays in ~/src/.env:"), "{got:?}");
    assert_eq!(std::fs::read_to_string(home.path("elsewhere")).unwrap(), bashrc);
    assert!(home.path("src/.env").is_symlink());
}

/// Nothing is cut where the store cannot take the key.
#[test]
fn t10_nothing_is_cut_before_the_key_is_safe() {
    let home = Home::new();
    let text = format!("export OPENROUTER_API_KEY={}\n", openrouter(CURRENT));
    home.write(".bashrc", &text);
    let got = run(&home, "", &["import", "--rewrite", "--yes"]);
    assert!(got.code == 1 && got.stderr.contains("there is no keyring to keep the key in"), "{got:?}");
    assert_eq!(std::fs::read_to_string(home.path(".bashrc")).unwrap(), text);
}

/// samestrin/llm-env keeps keys in start-up files under names of its own, and says in its configuration whose they are.
#[test]
fn llm_env_is_taken_over_with_its_names() {
    let home = Home::new();
    home.write(
        ".config/llm-env/config.conf",
        "[fast]\nbase_url=https://api.groq.com/openai/v1\napi_key_var=LLM_GROQ_API_KEY\ndefault_model=llama\nenabled=true\n",
    );
    home.write(".bashrc", format!("export LLM_GROQ_API_KEY={}\n", groq()));
    assert_eq!(run(&home, "", &["setup", "--yes", "--shell", "zsh", "--store", "file"]).code, 0);
    let got = run(&home, "", &["import", "--rewrite", "--yes"]);
    assert_eq!(got.code, 0, "{got:?}");
    assert_eq!(pair(&home, "fast")["OPENAI_API_KEY"], groq());
    assert_eq!(std::fs::read_to_string(home.path(".bashrc")).unwrap(), comment("LLM_GROQ_API_KEY", "fast") + "\n");
    let shown = run(&home, "", &["show", "fast"]);
    assert!(shown.stdout.contains("llama"), "{shown:?}");
}

//! A `.env` that changes above a shell and now competes with what the shell was given: one line, once.

use std::path::Path;
use std::time::{Duration, Instant};

use super::scene::{Scene, WORK, assert_active, enter, said};
use crate::support::{DEADLINE, Shell, Terminal};

/// Changes a file until the daemon has told the shell. The daemon looks at a directory a moment after it was entered, and what is
/// written before that was there all along.
fn change_until_told(scene: &Scene, terminal: &Terminal, change: impl Fn(usize)) {
    let before = scene.generation(terminal.pid());
    let begun = Instant::now();
    for n in 0.. {
        change(n);
        let changed = Instant::now();
        while changed.elapsed() < Duration::from_secs(2) {
            if scene.generation(terminal.pid()) != before {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(begun.elapsed() < DEADLINE, "the shell was not told");
    }
}

fn write(file: &Path, text: String) {
    std::fs::write(file, text).unwrap();
}

/// One line at the next prompt, none at the one after it; the pair stays.
pub fn a_file_that_competes_is_told_once(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    std::fs::create_dir(pinned.join("deep")).unwrap();
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &pinned.join("deep"));
    assert_active(&mut terminal, &WORK);
    let file = pinned.join(".env");
    change_until_told(&scene, &terminal, |n| write(&file, format!("# {n}\nOPENROUTER_API_KEY=sk-or-v1-other{n}\n")));
    let told = "llmenv: ~/pinned/.env:2 changed and sets OPENROUTER_API_KEY to something else than `work` does; `llmenv doctor` says more";
    assert_eq!(said(&terminal.run("")), [told]);
    assert_eq!(said(&terminal.run("")), [""; 0], "it is said once");
    assert_active(&mut terminal, &WORK);
    // What agrees, and what has nothing to do with it, is no news; the next change that competes is.
    write(&file, format!("OPENROUTER_API_KEY={}\n", WORK.key));
    write(&file, "DEBUG=1\n".into());
    change_until_told(&scene, &terminal, |n| {
        write(&file, format!("OPENROUTER_API_KEY=x{n}\nOPENAI_BASE_URL=https://x{n}.example\n"))
    });
    let told = "llmenv: ~/pinned/.env:1 changed and sets OPENROUTER_API_KEY, OPENAI_BASE_URL to something else than `work` does; `llmenv doctor` says more";
    assert_eq!(said(&terminal.run("")), [told]);
    assert_active(&mut terminal, &WORK);
}

/// A tool wrote the shell's own pair into its `.env`: through the proxy that is a token of this profile, and nobody's rival.
pub fn the_shells_own_token_is_no_rival(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    scene.must(&["proxy", "on", WORK.name, "--serve", "openai"], "");
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &pinned);
    let own = terminal.run("env | grep -E '^(LLMENV_TOKEN|OPENAI_BASE_URL)='");
    let value = |name: &str| {
        let at = own.find(&format!("{name}=")).unwrap_or_else(|| panic!("{own}")) + name.len() + 1;
        own[at..].split_whitespace().next().unwrap().to_owned()
    };
    let (token, url) = (value("LLMENV_TOKEN"), value("OPENAI_BASE_URL"));
    assert!(token.starts_with("llmenv_") && url.starts_with("http://127.0.0.1:"), "{own}");
    let file = pinned.join(".env");
    write(&file, format!("OPENAI_API_KEY={token}\nOPENAI_BASE_URL={url}\n"));
    // The next change is told, so this one was looked at.
    change_until_told(&scene, &terminal, |n| write(&file, format!("OPENAI_API_KEY={token}\nOPENAI_BASE_URL=x{n}\n")));
    let text = terminal.run("");
    assert_eq!(said(&text).len(), 1, "{text}");
    assert!(text.contains("~/pinned/.env:2 changed and sets OPENAI_BASE_URL to something else"), "{text}");
}

/// `quiet = true`, and shells elsewhere.
pub fn whom_it_does_not_concern_is_not_told(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("pinned", &WORK);
    let config = scene.home.path(".config/llmenv/config.toml");
    let loud = std::fs::read_to_string(&config).unwrap();
    let mut elsewhere = scene.shell(shell);
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &pinned);
    let file = pinned.join(".env");
    std::fs::write(&config, format!("quiet = true\n{loud}")).unwrap();
    scene.must(&["list"], "");
    write(&file, "OPENAI_API_KEY=quiet\n".into());
    std::fs::write(&config, &loud).unwrap();
    change_until_told(&scene, &terminal, |n| write(&file, format!("# {n}\n#\nOPENAI_API_KEY=loud{n}\n")));
    let text = terminal.run("");
    assert_eq!(said(&text).len(), 1, "{text}");
    assert!(text.contains("~/pinned/.env:3 changed and sets OPENAI_API_KEY"), "{text}");
    assert_eq!(said(&elsewhere.run("")), [""; 0]);
}

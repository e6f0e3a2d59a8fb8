//! Where an account comes from and what others do to it: what bash has tests of its own for (`bash/pins.rs`, `bash/rivals.rs`,
//! `bash/choice.rs`, `bash/restore.rs`), in zsh and fish. Each function takes the shell.

use super::scenario::nested_line;
use super::scene::{
    FAST, Scene, WORK, WORK_NEXT, assert_active, assert_both, assert_nothing, assert_pair, choose, draw_until, enter,
    init_line, said, wait_until,
};
use crate::support::{Shell, Terminal, home};

/// One test a scenario, for a shell other than bash.
macro_rules! every_place {
    ($shell:expr) => {
        crate::hook::scenario::every_scenario!($shell, crate::hook::places:
            a_pin_asks_once_and_again_when_it_changes,
            a_pin_changed_under_a_shell_stops_counting,
            rules_and_the_default,
            nested_shells_decide_pins_anew,
            a_released_shell_follows_the_next_pin,
            nested_shells_stay_released,
            the_same_host_is_no_other_host,
            direnv_and_a_pin_share_a_directory,
            children_of_children_have_the_pair,
            what_was_unset_by_hand_stays_unset,
            no_daemon_can_be_started,
            a_stopped_daemon_leaves_a_choice_alone,
        );
    };
}
pub(super) use every_place;

/// Another host's address, as somebody sets it by hand.
const OTHER: &str = "https://other.example/v1";

/// A new pin, a changed one, a denied one.
pub fn a_pin_asks_once_and_again_when_it_changes(shell: Shell) {
    let scene = Scene::new();
    scene.home.write("p/.llmenv.toml", "profile = \"fast\"\n");
    let (pinned, above) = (scene.home.path("p"), scene.home.path(""));
    let mut terminal = scene.shell(shell);
    let text = enter(&mut terminal, &pinned);
    assert!(text.contains("names the profile `fast`") && text.contains("llmenv allow"), "{text}");
    assert_nothing(&mut terminal);
    assert_eq!(said(&terminal.run("")), [""; 0], "it is said once");
    choose(&mut terminal, "llmenv allow");
    assert_active(&mut terminal, &FAST);
    enter(&mut terminal, &above);
    assert_nothing(&mut terminal);
    assert_eq!(said(&enter(&mut terminal, &pinned)), [""; 0]);
    assert_active(&mut terminal, &FAST);
    // Changed by somebody: it asks again, and nothing of before stays.
    enter(&mut terminal, &above);
    scene.home.write("p/.llmenv.toml", "profile = \"work\"\n");
    let text = enter(&mut terminal, &pinned);
    assert!(text.contains("was changed since you allowed it"), "{text}");
    assert_nothing(&mut terminal);
    choose(&mut terminal, "llmenv allow");
    assert_active(&mut terminal, &WORK);
    choose(&mut terminal, "llmenv deny");
    assert_nothing(&mut terminal);
    enter(&mut terminal, &above);
    assert_eq!(said(&enter(&mut terminal, &pinned)), [""; 0], "a denied pin is silent");
}

/// The file changes while the shell stands there.
pub fn a_pin_changed_under_a_shell_stops_counting(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("p", &FAST);
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &pinned);
    assert_active(&mut terminal, &FAST);
    scene.home.write("p/.llmenv.toml", "profile = \"work\"\n");
    let begun = std::time::Instant::now();
    while terminal.child_var("OPENAI_API_KEY").is_some() {
        assert!(begun.elapsed() < crate::support::DEADLINE, "the change did not arrive");
    }
    assert_nothing(&mut terminal);
}

/// A rule of the user's own, and what is active wherever nothing else says so.
pub fn rules_and_the_default(shell: Shell) {
    let scene = Scene::new();
    let (acme, deeper) = (scene.home.path("acme"), scene.home.path("acme/x"));
    std::fs::create_dir_all(&deeper).unwrap();
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &acme);
    choose(&mut terminal, "llmenv use fast --here --rule");
    assert_active(&mut terminal, &FAST);
    enter(&mut terminal, &deeper);
    assert_active(&mut terminal, &FAST);
    enter(&mut terminal, std::path::Path::new("/"));
    assert_nothing(&mut terminal);
    choose(&mut terminal, "llmenv use work --global");
    assert_active(&mut terminal, &WORK);
    enter(&mut terminal, &acme);
    assert_active(&mut terminal, &FAST);
    enter(&mut terminal, &scene.home.path(""));
    assert_active(&mut terminal, &WORK);
    let mut second = scene.shell(shell);
    assert_active(&mut second, &WORK);
}

/// A shell that is started in another directory by a program in between.
pub fn nested_shells_decide_pins_anew(shell: Shell) {
    let scene = Scene::new();
    let (fast, _) = (scene.pin("p", &FAST), scene.pin("q", &WORK));
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &fast);
    assert_active(&mut terminal, &FAST);
    let program = nested_line(&scene, shell);
    terminal.run(&format!("/bin/sh -c 'cd ../q && exec {program}'"));
    assert_active(&mut terminal, &WORK);
    assert_both(&mut terminal, FAST.own, None);
    enter(&mut terminal, &scene.home.path(""));
    assert_nothing(&mut terminal);
    terminal.run("exit");
    assert_active(&mut terminal, &FAST);
    terminal.run(&format!("/bin/sh -c 'cd .. && exec {program}'"));
    assert_nothing(&mut terminal);
}

/// The address was changed by hand: released here and below, until a pin names another profile.
pub fn a_released_shell_follows_the_next_pin(shell: Shell) {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("p", &WORK), scene.pin("p/q", &FAST));
    std::fs::create_dir(work.join("sub")).unwrap();
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &work);
    let mut text = terminal.run(&shell.export_line("OPENAI_BASE_URL", OTHER));
    text += &draw_until(&mut terminal, "OPENAI_API_KEY", None);
    assert_eq!(text.matches("pair-mixed").count(), 1, "{text}");
    enter(&mut terminal, &work.join("sub"));
    assert_pair(&mut terminal, None, Some(OTHER));
    enter(&mut terminal, &fast);
    assert_active(&mut terminal, &FAST);
    enter(&mut terminal, &scene.home.path(""));
    assert_pair(&mut terminal, None, Some(OTHER));
}

/// What was released stays so in a shell below.
pub fn nested_shells_stay_released(shell: Shell) {
    let scene = Scene::new();
    let work = scene.pin("p", &WORK);
    let mut terminal = scene.shell(shell);
    enter(&mut terminal, &work);
    terminal.run(&shell.export_line("OPENAI_BASE_URL", OTHER));
    draw_until(&mut terminal, "OPENAI_API_KEY", None);
    terminal.run(&nested_line(&scene, shell));
    assert_pair(&mut terminal, None, Some(OTHER));
}

/// Another path of the same host is the user's and no danger.
pub fn the_same_host_is_no_other_host(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    let url = "https://openrouter.ai/api/v1/";
    let mut text = terminal.run(&shell.export_line("OPENAI_BASE_URL", url));
    text += &terminal.run("");
    assert_eq!(said(&text), [""; 0]);
    assert_pair(&mut terminal, Some(WORK.key), Some(url));
}

/// direnv sets what it sets and we the pair, whichever hook comes first; on leaving both go.
pub fn direnv_and_a_pin_share_a_directory(shell: Shell) {
    for direnv_first in [true, false] {
        let scene = Scene::new();
        let project = scene.pin("project", &FAST);
        scene.home.write("project/.envrc", "export DATABASE=here\n");
        let mut allow = scene.home.cmd("direnv");
        allow.arg("allow").arg(&project);
        assert_eq!(home::finish(allow, None).code, 0);
        let direnv = match shell {
            Shell::Fish => "direnv hook fish | source".to_owned(),
            _ => format!("eval \"$(direnv hook {})\"", shell.name()),
        };
        let rc = if direnv_first { [direnv.as_str(), init_line(shell)] } else { [init_line(shell), direnv.as_str()] };
        let mut terminal = Terminal::builder(&scene.home, shell).rc(&rc.join("\n")).start();
        enter(&mut terminal, &project);
        assert_active(&mut terminal, &FAST);
        assert_both(&mut terminal, "DATABASE", Some("here"));
        enter(&mut terminal, &scene.home.path(""));
        assert_nothing(&mut terminal);
        assert_both(&mut terminal, "DATABASE", None);
    }
}

/// `SHELL -c` in `SHELL -c`, in another directory.
pub fn children_of_children_have_the_pair(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    let name = shell.name();
    let text = terminal.run(&format!("{name} -c 'cd / && {name} -c \"printenv LLMENV_PROFILE OPENAI_BASE_URL\"'"));
    assert_eq!(text, format!("{}\n{}\n", WORK.name, WORK.url));
}

/// The user took one of ours away: it stays away, in place and on leaving.
pub fn what_was_unset_by_hand_stays_unset(shell: Shell) {
    let scene = Scene::new();
    let mut terminal = scene.shell(shell);
    terminal.export("OPENROUTER_API_KEY", "first");
    choose(&mut terminal, "llmenv use work");
    terminal.unset("OPENROUTER_API_KEY");
    assert_pair(&mut terminal, Some(WORK.key), Some(WORK.url));
    assert_both(&mut terminal, "OPENROUTER_API_KEY", None);
    scene.until_told(&terminal, || scene.rotate_work());
    draw_until(&mut terminal, "OPENAI_API_KEY", Some(WORK_NEXT));
    assert_both(&mut terminal, "OPENROUTER_API_KEY", None);
    choose(&mut terminal, "llmenv off");
    assert_nothing(&mut terminal);
}

/// Nothing answers and nothing may be started: one line at most, and a shell that works.
pub fn no_daemon_can_be_started(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("p", &FAST);
    scene.home.end_daemon();
    let mut terminal = scene.builder(shell).env("LLMENV_DAEMON", "off").start();
    assert_eq!(terminal.run("echo fine"), "fine\n");
    assert_nothing(&mut terminal);
    terminal.run(&super::scene::cd_line(shell, &pinned));
    assert_nothing(&mut terminal);
    let seen = String::from_utf8_lossy(&terminal.raw_output()).into_owned();
    assert_eq!(seen.matches("no daemon runs and none could be started").count(), 1, "{seen}");
}

/// What was chosen by hand stays through directories while the daemon is silent, without a word.
pub fn a_stopped_daemon_leaves_a_choice_alone(shell: Shell) {
    let scene = Scene::new();
    let pinned = scene.pin("p", &FAST);
    let mut terminal = scene.shell(shell);
    choose(&mut terminal, "llmenv use work");
    super::failure::signal(&scene, rustix::process::Signal::STOP);
    let text = terminal.run(&super::scene::cd_line(shell, &pinned));
    assert_eq!(said(&text), [""; 0]);
    assert_active(&mut terminal, &WORK);
    super::failure::signal(&scene, rustix::process::Signal::CONT);
    wait_until("the daemon answers again", || scene.home.llmenv(&["list"]).code == 0);
    terminal.run("");
    assert_active(&mut terminal, &WORK);
}

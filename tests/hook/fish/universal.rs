//! Universal variables, which belong to every session of the user: never written, hidden while something is active, seen again
//! afterwards.

use super::*;

fn stored(scene: &Scene) -> String {
    std::fs::read_to_string(scene.home.path(".config/fish/fish_variables")).unwrap()
}

/// A pair of the user's own, exported for all sessions.
#[test]
fn a_universal_pair_is_hidden_and_seen_again() {
    let scene = Scene::new();
    let (work, fast) = (scene.pin("work", &WORK), scene.pin("fast", &FAST));
    let mut terminal = scene.shell(FISH);
    terminal
        .run("set -Ux OPENAI_API_KEY mine; set -Ux OPENAI_BASE_URL http://127.0.0.1:1/mine; set -U GROQ_API_KEY quiet");
    let before = stored(&scene);
    assert!(before.contains("OPENAI_API_KEY:mine"), "the control: {before}");
    for dir in [&work, &fast] {
        enter(&mut terminal, dir);
        assert_active(&mut terminal, if dir == &work { &WORK } else { &FAST });
        enter(&mut terminal, &scene.home.path(""));
        assert_pair(&mut terminal, Some("mine"), Some("http://127.0.0.1:1/mine"));
        assert_eq!(terminal.shell_var("GROQ_API_KEY").as_deref(), Some("quiet"));
        assert_eq!(terminal.child_var("GROQ_API_KEY"), None);
    }
    choose(&mut terminal, "llmenv use work");
    // A shell below holds the same, and finds the user's own beneath it.
    terminal.run("fish -i");
    assert_active(&mut terminal, &WORK);
    choose(&mut terminal, "llmenv off");
    assert_pair(&mut terminal, Some("mine"), Some("http://127.0.0.1:1/mine"));
    terminal.run("exit");
    assert_active(&mut terminal, &WORK);
    // A key that becomes universal meanwhile is the user's, and shows when ours goes.
    terminal.run("set -Ux OPENAI_API_KEY later");
    choose(&mut terminal, "llmenv off");
    assert_pair(&mut terminal, Some("later"), Some("http://127.0.0.1:1/mine"));
    assert_eq!(stored(&scene), before.replace("OPENAI_API_KEY:mine", "OPENAI_API_KEY:later"));
}

/// A rival of the pair that is universal cannot be unset in one shell alone: it is empty there.
#[test]
fn a_universal_rival_is_empty_while_active() {
    let scene = Scene::new();
    let work = scene.pin("work", &WORK);
    let mut terminal = scene.shell(FISH);
    terminal.run("set -Ux OPENAI_API_BASE http://127.0.0.1:1/mine");
    let before = stored(&scene);
    assert_both(&mut terminal, "OPENAI_API_BASE", Some("http://127.0.0.1:1/mine"));
    assert_eq!(enter(&mut terminal, &work), "");
    assert_active(&mut terminal, &WORK);
    assert_both(&mut terminal, "OPENAI_API_BASE", Some(""));
    assert_eq!(enter(&mut terminal, &scene.home.path("")), "");
    assert_both(&mut terminal, "OPENAI_API_BASE", Some("http://127.0.0.1:1/mine"));
    assert_eq!(stored(&scene), before);
}

/// Released and locked: what is ours goes, and no other key takes its place beside the foreign address.
#[test]
fn a_universal_key_does_not_meet_a_foreign_address() {
    let scene = Scene::new();
    let mut terminal = scene.shell(FISH);
    terminal.run("set -Ux OPENAI_API_KEY mine");
    choose(&mut terminal, "llmenv use work");
    terminal.export("OPENAI_BASE_URL", "https://elsewhere.example/v1");
    let text = draw_until(&mut terminal, "OPENAI_API_KEY", Some(""));
    eprintln!("{text}");
    assert_pair(&mut terminal, Some(""), Some("https://elsewhere.example/v1"));
    terminal.unset("OPENAI_BASE_URL");
    choose(&mut terminal, "llmenv use work");
    assert_active(&mut terminal, &WORK);
    choose(&mut terminal, "llmenv off");
    assert_pair(&mut terminal, Some("mine"), None);
}

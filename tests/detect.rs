//! What is wrong with keys and addresses: each finding where it belongs, and nothing on healthy set-ups.

mod cases;
mod command;
mod fixes;
mod healthy;
mod mend;
mod world;

use cases::CASES;
use llmenv::detect::DETECTORS;

/// The ids of the catalogue's causes that show without asking anybody.
fn ids() -> Vec<&'static str> {
    let lines = include_str!("detect/causes.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| line.split(' ').skip(1)).collect()
}

#[test]
fn every_cause_has_a_detector_and_its_scenarios() {
    let detected: Vec<&str> = DETECTORS.iter().flat_map(|detector| detector.ids).copied().collect();
    let tested: Vec<&str> =
        CASES.iter().filter(|case| !case.told.is_empty() && !case.silent.is_empty()).map(|case| case.id).collect();
    let mut missing: Vec<String> = Vec::new();
    for id in ids() {
        for (what, list) in [("detector", &detected), ("scenarios", &tested)] {
            if !list.contains(&id) {
                missing.push(format!("{id}: no {what}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    println!("{} causes' ids have a detector and scenarios", ids().len());
}

#[test]
fn every_scenario_is_told_or_silent() {
    let mut wrong: Vec<String> = Vec::new();
    let (mut told, mut silent) = (0, 0);
    for case in CASES {
        for (n, build) in case.told.iter().enumerate() {
            told += 1;
            let got = build().ids();
            if !got.contains(&case.id) {
                wrong.push(format!("{} #{n} is not told: {got:?}", case.id));
            }
        }
        for (n, build) in case.silent.iter().enumerate() {
            silent += 1;
            let world = build();
            if let Some(found) = world.found().iter().find(|found| found.id == case.id) {
                wrong.push(format!("{} silent #{n} is told: {}", case.id, found.message));
            }
        }
    }
    println!("{told} scenarios are told, {silent} are silent, {} causes", CASES.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What says the same of another file is no echo: each place is told once, by the finding that is about it.
#[test]
fn a_finding_hides_another_at_its_own_place_alone() {
    let key = world::or();
    let line = format!("OPENROUTER_API_KEY={key}\n");
    let world = world::World::new().file("p/.env", &line).file("p/.env.local", &line).run(|home| {
        for args in [&["init", "-q", "."][..], &["add", "-f", ".env"]] {
            let mut git = home.cmd("git");
            git.args(args).current_dir(home.path("p"));
            assert_eq!(crate::support::home::finish(git, None).code, 0);
        }
    });
    let found = world.found();
    let files = |id: &str| -> Vec<String> {
        let of = found.iter().filter(|finding| finding.id == id).flat_map(|finding| &finding.origins);
        of.map(|spot| spot.origin.path.as_ref().unwrap().file_name().unwrap().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(files("env-tracked"), [".env"]);
    assert_eq!(files("env-not-ignored"), [".env.local"]);
}

/// Whatever is found: no sentence has a key or anything that moves a cursor, all have one thing to do, and say where.
#[test]
fn t12_no_finding_shows_a_key_or_a_control_character() {
    let keys = [
        world::or(),
        world::or1(),
        world::or2(),
        world::oa(),
        world::an(),
        world::oat(),
        world::gq(),
        world::xai(),
        world::gm(),
    ];
    for case in CASES {
        for build in case.told {
            for found in build().found() {
                let text = format!("{}\n{}", found.json(), found.message);
                for key in &keys {
                    assert!(
                        !text.contains(&key[key.len() - 24..]) && !text.contains(&key[8..28]),
                        "{}: {text}",
                        case.id
                    );
                }
                assert!(!text.contains("secret-word"), "{text}");
                assert!(
                    !found.message.chars().any(llmenv::printable::is_unprintable),
                    "{}: {:?}",
                    case.id,
                    found.message
                );
                let fix = found.fix.as_ref().unwrap_or_else(|| {
                    assert_eq!(found.id, "place-unread", "{} says nothing to do: {}", found.id, found.message);
                    panic!("{}", found.message)
                });
                assert!(!fix.description.is_empty() && !fix.description.chars().any(char::is_control), "{}", case.id);
                assert!(
                    found.message.starts_with(|c: char| c.is_lowercase()
                        || c.is_ascii_uppercase()
                        || c == '`'
                        || c.is_ascii_digit())
                        && !found.message.ends_with('.'),
                    "{}",
                    found.message
                );
            }
        }
    }
}

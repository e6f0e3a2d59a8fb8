//! All sources at once: order, places, odd files, the time it may take.

use std::path::Path;
use std::time::{Duration, Instant};

use llmenv::dotenv::Dialect;
use llmenv::secret::Secret;
use llmenv::source::{self, Assignment, Collected, Held, Kind, Reader, Scene, Sought};

use super::key;

/// A home with a system of its own around it, and these variables.
pub fn scene(home: &Path, dir: &str, variables: &[(&str, &str)]) -> Scene {
    Scene {
        cwd: home.join(dir),
        home: home.to_owned(),
        variables: variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect(),
        root: home.join("system"),
    }
}

/// Everything of these kinds about keys and addresses.
pub fn found(scene: &Scene, kinds: &[Kind]) -> Collected {
    let sought =
        Sought::new(|name| name.ends_with("_API_KEY") || name.ends_with("_BASE_URL") || name.ends_with("_TOKEN"));
    source::collect(scene, &sought, kinds, Duration::from_secs(20))
}

/// `NAME=VALUE at PATH:LINE:COLUMN`, below the home; `?` where only running something would tell, `-` where it is taken away.
pub fn told(assignment: &Assignment, home: &Path) -> String {
    let value = match &assignment.held {
        Held::Text(value) => value.expose().to_owned(),
        Held::Variable(name) => format!("${name}"),
        Held::Unset => "-".into(),
        Held::Unknowable => "?".into(),
    };
    let origin = &assignment.origin;
    let mut at = origin.path.as_ref().map_or_else(
        || origin.kind.id().to_owned(),
        |path| path.strip_prefix(home).unwrap_or(path).display().to_string(),
    );
    for number in [origin.line, origin.column].into_iter().flatten() {
        at += &format!(":{number}");
    }
    format!("{}={value} at {at}", assignment.name)
}

#[test]
fn the_environment_comes_before_the_nearest_file() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    std::fs::create_dir_all(home.join("src/app")).unwrap();
    std::fs::write(home.join("src/app/.env"), format!("A=1\nexport OPENAI_API_KEY=\"{}\" # mine\n", key(1))).unwrap();
    std::fs::write(home.join("src/.env"), "OPENAI_API_KEY=$(cat key)\nOPENAI_API_KEY_OLD=x\n").unwrap();
    let scene = scene(home, "src/app", &[("OPENAI_API_KEY", "here"), ("EDITOR", "vi")]);
    let all = found(&scene, &Kind::ALL[..2]);
    let told: Vec<String> = all.assignments.iter().map(|found| told(found, home)).collect();
    assert_eq!(
        told,
        [
            "OPENAI_API_KEY=here at environment".to_owned(),
            format!("OPENAI_API_KEY={} at src/app/.env:2:23", key(1)),
            "OPENAI_API_KEY=$(cat key) at src/.env:1:16".into(),
            "OPENAI_API_KEY=? at src/.env:1:16".into(),
        ]
    );
    assert_eq!(all.assignments[3].origin.reader, Reader::Loaders(vec![Dialect::Bash]));
    assert_eq!((all.count_read(Kind::Dotenv), all.unread.len(), all.is_cut), (2, 0, false));
    // What was not asked for stays out.
    assert!(found(&scene, &[Kind::Environment]).of("EDITOR").next().is_none());
}

/// Pipes, folders, devices, links and large files are named, and nothing waits for them.
#[test]
fn t10_odd_files_end_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    std::fs::create_dir_all(home.join("src/.env.d")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(home.join("src/.env")).status().unwrap().success());
    std::os::unix::fs::symlink("/nowhere", home.join("src/.env.link")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", home.join("src/.env.zero")).unwrap();
    std::fs::File::create(home.join("src/.env.large")).unwrap().set_len(10 << 30).unwrap();
    let begun = Instant::now();
    let all = found(&scene(home, "src", &[]), &[Kind::Dotenv]);
    // Far below the time given: nothing was waited for.
    assert!(begun.elapsed() < Duration::from_secs(20));
    let mut names: Vec<_> =
        all.unread.iter().map(|unread| unread.path.as_ref().unwrap().file_name().unwrap().to_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, [".env", ".env.d", ".env.large", ".env.link", ".env.zero"]);
    assert_eq!((all.assignments.len(), all.is_cut), (0, false));
}

/// Without time there is a word about it and no wrong answer.
#[test]
fn no_time_is_told() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(".env"), "OPENAI_API_KEY=x\n").unwrap();
    let all = source::collect(
        &scene(dir.path(), "", &[("OPENAI_API_KEY", "x")]),
        &Sought::new(|_| true),
        &Kind::ALL,
        Duration::ZERO,
    );
    assert!(all.is_cut && all.count_read(Kind::Dotenv) == 0, "{all:?}");
    // Programs of other tests may be seen even so.
    assert_eq!(all.of("OPENAI_API_KEY").filter(|found| found.origin.kind == Kind::Environment).count(), 1);
}

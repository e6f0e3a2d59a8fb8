//! T10: an action that is killed in the middle. What it wrote is taken back, what it did not write is left alone.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use llmenv::backup::{Action, Key, Undo};
use llmenv::bounded::Links;
use llmenv::secret::Secret;

use super::{Scene, names};
use crate::support::DEADLINE;

const FOLDER: &str = "LLMENV_TEST_ACTION_FOLDER";
const COUNT: usize = 120;

fn name(n: usize) -> String {
    format!("files/f{n:03}")
}

#[test]
#[ignore = "started by the next test"]
fn changes_many_files() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("started by another test"));
    let key = Key::from_hex(&Secret::new(std::fs::read_to_string(folder.join("key")).unwrap())).unwrap();
    let paths = llmenv::paths::Paths {
        home: folder.join("home"),
        config_dir: folder.join("config"),
        data_dir: folder.join("data"),
        state_dir: folder.join("state"),
        runtime_dir: None,
    };
    let mut action = Action::new("a test");
    for n in 0..COUNT {
        action.edit(&folder.join("home").join(name(n)), Links::Refuse, |_| Ok(b"after\n".to_vec())).unwrap();
    }
    action.apply(&llmenv::backup::Backups::of(&paths), &key).unwrap();
}

#[test]
fn t10_an_action_killed_between_two_files_is_taken_back_whole() {
    let mut cut = 0;
    for stop_at in [0, COUNT / 4, COUNT / 2, COUNT - 2] {
        let scene = Scene::new();
        for n in 0..COUNT {
            scene.write(&name(n), format!("before {n}\n"));
        }
        let folder = scene.path("..").canonicalize().unwrap();
        std::fs::write(folder.join("key"), scene.key.to_hex().expose()).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "backup::crash::changes_many_files"])
            .env(FOLDER, &folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begun = std::time::Instant::now();
        let is_written = || std::fs::read(scene.path(&name(stop_at))).unwrap() == b"after\n";
        while !is_written() {
            // It may write the rest and end between two looks.
            let goes_on = child.try_wait().unwrap().is_none() || is_written();
            assert!(goes_on && begun.elapsed() < DEADLINE, "it ended without writing");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let read = |n: usize| std::fs::read_to_string(scene.path(&name(n))).unwrap();
        let written = (0..COUNT).filter(|n| read(*n) == "after\n").count();
        assert!((0..COUNT).all(|n| read(n) == "after\n" || read(n) == format!("before {n}\n")), "neither old nor new");
        cut += usize::from(written < COUNT);
        let listed = scene.backups.list().unwrap();
        assert_eq!(listed.len(), 1);
        let undo = Undo::plan(scene.backups.open(&listed[0].id, &scene.key).unwrap());
        assert_eq!(undo.apply(&scene.backups, &scene.key, false).unwrap().files.len(), written);
        assert!((0..COUNT).all(|n| read(n) == format!("before {n}\n")));
        let left: Vec<String> = names(&scene.path("files")).into_iter().filter(|name| !name.starts_with('f')).collect();
        assert!(left.len() <= 1, "{left:?}");
    }
    assert!(cut > 0, "no action was cut in the middle");
}

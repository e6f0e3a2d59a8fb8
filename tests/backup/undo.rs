//! Taking back.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use llmenv::backup::{Action, KEPT_FOR, Restored, Standing, Undo};
use llmenv::bounded::Links;
use llmenv::error::Result;

use super::Scene;

/// Two files, changed by one action; gives its id.
fn changed(scene: &Scene) -> (PathBuf, PathBuf, String) {
    let (one, two) = (scene.write("one", "a\r\nb"), scene.write("sub/two", "c\n"));
    std::fs::set_permissions(&two, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut action = Action::new("a test");
    for file in [&one, &two] {
        action.edit(file, Links::Refuse, |now| Ok(now.to_ascii_uppercase())).unwrap();
    }
    let id = action.apply(&scene.backups, &scene.key).unwrap().id;
    (one, two, id)
}

fn undo(scene: &Scene, id: &str, force: bool) -> Result<Restored> {
    Undo::plan(scene.backups.open(id, &scene.key)?).apply(&scene.backups, &scene.key, force)
}

fn standing(scene: &Scene, id: &str, path: &Path) -> Standing {
    let undo = Undo::plan(scene.backups.open(id, &scene.key).unwrap());
    undo.standings().find(|(of, _)| *of == path).unwrap().1.clone()
}

#[test]
fn every_byte_comes_back_once() {
    let scene = Scene::new();
    let (one, two, id) = changed(&scene);
    assert_eq!((std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()), (b"A\r\nB".into(), b"C\n".into()));
    let restored = undo(&scene, &id, false).unwrap();
    assert_eq!((restored.files, restored.over), (vec![one.clone(), two.clone()], None));
    assert_eq!((std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()), (b"a\r\nb".into(), b"c\n".into()));
    assert!(scene.backups.list().unwrap().is_empty());
    let error = undo(&scene, &id, false).unwrap_err();
    assert_eq!(error.message, format!("there is no backup `{id}`"));
}

#[test]
fn a_file_edited_since_keeps_all_as_they_are_unless_forced() {
    let scene = Scene::new();
    let (one, two, id) = changed(&scene);
    std::fs::write(&two, "mine now\n").unwrap();
    let error = undo(&scene, &id, false).unwrap_err();
    assert_eq!(error.message, "not every file is as llmenv left it, so none was restored");
    assert_eq!(error.at.len(), 1);
    assert!(error.at[0].ends_with("sub/two was edited since"), "{error}");
    let hints = error.hints.join("\n");
    assert!(hints.contains(&format!("`llmenv undo {id} --show`")) && hints.contains("--force"), "{error}");
    assert_eq!(std::fs::read(&one).unwrap(), b"A\r\nB", "none was restored");

    let restored = undo(&scene, &id, true).unwrap();
    assert_eq!((std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()), (b"a\r\nb".into(), b"c\n".into()));
    // What was written over can be had again.
    let over = restored.over.unwrap();
    assert_eq!(over.files, [two.as_path()]);
    undo(&scene, &over.id, false).unwrap();
    assert_eq!(std::fs::read(&two).unwrap(), b"mine now\n");
}

#[test]
fn a_removed_file_comes_back_when_forced_with_its_folder_and_mode() {
    let scene = Scene::new();
    let (_, two, id) = changed(&scene);
    std::fs::remove_dir_all(two.parent().unwrap()).unwrap();
    assert_eq!(standing(&scene, &id, &two), Standing::Removed);
    assert!(undo(&scene, &id, false).unwrap_err().at[0].ends_with("sub/two was removed since"));
    let over = undo(&scene, &id, true).unwrap().over.unwrap();
    assert_eq!(std::fs::read(&two).unwrap(), b"c\n");
    assert_eq!(std::fs::metadata(&two).unwrap().mode() & 0o777, 0o644);
    undo(&scene, &over.id, false).unwrap();
    assert!(!two.exists(), "it had been removed");
}

#[test]
fn t10_what_became_a_link_or_something_else_is_not_written() {
    let scene = Scene::new();
    let (one, two, id) = changed(&scene);
    let victim = scene.write("victim", "victim");
    std::fs::remove_file(&one).unwrap();
    symlink(&victim, &one).unwrap();
    for force in [false, true] {
        let error = undo(&scene, &id, force).unwrap_err();
        assert!(error.at[0].contains("is a symbolic link to"), "{error}");
        assert!(error.hints.last().unwrap().starts_with("move what is in the way aside"), "{error}");
    }
    std::fs::remove_file(&one).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&one).status().unwrap().success());
    assert!(undo(&scene, &id, true).unwrap_err().at[0].contains("is a pipe"));
    assert_eq!((std::fs::read(&victim).unwrap(), std::fs::read(&two).unwrap()), (b"victim".into(), b"C\n".into()));
    // Once it is out of the way, all is well.
    std::fs::remove_file(&one).unwrap();
    undo(&scene, &id, true).unwrap();
    assert_eq!((std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()), (b"a\r\nb".into(), b"c\n".into()));
}

#[test]
fn a_link_that_leads_elsewhere_now_is_told() {
    let scene = Scene::new();
    let real = scene.write("dotfiles/rc", "a\n");
    let link = scene.path("rc");
    symlink(&real, &link).unwrap();
    let mut action = Action::new("a test");
    action.edit(&link, Links::Follow, |_| Ok(b"b\n".to_vec())).unwrap();
    let id = action.apply(&scene.backups, &scene.key).unwrap().id;
    std::fs::remove_file(&link).unwrap();
    symlink(scene.write("other", "other"), &link).unwrap();
    assert!(undo(&scene, &id, true).unwrap_err().at[0].ends_with("is no longer a link to the file that was changed"));
    assert_eq!(std::fs::read(scene.path("other")).unwrap(), b"other");
}

/// As after a kill between two files: one was written, the other was not.
#[test]
fn a_file_that_has_its_earlier_content_is_left_alone() {
    let scene = Scene::new();
    let (one, two, id) = changed(&scene);
    std::fs::write(&two, "c\n").unwrap();
    let before = std::fs::metadata(&two).unwrap();
    assert_eq!(undo(&scene, &id, false).unwrap().files, [one.as_path()]);
    assert_eq!(std::fs::read(&one).unwrap(), b"a\r\nb");
    assert_eq!(std::fs::metadata(&two).unwrap().ino(), before.ino());
}

#[test]
fn backups_are_listed_newest_first_and_go_after_30_days() {
    let scene = Scene::new();
    let (.., id) = changed(&scene);
    let listed = scene.backups.list().unwrap();
    assert_eq!((listed.len(), &listed[0].id, listed[0].what.as_str()), (1, &id, "a test"));
    assert_eq!(listed[0].files.len(), 2);
    let made_at = listed[0].made_at;
    scene.backups.sweep(made_at + KEPT_FOR.as_secs());
    assert_eq!(scene.sealed().len(), 1);
    scene.backups.sweep(made_at + KEPT_FOR.as_secs() + 1);
    assert_eq!(scene.sealed().len(), 0);
}

//! Plans and what becomes of them.

use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use llmenv::backup::{Action, Undo};
use llmenv::bounded::Links;
use llmenv::error::Error;

use super::{Scene, holds, names};

fn upper(now: &[u8]) -> llmenv::error::Result<Vec<u8>> {
    Ok(now.to_ascii_uppercase())
}

#[test]
fn several_files_are_written_and_their_earlier_contents_are_sealed_elsewhere() {
    let scene = Scene::new();
    let one = scene.write("a/one.env", "\u{feff}key=marked-value\r\nx\r\n");
    let two = scene.write("b/two", [b'k', 0xff, 0, b'\n', b'z']);
    std::fs::set_permissions(&one, std::fs::Permissions::from_mode(0o640)).unwrap();
    let mut action = Action::new("a test");
    assert!(action.edit(&one, Links::Refuse, upper).unwrap());
    assert!(action.edit(&two, Links::Refuse, upper).unwrap());
    assert!(!action.edit(&scene.write("same", "SAME"), Links::Refuse, upper).unwrap(), "nothing to change there");
    assert_eq!(std::fs::read(&two).unwrap(), [b'k', 0xff, 0, b'\n', b'z'], "a plan writes nothing");
    assert_eq!(action.planned(&two).unwrap(), [b'K', 0xff, 0, b'\n', b'Z']);
    let applied = action.apply(&scene.backups, &scene.key).unwrap();
    assert_eq!(applied.files, [one.clone(), two.clone()]);
    assert_eq!(std::fs::read(&one).unwrap(), "\u{feff}KEY=MARKED-VALUE\r\nX\r\n".as_bytes());
    assert_eq!(std::fs::metadata(&one).unwrap().mode() & 0o7777, 0o640);
    // Nothing beside the files, nothing in clear in the state folder, nobody else may read it.
    assert_eq!(
        (names(one.parent().unwrap()), names(two.parent().unwrap())),
        (vec!["one.env".into()], vec!["two".into()])
    );
    assert_eq!(names(scene.backups.dir()), [format!("{}.sealed", applied.id)]);
    assert!(scene.sealed().iter().all(|bytes| !holds(bytes, b"marked-value") && !holds(bytes, b"MARKED-VALUE")));
    assert!(holds(&scene.sealed()[0], b"one.env"), "the control: the list of files is in clear");
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(scene.backups.dir()), 0o700);
    assert_eq!(mode(&scene.backups.dir().join(format!("{}.sealed", applied.id))), 0o600);
}

#[test]
fn a_second_edit_of_a_file_sees_the_first() {
    let scene = Scene::new();
    let file = scene.write("f", "one\n");
    let mut action = Action::new("a test");
    let add = |now: &[u8]| Ok([now, b"two\n"].concat());
    assert!(action.edit(&file, Links::Refuse, add).unwrap());
    assert!(action.edit(&file, Links::Refuse, add).unwrap());
    assert_eq!(action.files(), [file.as_path()]);
    // Back to what it was: nothing is left to do.
    assert!(action.edit(&file, Links::Refuse, |_| Ok(b"one\n".to_vec())).unwrap());
    assert!(action.is_empty() && action.files().is_empty());
    assert!(action.apply(&scene.backups, &scene.key).is_err());
    assert_eq!(scene.sealed().len(), 0);
}

#[test]
fn a_new_file_and_its_folders_come_and_go() {
    let scene = Scene::new();
    let file = scene.path("new/deep/config.toml");
    let mut action = Action::new("a test");
    assert!(action.edit(&file, Links::Refuse, upper).is_err(), "an edit needs a file");
    let changes = action.change(&file, Links::Follow, |now| {
        assert_eq!(now, None);
        Ok(Some(b"x = 1\n".to_vec()))
    });
    assert!(changes.unwrap());
    let id = action.apply(&scene.backups, &scene.key).unwrap().id;
    assert_eq!(std::fs::read(&file).unwrap(), b"x = 1\n");
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let undo = Undo::plan(scene.backups.open(&id, &scene.key).unwrap());
    undo.apply(&scene.backups, &scene.key, false).unwrap();
    assert!(!scene.path("new").exists());
}

#[test]
fn one_file_that_changed_meanwhile_stops_all_of_them() {
    let scene = Scene::new();
    let (one, two) = (scene.write("one", "a"), scene.write("two", "b"));
    let new = scene.path("made/three");
    let mut action = Action::new("a test");
    action.edit(&one, Links::Refuse, upper).unwrap();
    action.change(&new, Links::Refuse, |_| Ok(Some(b"c".to_vec()))).unwrap();
    action.edit(&two, Links::Refuse, upper).unwrap();
    std::fs::write(&two, "somebody else's").unwrap();
    let error = action.apply(&scene.backups, &scene.key).unwrap_err();
    assert!(error.message.ends_with("was changed by somebody else meanwhile"), "{error}");
    assert!(error.to_string().contains("hint: no file was changed"), "{error}");
    assert_eq!((std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap()), (b"a".into(), b"somebody else's".into()));
    assert!(!scene.path("made").exists());
    assert_eq!(scene.sealed().len(), 0, "nothing is left to undo");
}

#[test]
fn a_plan_that_fails_changes_nothing() {
    let scene = Scene::new();
    let file = scene.write("f", "a");
    let mut action = Action::new("a test");
    assert!(action.edit(&file, Links::Refuse, |_| Err(Error::new("no"))).is_err());
    assert!(action.edit(&file, Links::Refuse, |_| Ok(vec![0; 5 << 20])).is_err(), "too large");
    assert!(action.is_empty());
}

/// T10: a name that is not what it seems is never written through.
#[test]
fn t10_odd_files_are_refused_before_anything_is_written() {
    let scene = Scene::new();
    let victim = scene.write("outside/.bashrc", "victim\n");
    let at = |name: &str| scene.path(&format!("repo/{name}"));
    scene.write("repo/twice", "second name");
    std::fs::hard_link(at("twice"), at("twin")).unwrap();
    symlink("../outside/.bashrc", at("link")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    std::fs::File::create(at("large")).unwrap().set_len(10 << 30).unwrap();
    let read_only = scene.write("repo/read-only", "x");
    std::fs::set_permissions(&read_only, std::fs::Permissions::from_mode(0o400)).unwrap();
    for (name, why) in [
        ("link", "is a symbolic link to `../outside/.bashrc`, which is not written through"),
        ("dangling", "is a symbolic link to `nowhere`"),
        ("loop", "is a symbolic link to `loop`"),
        ("folder", "is a folder, not a file"),
        ("pipe", "is a pipe, not a file"),
        ("large", "is larger than 4096 KiB"),
        ("twin", "has a second name"),
        ("read-only", "is read-only"),
    ] {
        let error = Action::new("a test").edit(&at(name), Links::Refuse, |_| Ok(b"X".to_vec())).unwrap_err();
        assert!(error.message.contains(why), "{name}: {error}");
        assert!(error.to_string().contains("nothing was changed"), "{name}: {error}");
    }
    for name in ["dangling", "loop"] {
        let error = Action::new("a test").edit(&at(name), Links::Follow, |_| Ok(b"X".to_vec())).unwrap_err();
        assert!(error.message.contains("is a symbolic link that leads nowhere"), "{name}: {error}");
    }
    assert_eq!(std::fs::read(&victim).unwrap(), b"victim\n");
    assert_eq!(scene.sealed().len(), 0);
}

#[test]
fn a_link_of_the_users_own_set_up_stays_a_link() {
    let scene = Scene::new();
    let real = scene.write("dotfiles/zshrc", "a\n");
    let link = scene.path(".zshrc");
    symlink("dotfiles/zshrc", &link).unwrap();
    let mut action = Action::new("a test");
    assert!(action.edit(&link, Links::Follow, upper).unwrap());
    assert!(action.diff()[0].file.ends_with("dotfiles/zshrc)"), "{:?}", action.diff());
    let id = action.apply(&scene.backups, &scene.key).unwrap().id;
    assert!(std::fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(std::fs::read(&real).unwrap(), b"A\n");
    Undo::plan(scene.backups.open(&id, &scene.key).unwrap()).apply(&scene.backups, &scene.key, false).unwrap();
    assert!(std::fs::symlink_metadata(&link).unwrap().file_type().is_symlink());
    assert_eq!(std::fs::read(&real).unwrap(), b"a\n");
}

/// T10: somebody exchanges the file for a link while it is written. What the link points to never changes.
#[test]
fn t10_a_file_exchanged_for_a_link_while_it_is_written() {
    let scene = Scene::new();
    let victim = scene.write("victim", "victim");
    let file = scene.write("repo/.env", "a");
    let stop = AtomicBool::new(false);
    let mut written = 0;
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let (spare, hidden) = (scene.path("repo/spare"), scene.path("repo/hidden"));
            while !stop.load(Ordering::Relaxed) {
                let _ = symlink(&victim, &spare);
                let _ = std::fs::rename(&file, &hidden);
                let _ = std::fs::rename(&spare, &file);
                let _ = std::fs::rename(&hidden, &file);
            }
        });
        for round in 0..1_000u32 {
            let mut action = Action::new("a test");
            let planned = action.change(&file, Links::Refuse, |_| Ok(Some(round.to_string().into_bytes())));
            if planned.is_ok() && action.apply(&scene.backups, &scene.key).is_ok() {
                written += 1;
            }
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(std::fs::read(&victim).unwrap(), b"victim");
    assert!(written > 0, "the control: some were written");
}

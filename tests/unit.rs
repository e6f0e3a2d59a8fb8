//! The files by which the system starts the daemon, read back by somebody else's parser.

use std::path::PathBuf;

use llmenv::unit::{self, Manager, Site, UnitFile};

/// Everything that a path may hold and a unit could misread.
const AWKWARD: &str = r#"/opt/my $HOME's 100% "best" \n&amp;<x>; ü/llmenv"#;

fn site() -> Site {
    Site {
        program: AWKWARD.into(),
        home: "/home/me".into(),
        config_root: "/home/me/.config".into(),
        data_dir: "/home/me/.local/share/llmenv".into(),
        runtime_dir: Some("/run/user/1000".into()),
        uid: 1000,
        user: "CORP\\Ada Lovelace & Co".into(),
        variables: vec![
            ("HOME".into(), "/home/me".into()),
            ("XDG_STATE_HOME".into(), "/home/me/a b%c\\d\"e<f>&g$h".into()),
        ],
    }
}

fn files(manager: Manager, site: &Site) -> Vec<UnitFile> {
    unit::files(manager, site).unwrap()
}

// The paths in it have slashes where there is a systemd.
#[cfg(unix)]
#[test]
fn systemd_says_what_it_should() {
    let refused = unit::files(Manager::Systemd, &site()).unwrap_err();
    assert_eq!(
        refused.to_string(),
        format!(
            "systemd starts no program whose path has a quote or a backslash: `{AWKWARD}`\nhint: install llmenv in another folder"
        )
    );
    let site = Site { program: "/opt/my $HOME 100% &amp;<x>; ü/llmenv".into(), ..site() };
    let got = files(Manager::Systemd, &site);
    let names: Vec<_> = got.iter().map(|file| file.path.to_str().unwrap()).collect();
    assert_eq!(names, ["/home/me/.config/systemd/user/llmenv.service", "/home/me/.config/systemd/user/llmenv.socket"]);
    let has = |which: usize, line: &str| {
        assert!(got[which].text.lines().any(|found| found == line), "{line}\n{}", got[which].text);
    };
    has(0, r#"ExecStart=:"/opt/my $HOME 100%% &amp;<x>; ü/llmenv" daemon run --by systemd"#);
    has(0, r#"Environment="XDG_STATE_HOME=/home/me/a b%%c\\d\"e<f>&g$h""#);
    has(0, "Requires=llmenv.socket");
    has(0, "NoNewPrivileges=yes");
    has(0, "LimitCORE=0");
    has(0, "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6");
    has(0, "MemoryDenyWriteExecute=yes");
    has(1, "ListenStream=%t/llmenv/daemon.sock");
    has(1, "FileDescriptorName=daemon");
    has(1, "SocketMode=0600");
    has(1, "DirectoryMode=0700");
    // A runtime folder of one's own is named, for systemd would listen elsewhere.
    let elsewhere = Site { runtime_dir: Some("/home/me/100% run".into()), ..site };
    let socket = &files(Manager::Systemd, &elsewhere)[1].text;
    assert!(socket.contains("\nListenStream=/home/me/100%% run/llmenv/daemon.sock\n"), "{socket}");
}

#[test]
fn what_no_unit_can_hold_is_refused() {
    for manager in [Manager::Systemd, Manager::Launchd, Manager::Task] {
        let program = Site { program: "/opt/a\nExecStart=/bin/evil".into(), ..site() };
        let got = unit::files(manager, &program).unwrap_err();
        assert_eq!(
            got.to_string(),
            "the program's path `/opt/a\\u{a}ExecStart=/bin/evil` cannot be written into a unit\nhint: it is not plain text on one line"
        );
    }
    let variables = vec![("XDG_STATE_HOME".to_owned(), "/a\r\nExecStartPre=/bin/evil".to_owned())];
    for manager in [Manager::Systemd, Manager::Launchd] {
        let site = Site { program: "/usr/bin/llmenv".into(), variables: variables.clone(), ..site() };
        let got = unit::files(manager, &site).unwrap_err();
        assert!(got.message.starts_with("the value of XDG_STATE_HOME, `/a\\u{d}"), "{got}");
    }
}

#[test]
fn a_file_of_ours_is_known_and_no_other() {
    let site = Site { program: "/usr/bin/llmenv".into(), ..site() };
    for manager in [Manager::Systemd, Manager::Launchd, Manager::Task] {
        for file in files(manager, &site) {
            assert!(unit::is_ours(&file.bytes()), "{file:?}");
        }
        let places: Vec<PathBuf> = files(manager, &site).into_iter().map(|file| file.path).collect();
        assert_eq!(unit::places(manager, &site), places);
    }
    assert!(!unit::is_ours(b"[Service]\nExecStart=/usr/bin/llmenv daemon run\n"));
    assert!(!unit::is_ours(b""));
    assert!(!unit::is_ours(&[0xff, 0xfe]));
}

#[test]
fn every_user_has_a_task_of_their_own() {
    assert_eq!(unit::task_name(&site()), "llmenv-CORP-Ada-Lovelace---Co");
    let bytes = files(Manager::Task, &site())[0].bytes();
    assert_eq!(&bytes[..6], [0xff, 0xfe, b'<', 0, b'?', 0]);
}

/// Runs Python's own parser over a file and gives what it says.
#[cfg(unix)]
fn python(script: &str, file: &UnitFile) -> String {
    let home = crate::support::Home::new();
    let path = home.write("unit", file.bytes());
    let mut command = home.cmd("python3");
    command.arg("-c").arg(script).arg(&path);
    let got = crate::support::home::finish(command, None);
    assert_eq!((got.code, got.stderr.as_str()), (0, ""), "{got:?}\n{}", file.text);
    got.stdout
}

#[cfg(unix)]
#[test]
fn apples_own_format_says_what_it_should() {
    let file = &files(Manager::Launchd, &site())[0];
    assert_eq!(file.path, PathBuf::from("/home/me/Library/LaunchAgents/io.llmenv.daemon.plist"));
    let script = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let got: serde_json::Value = serde_json::from_str(&python(script, file)).unwrap();
    assert_eq!(
        got,
        serde_json::json!({
            "Label": "io.llmenv.daemon",
            "ProgramArguments": [AWKWARD, "daemon", "run", "--by", "launchd"],
            "EnvironmentVariables": {"HOME": "/home/me", "XDG_STATE_HOME": "/home/me/a b%c\\d\"e<f>&g$h"},
            "RunAtLoad": true,
            "KeepAlive": {"SuccessfulExit": false},
            "ProcessType": "Background",
            "Umask": 0o77,
            "HardResourceLimits": {"Core": 0},
        })
    );
}

#[cfg(unix)]
#[test]
fn the_windows_task_says_what_it_should() {
    let script = "
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(open(sys.argv[1], 'rb').read())
said = {}
def walk(element, path):
    name = element.tag.replace('{http://schemas.microsoft.com/windows/2004/02/mit/task}', '')
    path = path + [name]
    if len(element):
        for child in element:
            walk(child, path)
    else:
        said['/'.join(path)] = element.text
walk(root, [])
print(json.dumps(said))";
    let got: serde_json::Value = serde_json::from_str(&python(script, &files(Manager::Task, &site())[0])).unwrap();
    let said =
        |path: &str| got[format!("Task/{path}")].as_str().unwrap_or_else(|| panic!("{path} in {got}")).to_owned();
    assert_eq!(said("Actions/Exec/Command"), AWKWARD);
    assert_eq!(said("Actions/Exec/Arguments"), "daemon run --background --by task");
    for user in ["Triggers/LogonTrigger/UserId", "Principals/Principal/UserId"] {
        assert_eq!(said(user), "CORP\\Ada Lovelace & Co");
    }
    assert_eq!(said("Principals/Principal/LogonType"), "InteractiveToken");
    assert_eq!(said("Principals/Principal/RunLevel"), "LeastPrivilege");
    assert_eq!(said("Settings/ExecutionTimeLimit"), "PT0S");
}

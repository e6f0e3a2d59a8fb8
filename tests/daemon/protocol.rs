//! What the socket makes of everything but a well-formed request: an answer or an end, never a hang, a crash or an echo.

use std::io::Write;
use std::time::Instant;

use super::{Raw, Seeded, Sleeper, home_with_daemon, key, served, status_kb};
use crate::support::DEADLINE;

/// Looks like a key and is one that nobody has; no answer may repeat it.
const MARK: &str = "sk-or-v1-c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00";

#[test]
fn it_can_be_asked_by_hand() {
    let (home, pid) = home_with_daemon();
    let mut raw = Raw::connect(&home);
    let hello: serde_json::Value = serde_json::from_str(&raw.ask(r#"{"op":"hello"}"#)).unwrap();
    assert_eq!((&hello["hello"]["protocol"], &hello["hello"]["pid"]), (&1.into(), &pid.into()));
    // Two at once, and one in pieces.
    raw.send("{\"op\":\"hello\"}\n{\"op\":\"shells\"}\n{\"op\":");
    assert!(raw.answer().unwrap().starts_with(r#"{"hello":"#));
    assert_eq!(raw.answer().unwrap(), r#"{"shells":[]}"#);
    raw.send("\"hello\"}\n");
    assert!(raw.answer().unwrap().starts_with(r#"{"hello":"#));
}

#[test]
fn what_is_wrong_is_answered_and_not_repeated() {
    let (home, pid) = home_with_daemon();
    let mut raw = Raw::connect(&home);
    let wrong = |column: usize| {
        format!(r#"{{"error":{{"kind":"usage","message":"the request is not one of protocol 1 (column {column})"}}}}"#)
    };
    let starts = wrong(0).split("(column").next().unwrap().to_owned();
    for line in [
        String::new(),
        "\0".into(),
        MARK.into(),
        format!(r#"{{"op":"{MARK}"}}"#),
        format!(r#"{{"op":"key-get","profile":"work","more":"{MARK}"}}"#),
        format!(r#"{{"op":"key-get","profile":["{MARK}"]}}"#),
        format!(r#"{{"protocol":2,"op":"key-get","profile":"{MARK}"}}"#),
        format!(r#"{{"op":"key-cache","profile":"work","key":{{"{MARK}":1}},"ttl_seconds":-1}}"#),
        format!("[{}", "[".repeat(5_000)),
        r#"{"op":"key-info","profiles":[1e999]}"#.into(),
    ] {
        let got = raw.ask(&line);
        assert!(got.starts_with(&starts) && !got.contains("c0ffee"), "{}: {got}", &line[..line.len().min(80)]);
    }
    raw.send(b"{\"op\":\"hel\xff\xfelo\"}\n");
    assert_eq!(raw.answer().unwrap(), r#"{"error":{"kind":"usage","message":"a request is UTF-8"}}"#);
    for (line, message) in [
        ("hook 1".to_owned(), "a hook request needs `pid`"),
        ("hook 1\tpid=x".into(), "the field `pid` is wrong"),
        (format!("hook 1\tpid=1\t{MARK}=1"), "a field that this version does not know"),
        (format!("hook 1\tpid=1\t{MARK}"), "a field without `=`"),
        (format!("hook 1\tpid=1\twhy={MARK}"), "the field `why` is wrong"),
        (format!("hook 2\tpid=1\tvar=A={MARK}"), ""),
        (format!("hook 10\tpid=1\tvar=A={MARK}"), ""),
    ] {
        let got = raw.ask(&line);
        assert!(!got.contains("c0ffee"), "{got}");
        if !message.is_empty() {
            assert_eq!(got, format!("fail\t{{\"kind\":\"usage\",\"message\":\"{message}\"}}\nend\t-"));
        }
    }
    assert!(raw.ask(r#"{"op":"hello"}"#).contains(&format!("\"pid\":{pid}")));
}

#[test]
fn frames_have_an_end() {
    let (home, pid) = home_with_daemon();
    // Two MiB in one line: the connection ends, and nothing was answered.
    let mut raw = Raw::connect(&home);
    let big = vec![b'x'; 2 * 1024 * 1024];
    raw.send(&big);
    assert_eq!(raw.rest(), b"");
    // Just below the limit it is a request like any other.
    let mut raw = Raw::connect(&home);
    let name = "x".repeat(1024 * 1024 - 100);
    assert!(raw.ask(&format!(r#"{{"op":"key-info","profiles":["{name}"]}}"#)).starts_with(r#"{"keys":"#));
    // Half a frame, and the client is gone.
    for half in [r#"{"op":"hel"#, "hook 1\tpid=", "\n\n{", ""] {
        Raw::connect(&home).send(half);
    }
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn a_slow_drip_is_cut_off() {
    let (home, pid) = home_with_daemon();
    let begun = Instant::now();
    let mut slow = Raw::connect(&home);
    let mut dripping = slow.0.get_ref().try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        while begun.elapsed() < DEADLINE && dripping.write_all(b"x").is_ok() {
            std::thread::sleep(std::time::Duration::from_millis(300));
        }
    });
    // Others are answered meanwhile.
    assert_eq!(served(&home, "work"), key(0));
    assert_eq!(slow.line(), None);
    assert!(begun.elapsed() < DEADLINE, "the connection was never closed");
    drip.join().unwrap();
    assert_eq!(home.daemon_pid(), Some(pid));
}

#[test]
fn t08_protocol_fuzz() {
    let (home, pid) = home_with_daemon();
    let shell = Sleeper::start();
    let cwd = home.path("").display().to_string();
    let seeds = [
        r#"{"op":"hello"}"#.to_owned(),
        r#"{"op":"shells"}"#.into(),
        r#"{"op":"key-info","profiles":["work","other"]}"#.into(),
        format!(
            r#"{{"op":"resolve","cwd":"{cwd}","state":{{"reason":"shell","profile":"work","lease_end":0,"mark":""}}}}"#
        ),
        format!(r#"{{"op":"key-cache","profile":"nobody","key":"{MARK}","ttl_seconds":1}}"#),
        format!(r#"{{"op":"serve","profile":"nobody","cwd":"{cwd}","state":null}}"#),
        format!(
            "hook 1\tshell=zsh\tpid={}\tstart=0\twhy=prompt\tcwd={cwd}\treason=none\tprofile=-\tlease=0\tmark=-\tsignals=0\t\
             names=OPENAI_API_KEY\tvar=OPENAI_API_KEY={MARK}",
            shell.pid()
        ),
    ];
    let before = status_kb(pid, "VmRSS");
    let mut seeded = Seeded(20_261_121);
    let mut raw = Raw::connect(&home);
    let (mut wrong, mut right) = (0, 0);
    for number in 0..20_000 {
        let mut frame = seeds[seeded.below(seeds.len())].clone().into_bytes();
        for _ in 0..seeded.below(4) {
            let at = seeded.below(frame.len());
            match seeded.below(5) {
                0 => frame[at] = u8::try_from(seeded.below(256)).unwrap(),
                1 => frame.truncate(at),
                2 => frame.insert(at, u8::try_from(seeded.below(256)).unwrap()),
                3 => drop(frame.remove(at)),
                _ => frame.extend_from_within(at..),
            }
            if frame.is_empty() {
                frame.push(b'{');
            }
        }
        frame.retain(|byte| *byte != b'\n');
        frame.push(b'\n');
        raw.send(&frame);
        let got = raw.answer().unwrap_or_else(|| panic!("frame {number} ended the connection"));
        let is_wrong = got.starts_with(r#"{"error"#) || got.starts_with("fail\t");
        if is_wrong {
            wrong += 1;
        } else {
            right += 1;
        }
        assert!(!got.contains("c0ffee00c0ffee00"), "frame {number}: {got}");
    }
    println!(
        "{right} of 20,000 frames were requests, {wrong} were not; {before} kB before, {} after",
        status_kb(pid, "VmRSS")
    );
    assert!(right > 2_000 && wrong > 2_000, "{right} {wrong}");
    assert_eq!(home.daemon_pid(), Some(pid));
    assert!(status_kb(pid, "VmRSS") < before + 32 * 1024);
    // Only processes that there are were remembered.
    assert!(std::fs::read_dir(super::state_dir(&home).join("shells")).unwrap().count() < 50);
    assert_eq!(served(&home, "work"), key(0));
}

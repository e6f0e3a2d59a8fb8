//! `.env` files mended: what every loader reads afterwards, what stays as it was, and back again.

mod command;
mod git;

use llmenv::backup::{Action, Backups, Key, Undo};
use llmenv::bounded::Links;
use llmenv::detect;
use llmenv::dotenv::{self, Dialect, Environment};
use llmenv::paths::Paths;
use llmenv::repair::{Known, Owner, Repair, env_file};
use llmenv::secret::Secret;

const NOBODY: Known<'static> = Known { owner: &|_| None, is_tracked: false };

fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn mend(file: impl AsRef<[u8]>) -> Repair {
    env_file(file.as_ref(), &NOBODY)
}

/// The file then; what it was where nothing changes.
fn mended(file: impl AsRef<[u8]>) -> Vec<u8> {
    let file = file.as_ref();
    mend(file).bytes.map_or_else(|| file.to_vec(), |bytes| bytes.to_vec())
}

/// What each loader gives for a name, and whether it gives up somewhere.
fn readings(file: &[u8], name: &str) -> Vec<(Dialect, Option<String>, bool)> {
    let nothing = |_: &str| None;
    let read = |loader| {
        let reading = dotenv::read(file, loader, &Environment::new(&nothing));
        (loader, reading.text(name).map(|text| text.expose().to_owned()), reading.failure.is_some())
    };
    Dialect::ALL.into_iter().map(read).collect()
}

/// Lines with `%` for the key, in which nobody can doubt what was meant.
const WRONG: [&str; 36] = [
    "OPENAI_API_KEY = %",
    "OPENAI_API_KEY =%",
    "OPENAI_API_KEY= %",
    "OPENAI_API_KEY\t=\t%",
    "  OPENAI_API_KEY=%",
    "OPENAI_API_KEY=%   ",
    "OPENAI_API_KEY=%\t",
    "OPENAI_API_KEY=\" %\"",
    "OPENAI_API_KEY=\"% \"",
    "OPENAI_API_KEY='%\t'",
    "OPENAI_API_KEY=%\u{a0}",
    "OPENAI_API_KEY=\u{200b}%",
    "OPENAI_API_KEY=%\u{feff}",
    "OPENAI_API_KEY=\u{202e}%",
    "OPENAI_API_KEY=\u{201c}%\u{201d}",
    "OPENAI_API_KEY=\u{2018}%\u{2019}",
    "OPENAI_API_KEY=`%`",
    "OPENAI_API_KEY=\"'%'\"",
    "OPENAI_API_KEY=\"%",
    "OPENAI_API_KEY=%\"",
    "OPENAI_API_KEY=\"%\",",
    "OPENAI_API_KEY=%;",
    "OPENAI_API_KEY=%,",
    "OPENAI_API_KEY=Bearer %",
    "OPENAI_API_KEY=\"Bearer %\"",
    "OPENAI_API_KEY=Authorization: Bearer %",
    "OPENAI_API_KEY=OPENAI_API_KEY=%",
    "OPENAI_API_KEY=export OPENAI_API_KEY=%",
    "OPENAI_API_KEY: %",
    "set OPENAI_API_KEY=%",
    "setx OPENAI_API_KEY %",
    "$env:OPENAI_API_KEY=\"%\"",
    "$env:OPENAI_API_KEY = '%'",
    "OPENAI_API_KEY=\"%\\n\"",
    "OPENAI_API_KEY=\"%\n\"",
    "export OPENAI_API_KEY = \"%\"",
];

/// What may stand around such a line; `@` is its place.
const AROUND: [&str; 8] = [
    "@\n",
    "@",
    "A=1\n@\nB=2\n",
    "# comment = 'with a quote\n\nA=\"two words\" # why\n@\n",
    "export A=1\n@\nexport B=\"x\"\n",
    "A=1\n\n\n@\n# end",
    "DB_URL=postgres://u:p&h/db?x=1\n@\nJSON={\"a\":1}\n",
    "B='multi\nline'\n@\nC=3\n",
];

/// Encodings and line ends of a whole file.
fn dressed(text: &str, how: usize) -> Vec<u8> {
    match how {
        0 => text.as_bytes().to_vec(),
        1 => text.replace('\n', "\r\n").into_bytes(),
        2 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        3 => [b"\xff\xfe".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat(),
        _ => {
            let wide = text.replace('\n', "\r\n");
            [b"\xfe\xff".to_vec(), wide.encode_utf16().flat_map(u16::to_be_bytes).collect()].concat()
        }
    }
}

/// The round trip: after the fix the finding is gone for every loader, a second run changes nothing, undo restores every byte.
#[test]
fn fix_round_trip_over_many_files() {
    let dir = tempfile::tempdir().unwrap();
    let at = |sub: &str| dir.path().join(sub);
    let paths = Paths {
        home: at("home"),
        config_dir: at("config"),
        data_dir: at("data"),
        state_dir: at("state"),
        runtime_dir: None,
    };
    std::fs::create_dir(&paths.home).unwrap();
    let (backups, seal) = (Backups::of(&paths), Key::random().unwrap());
    let mut action = Action::new("doctor --fix");
    let mut files = Vec::new();
    let (mut wrong_cases, mut mended_files) = (Vec::new(), 0);
    for (shape, wrong) in WRONG.iter().enumerate() {
        let export = if wrong.starts_with("export") { "export " } else { "" };
        let alone = format!("{export}OPENAI_API_KEY={}", key());
        let wanted = readings(format!("{alone}\n").as_bytes(), "OPENAI_API_KEY");
        for (around, context) in AROUND.iter().enumerate() {
            for how in 0..5 {
                let text = context.replace('@', &wrong.replace('%', &key()));
                let before = dressed(&text, how);
                let case = format!("{wrong:?} in {context:?}, dress {how}");
                let after = mended(&before);
                if after == before {
                    wrong_cases.push(format!("nothing was mended: {case}: {:?}", mend(&before).left));
                    continue;
                }
                mended_files += 1;
                // Every fourth goes through the disk: each write there is forced to it.
                if (shape + around + how) % 4 == 0 {
                    let path = at(&format!("home/{shape}-{around}-{how}.env"));
                    std::fs::write(&path, &before).unwrap();
                    assert!(action.edit(&path, Links::Refuse, |now| Ok(mended(now))).unwrap());
                    assert_eq!(action.planned(&path).unwrap(), after);
                    files.push((path, before));
                }
                if mend(&after).bytes.is_some() {
                    wrong_cases.push(format!("a second run changes something: {case}"));
                }
                // What each loader makes of the form alone is what it makes of the file.
                for ((loader, here, gives_up), (_, wanted, _)) in
                    readings(&after, "OPENAI_API_KEY").into_iter().zip(&wanted)
                {
                    if here.is_none() && gives_up {
                        continue;
                    }
                    let clean = here
                        .clone()
                        .map(|value| detect::value::faults("OPENAI_API_KEY", &Secret::new(value), false, 0));
                    if here != *wanted || clean.is_some_and(|faults| !faults.is_empty()) {
                        wrong_cases.push(format!("{} reads {:?}: {case}", loader.id(), here.map(|text| text.len())));
                    }
                }
                // Everything else is as it was.
                let rest = String::from_utf8(after).unwrap().replacen(&alone, "", 1);
                if rest != context.replace('@', "") && (how != 1 && how != 4) {
                    wrong_cases.push(format!("something else changed: {case}: {rest:?}"));
                }
            }
        }
    }
    assert!(
        wrong_cases.is_empty(),
        "{} cases\n{}",
        wrong_cases.len(),
        wrong_cases[..wrong_cases.len().min(40)].join("\n")
    );
    let id = action.apply(&backups, &seal).unwrap().id;
    assert!(files.iter().all(|(path, before)| std::fs::read(path).unwrap() != *before));
    Undo::plan(backups.open(&id, &seal).unwrap()).apply(&backups, &seal, false).unwrap();
    for (path, before) in &files {
        assert!(std::fs::read(path).unwrap() == *before, "{}", path.display());
    }
    println!(
        "{mended_files} files mended, each read by {} loaders; {} of them restored",
        Dialect::ALL.len(),
        files.len()
    );
}

#[test]
fn usual_forms_and_other_variables_are_left_alone() {
    for line in [
        "OPENAI_API_KEY=%\n",
        "OPENAI_API_KEY=%",
        "OPENAI_API_KEY=\"%\"\n",
        "OPENAI_API_KEY='%' # mine\n",
        "OPENAI_API_KEY=% # mine\n",
        "export OPENAI_API_KEY=\"%\"\n",
        "# OPENAI_API_KEY = %\n",
        "OPENAI_API_KEY=\n",
        "OPENAI_API_KEY=\"\"\n",
        "OPENAI_API_KEY=ollama\nOPENAI_BASE_URL=http://localhost:11434/v1\n",
        "OPENAI_BASE_URL=https://openrouter.ai/api/v1\n",
        "OTHER = value \r\nANOTHER=\"x\r\n",
        "\u{feff}OTHER=1\n",
        "",
    ] {
        let repair = mend(line.replace('%', &key()));
        assert_eq!((repair.bytes.is_none(), &repair.left), (true, &vec![]), "{line:?}");
    }
}

#[test]
fn what_is_not_certain_is_told_and_left() {
    let twice = format!("OPENAI_API_KEY= {}\nOPENAI_API_KEY={}1\n", key(), &key()[..72]);
    for (file, why) in [
        (format!("OPENAI_API_KEY=abc$def{}\n", key()), "set it again"),
        ("OPENAI_API_KEY=$(pass show openai)\n".to_owned(), "set it again"),
        ("OPENAI_API_KEY= your-api-key-here\n".to_owned(), "no whole key stands there"),
        (format!("OPENAI_API_KEY= {}\n", &key()[..30]), "no whole key stands there"),
        (format!("OPENAI_API_KEY=GROQ_API_KEY={}\n", key()), "an assignment to another variable"),
        (format!("OPENAI_API_KEY= {} {}\n", key(), key()), "set it again"),
        (twice, "more than once, to different values"),
        ("OPENAI_BASE_URL= https://user:pass@openrouter.ai/api/v1\n".to_owned(), "not certain"),
        ("OPENAI_BASE_URL= not an address\n".to_owned(), "not certain"),
    ] {
        let repair = mend(&file);
        assert!(repair.bytes.is_none(), "{file:?}");
        assert!(repair.left.iter().any(|note| note.text.contains(why)), "{file:?}: {:?}", repair.left);
    }
    let odd = mend(b"\xff\xfeO\x00P\x00=\x00\x00\xd8");
    assert!(odd.bytes.is_none() && odd.left[0].text.starts_with("it is neither UTF-8 nor whole UTF-16"));
}

#[test]
fn the_same_key_twice_is_set_once() {
    let file = format!("A=1\nOPENAI_API_KEY= {0}\nB=2\nOPENAI_API_KEY=\"{0}\"\nC=3\n", key());
    assert_eq!(String::from_utf8(mended(&file)).unwrap(), format!("A=1\nB=2\nOPENAI_API_KEY={}\nC=3\n", key()));
}

#[test]
fn addresses_become_the_catalogues_own_on_the_same_host() {
    let own = "OPENAI_BASE_URL=https://openrouter.ai/api/v1\n";
    for (written, wanted) in [
        ("OPENAI_BASE_URL=\u{201c}https://openrouter.ai/api/v1\u{201d}\n", own),
        ("OPENAI_BASE_URL = https://openrouter.ai/api/v1/\n", own),
        ("OPENAI_BASE_URL=https://openrouter.ai\n", own),
        ("OPENAI_BASE_URL=https://openrouter.ai/api/v1/chat/completions\n", own),
        ("OPENAI_BASE_URL= https://llm.example.com/v1\n", "OPENAI_BASE_URL=https://llm.example.com/v1\n"),
    ] {
        assert_eq!(String::from_utf8(mended(written)).unwrap(), wanted, "{written:?}");
    }
}

/// T16: a look-alike host is never exchanged for another, and never suggested.
#[test]
fn t16_no_fix_leads_to_another_host() {
    for url in [
        "https://openrouter.ai.evil.example/api/v1/",
        "https://openrouter.ai@evil.example/api/v1/",
        "https://evil.example/openrouter.ai/api/v1/v1",
        "http://openrouter.ai/",
        "https://openrouter.ai:444/",
        "https://xn--penrouter-0wf.ai/",
    ] {
        let after = String::from_utf8(mended(format!("OPENAI_BASE_URL= {url}\nOPENAI_API_KEY= {}\n", key()))).unwrap();
        let host = url.split_once("://").unwrap().1.split('/').next().unwrap();
        assert!(after.contains(host), "{url}: {after}");
        assert!(!after.contains("https://openrouter.ai/api/v1\n"), "{url}: {after}");
    }
}

#[test]
fn t16_a_file_that_git_tracks_gets_no_key_and_loses_what_a_profile_has() {
    let tracked = |owner: Option<Owner>| {
        let owner = move |_: &Secret| owner.clone();
        env_file(format!("A=1\nOPENAI_API_KEY= {}\n", key()).as_bytes(), &Known { owner: &owner, is_tracked: true })
    };
    let repair = tracked(None);
    assert!(repair.left[0].text.contains("git tracks") && repair.bytes.is_none(), "{repair:?}");
    let text = String::from_utf8(tracked(Some(Owner::Profile("work".into()))).bytes.unwrap().to_vec()).unwrap();
    assert!(
        text.starts_with("A=1\n# OPENAI_API_KEY is in the llmenv profile work: ") && !text.contains("sk-or"),
        "{text}"
    );
    assert!(readings(text.as_bytes(), "OPENAI_API_KEY").iter().all(|(_, value, _)| value.is_none()), "{text}");
}

#[test]
fn a_key_that_was_rotated_away_becomes_a_comment() {
    let owner = |_: &Secret| Some(Owner::RotatedAway);
    for line in ["OPENAI_API_KEY=%", "export OPENAI_API_KEY=\"%\" # mine", "OPENAI_API_KEY = %"] {
        let file = format!("A=1\n{}\nB=2\n", line.replace('%', &key()));
        let repair = env_file(file.as_bytes(), &Known { owner: &owner, is_tracked: false });
        let text = String::from_utf8(repair.bytes.unwrap().to_vec()).unwrap();
        assert_eq!(text, "A=1\n# OPENAI_API_KEY was an old key, rotated away in llmenv\nB=2\n");
        for (loader, value, _) in readings(text.as_bytes(), "OPENAI_API_KEY") {
            assert_eq!(value, None, "{}: a loader would send it", loader.id());
        }
    }
}

#[test]
fn no_bytes_make_it_panic() {
    let mut seed = 7u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    let whole = key();
    let pieces: [&[u8]; 16] = [
        b"OPENAI_API_KEY",
        b"=",
        b"\"",
        b"'",
        b"\n",
        b"\r",
        b"\r\n",
        b" ",
        b"#",
        b"$",
        b"\\",
        b"\xff\xfe",
        b"\0",
        b"\xef\xbb\xbf",
        b"export ",
        whole.as_bytes(),
    ];
    let mut changed = 0;
    for _ in 0..3_000 {
        let file: Vec<u8> = (0..next() % 24).flat_map(|_| pieces[next() % pieces.len()].to_vec()).collect();
        let once = mended(&file);
        changed += usize::from(once != file);
        assert_eq!(mended(&once), once, "{file:?}");
    }
    assert!(changed > 5, "hardly anything was mended: {changed}");
}

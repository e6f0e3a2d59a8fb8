//! Start-up files, as the shells themselves read them.

use std::path::Path;
use std::process::Command;

use llmenv::source::{Assignment, Held, Kind, Reader, When};

use super::collect::{found, scene, told};

fn write(home: &Path, path: &str, text: &str) {
    let path = home.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn all(home: &Path, kinds: &[Kind]) -> Vec<Assignment> {
    found(&scene(home, "", &[]), kinds).assignments
}

fn lines(home: &Path, kinds: &[Kind]) -> Vec<String> {
    all(home, kinds).iter().map(|found| told(found, home)).collect()
}

#[test]
fn lines_of_bash_and_zsh() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        ".zshrc",
        "# export OPENAI_API_KEY=comment\nexport PATH=$HOME/bin:$PATH\n\
         export OPENAI_API_KEY=\"one\" # mine\ntypeset -x GROQ_API_KEY='two'; export A_API_KEY=three B_API_KEY=four\n\
         if [[ -n $X ]]; then export C_API_KEY=five; fi\nD_API_KEY=six\nE_API_KEY=own\nexport D_API_KEY\n\
         export F_API_KEY=$(pass show f)\nunset G_API_KEY\nexport H_BASE_URL=$HOME/x\n[ -f x ] && export I_API_KEY=seven\n",
    );
    assert_eq!(
        lines(home, &[Kind::Rc]),
        [
            "OPENAI_API_KEY=one at .zshrc:3",
            "GROQ_API_KEY=two at .zshrc:4",
            "A_API_KEY=three at .zshrc:4",
            "B_API_KEY=four at .zshrc:4",
            "C_API_KEY=five at .zshrc:5",
            "D_API_KEY=six at .zshrc:6",
            "E_API_KEY=own at .zshrc:7",
            "F_API_KEY=? at .zshrc:9",
            "G_API_KEY=- at .zshrc:10",
            &format!("H_BASE_URL={}/x at .zshrc:11", home.display()),
            "I_API_KEY=seven at .zshrc:12",
        ]
    );
    let exported: Vec<bool> = all(home, &[Kind::Rc]).iter().map(|found| found.exported).collect();
    assert_eq!(exported, [true, true, true, true, true, true, false, true, true, true, true]);
}

/// Text that is no code, and code that no new shell comes to.
#[test]
fn what_is_no_assignment_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        ".bashrc",
        "echo 'run: export OPENAI_API_KEY=quoted'\necho \"export OPENAI_API_KEY=double\nexport OPENAI_API_KEY=inside\"\n\
         cat <<EOF\nexport OPENAI_API_KEY=here\nEOF\ncat <<-'END'\n\texport OPENAI_API_KEY=there\n\tEND\n\
         grep OPENAI_API_KEY=x ~/.env\nalias k='export OPENAI_API_KEY=alias'\nOPENAI_API_KEY=once python app.py\n\
         X=$(export OPENAI_API_KEY=sub; env)\n: ${Y:=export OPENAI_API_KEY=z}\narray=(OPENAI_API_KEY=a b)\n",
    );
    assert_eq!(lines(home, &[Kind::Rc]), [""; 0]);
    write(
        home,
        ".bashrc",
        "work() {\n  export OPENAI_API_KEY=one\n}\nfunction home {\n  export OPENAI_API_KEY=two\n}\n(export OPENAI_API_KEY=three)\n\
         play ()\n{ export OPENAI_API_KEY=four; }\ncase $X in\n a) export OPENAI_API_KEY=five;;\nesac\n{ export OPENAI_API_KEY=six; }\n",
    );
    let whens: Vec<(String, Reader)> =
        all(home, &[Kind::Rc]).iter().map(|found| (told(found, home), found.origin.reader.clone())).collect();
    let called = Reader::Shell("bash", When::Called);
    let run = Reader::Shell("bash", When::Interactive);
    assert_eq!(
        whens,
        [
            ("OPENAI_API_KEY=one at .bashrc:2".into(), called.clone()),
            ("OPENAI_API_KEY=two at .bashrc:5".into(), called.clone()),
            ("OPENAI_API_KEY=three at .bashrc:7".into(), called.clone()),
            ("OPENAI_API_KEY=four at .bashrc:9".into(), called),
            ("OPENAI_API_KEY=five at .bashrc:11".into(), run.clone()),
            ("OPENAI_API_KEY=six at .bashrc:13".into(), run),
        ]
    );
}

#[test]
fn files_that_files_read_are_followed_to_an_end() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        ".bashrc",
        "[ -f ~/.keys ] && . ~/.keys\nsource \"$HOME/.bashrc\"\nfor f in ~/.bashrc.d/*.sh; do . \"$f\"; done\n",
    );
    write(home, ".keys", "export OPENAI_API_KEY=one\n. ~/.more\n");
    write(home, ".more", ". ~/.keys\nexport GROQ_API_KEY=two\n");
    write(home, ".bashrc.d/b.sh", "export B_API_KEY=three\n");
    write(home, ".bashrc.d/a.sh", "export A_API_KEY=four\n");
    write(home, ".bashrc.d/not.txt", "export N_API_KEY=five\n");
    assert_eq!(
        lines(home, &[Kind::Rc]),
        [
            "OPENAI_API_KEY=one at .keys:1",
            "GROQ_API_KEY=two at .more:2",
            "A_API_KEY=four at .bashrc.d/a.sh:1",
            "B_API_KEY=three at .bashrc.d/b.sh:1",
        ]
    );
}

/// What is read is what the real shells end up with.
#[test]
fn real_shells_agree() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let text = "A=one\nexport A_API_KEY=\"$A-two\"'three'\nexport B_API_KEY=x # no\nexport C_API_KEY=x#y\nexport D_API_KEY=\\$A\n\
                E_API_KEY=${A}e; export E_API_KEY\nexport F_API_KEY=f G_API_KEY=\"g g\"\nexport H_API_KEY=$'h\\tx'\nexport F_API_KEY=last\n";
    write(home, ".bashrc", text);
    write(home, ".zshrc", text);
    for (shell, args) in [("bash", ["-ic", "env"]), ("zsh", ["-ic", "env"])] {
        let output = Command::new(shell)
            .args(args)
            .env_clear()
            .env("HOME", home)
            .env("PATH", "/usr/bin:/bin")
            .output()
            .unwrap_or_else(|err| panic!("{shell}: {err}"));
        let real: Vec<String> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .filter(|line| line.contains("_API_KEY="))
            .map(str::to_owned)
            .collect();
        assert_eq!(real.len(), 8, "{shell}: {real:?}");
        let mut read: std::collections::BTreeMap<String, String> = Default::default();
        for found in all(home, &[Kind::Rc]) {
            let path = found.origin.path.as_ref().unwrap();
            if path.ends_with(format!(".{shell}rc")) && found.exported {
                let Held::Text(value) = &found.held else { panic!("{found:?}") };
                read.insert(found.name.clone(), value.expose().to_owned());
            }
        }
        let mut read: Vec<String> = read.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut real = real;
        read.sort();
        real.sort();
        assert_eq!(read, real, "{shell}");
    }
}

#[test]
fn fish_and_its_universal_variables() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        ".config/fish/config.fish",
        "set -gx OPENAI_API_KEY 'it''s' # c\nset --global --export GROQ_API_KEY \"$HOME/x\"\nset -e A_API_KEY\nset B_API_KEY own\n\
         export C_API_KEY=three\nfunction work\n  set -gx D_API_KEY four\nend\nif test -f x\n  set -gx E_API_KEY (pass show e)\nelse if true\n  \
         set -x F_API_KEY six\nend\nset -q G_API_KEY; or set -gx G_API_KEY seven\necho set -gx N_API_KEY no\nsource ~/.config/fish/keys.fish\n",
    );
    write(home, ".config/fish/keys.fish", "set -gx H_API_KEY eight\n");
    write(home, ".config/fish/conf.d/a.fish", "set -gx I_API_KEY nine\n");
    assert_eq!(
        lines(home, &[Kind::Rc]),
        [
            "I_API_KEY=nine at .config/fish/conf.d/a.fish:1:19",
            "OPENAI_API_KEY=its at .config/fish/config.fish:1:24",
            &format!("GROQ_API_KEY={}/x at .config/fish/config.fish:2:36", home.display()),
            "A_API_KEY=- at .config/fish/config.fish:3:8",
            "B_API_KEY=own at .config/fish/config.fish:4:15",
            "C_API_KEY=three at .config/fish/config.fish:5:18",
            "D_API_KEY=four at .config/fish/config.fish:7:21",
            "E_API_KEY=? at .config/fish/config.fish:10:21",
            "F_API_KEY=six at .config/fish/config.fish:12:20",
            "G_API_KEY=seven at .config/fish/config.fish:14:40",
            "H_API_KEY=eight at .config/fish/keys.fish:1:19",
        ]
    );
    let called: Vec<String> = all(home, &[Kind::Rc])
        .into_iter()
        .filter(|found| found.origin.reader == Reader::Shell("fish", When::Called))
        .map(|found| found.name)
        .collect();
    assert_eq!(called, ["D_API_KEY"]);
    // The real fish writes the file.
    let fish = Command::new("fish")
        .args(["-c", "set -Ux OPENAI_API_KEY 'sk-a/b_c d: x'; set -U GROQ_API_KEY own; set -Ux TWO_API_KEY a b"])
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/bin:/bin")
        .status()
        .unwrap();
    assert!(fish.success());
    let universal = all(home, &[Kind::FishUniversal]);
    let mut seen: Vec<(String, String, bool)> = universal
        .iter()
        .map(|found| (found.name.clone(), found.held.text().unwrap().expose().to_owned(), found.exported))
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("GROQ_API_KEY".into(), "own".into(), false),
            ("OPENAI_API_KEY".into(), "sk-a/b_c d: x".into(), true),
            ("TWO_API_KEY".into(), "a b".into(), true),
        ]
    );
    let real: usize = universal[0].origin.line.unwrap();
    let file = std::fs::read_to_string(home.join(".config/fish/fish_variables")).unwrap();
    assert!(file.lines().nth(real - 1).unwrap().contains(&universal[0].name), "{file}");
}

#[test]
fn profiles_of_powershell() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        ".config/powershell/profile.ps1",
        "# $env:OPENAI_API_KEY = 'no'\n<#\n$env:OPENAI_API_KEY = 'no'\n#>\n$env:OPENAI_API_KEY = 'it''s'\n\
         $Env:GROQ_API_KEY=\"a`$b\" # c\n${env:A_API_KEY} = \"$HOME/x\"\n[Environment]::SetEnvironmentVariable('B_API_KEY', 'b', 'User')\n\
         Set-Item env:C_API_KEY 'c'\nif ($true) { $env:D_API_KEY = 'd' }\nfunction work {\n  $env:E_API_KEY = 'e'\n}\n\
         $env:F_API_KEY = (op read x)\n$env:G_API_KEY = $null\nWrite-Host '$env:N_API_KEY = 1'\n. $PSScriptRoot/keys.ps1\n",
    );
    write(home, ".config/powershell/keys.ps1", "$env:H_API_KEY = 'h'\r\n");
    let told: Vec<String> =
        lines(home, &[Kind::Rc]).iter().map(|line| line.split(" at ").next().unwrap().to_owned()).collect();
    assert_eq!(
        told,
        [
            "OPENAI_API_KEY=it's",
            "GROQ_API_KEY=a$b",
            &format!("A_API_KEY={}/x", home.display()),
            "B_API_KEY=b",
            "C_API_KEY=c",
            "D_API_KEY=d",
            "E_API_KEY=e",
            "F_API_KEY=?",
            "G_API_KEY=-",
            "H_API_KEY=h",
        ]
    );
}

#[test]
fn the_system_s_files() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    write(
        home,
        "system/etc/environment",
        "PATH=\"/bin\"\n# OPENAI_API_KEY=no\nOPENAI_API_KEY=\"one\"\nexport GROQ_API_KEY=two # c\n",
    );
    write(home, "system/etc/profile.d/a.sh", "export A_API_KEY=three\n");
    write(home, ".config/environment.d/10-ai.conf", "# c\nB_API_KEY=four\nC_BASE_URL=$HOME/x\n");
    assert_eq!(
        lines(home, &[Kind::System, Kind::SystemdUser]),
        [
            "OPENAI_API_KEY=one at system/etc/environment:3:16".to_owned(),
            "GROQ_API_KEY=two at system/etc/environment:4:21".into(),
            "A_API_KEY=three at system/etc/profile.d/a.sh:1".into(),
            "B_API_KEY=four at .config/environment.d/10-ai.conf:2:11".into(),
            format!("C_BASE_URL={}/x at .config/environment.d/10-ai.conf:3:12", home.display()),
        ]
    );
}

/// A file of commands is read and none of them is run; a hostile one costs neither time nor memory.
#[test]
fn t03_start_up_files_and_repositories_run_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path();
    let pwn = home.join("pwn");
    let touch = format!("touch {}", pwn.display());
    write(
        home,
        ".bashrc",
        &format!("{touch}\nexport OPENAI_API_KEY=$({touch})`{touch}`\n. <({touch})\n. $({touch})\n"),
    );
    write(home, ".config/fish/config.fish", &format!("{touch}\nset -gx OPENAI_API_KEY ({touch})\n"));
    write(home, ".config/powershell/profile.ps1", &format!("{touch}\n$env:OPENAI_API_KEY = $({touch})\n"));
    write(home, ".envrc", &format!("{touch}\nexport OPENAI_API_KEY=$({touch})\n"));
    write(home, "mise.toml", &format!("[env]\nOPENAI_API_KEY = \"{{{{ exec(command='{touch}') }}}}\"\n"));
    let all = found(&scene(home, "", &[]), &Kind::ALL);
    assert!(!pwn.exists());
    // Programs of other tests run meanwhile.
    let in_files = || all.of("OPENAI_API_KEY").filter(|found| found.origin.path.is_some());
    assert!(in_files().all(|found| matches!(found.held, Held::Unknowable)), "{all:?}");
    assert!(in_files().count() >= 5, "{all:?}");
    // Deep, long and unclosed.
    for text in [
        "(".repeat(100_000),
        "{ ".repeat(100_000),
        "$(".repeat(100_000),
        "'".repeat(99_999),
        "<<A\n".repeat(20_000),
        "a() {\n".repeat(50_000),
    ] {
        write(home, ".bashrc", &text);
        write(home, ".config/fish/config.fish", &text);
        write(home, ".config/powershell/profile.ps1", &text);
        let all = found(&scene(home, "", &[]), &[Kind::Rc]);
        assert!(!all.is_cut, "{}", &text[..4]);
    }
}

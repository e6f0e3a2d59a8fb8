//! The loaders that are on this machine, run on generated files beside our reading of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use llmenv::dotenv::{Dialect, Entry, Reading};

use super::generate::{self, NAMES};
use super::{Variables, agrees, read, variables};
use crate::support;

/// What a real loader gave for one file, and whether it failed; `None` where that is not asked.
struct Real {
    variables: BTreeMap<String, Vec<u8>>,
    failed: Option<bool>,
}

/// Finds a program; the children themselves get a PATH that leads nowhere.
fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

const HOME: &str = "/home/u";

/// Compares, prints the count, and fails with the first few that differ. Returns how many files held something unknowable.
fn compare(name: &str, files: &[Vec<u8>], ours: &[Reading], real: &[Real]) {
    assert_eq!(files.len(), real.len(), "{name} did not read every file");
    let (mut wrong, mut unknowable, mut values) = (Vec::new(), 0, 0);
    for ((file, reading), real) in files.iter().zip(ours).zip(real) {
        let mut ours: Variables = variables(reading);
        ours.retain(|key, _| NAMES.contains(&key.as_str()));
        let mut found = real.variables.clone();
        found.retain(|key, _| NAMES.contains(&key.as_str()));
        unknowable += usize::from(ours.values().any(Option::is_none));
        values += found.len();
        if !agrees(&ours, &found) || real.failed.is_some_and(|failed| failed != reading.failure.is_some()) {
            let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
            let found: Vec<_> = found.iter().map(|(key, value)| (key, text(value))).collect();
            let ours: Vec<_> = ours.iter().map(|(key, value)| (key, value.as_deref().map(text))).collect();
            wrong.push(format!(
                "{:?}\n  real {found:?} {:?}\n  ours {ours:?} {:?}",
                text(file),
                real.failed,
                reading.failure
            ));
        }
    }
    println!("{name}: {} of {} generated files agree, {values} values", files.len() - wrong.len(), files.len());
    println!("  {unknowable} of the files hold a value that only running a command tells");
    assert!(wrong.is_empty(), "{name}: {} differ\n{}", wrong.len(), wrong[..wrong.len().min(8)].join("\n"));
    // Files that no loader takes, or values that nobody knows, would prove nothing.
    assert!(
        values > files.len() / 4 && unknowable * 4 < files.len(),
        "{name}: {values} values, {unknowable} unknowable"
    );
}

fn ours(files: &[Vec<u8>], dialect: Dialect, entry: Entry) -> Vec<Reading> {
    files.iter().map(|file| read(file, dialect, entry, &[("HOME", HOME), ("PATH", "/nonexistent")])).collect()
}

#[test]
fn dotenvy_itself() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dotenv/corpus");
    let mut files: Vec<Vec<u8>> =
        std::fs::read_dir(corpus).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    assert_eq!(files.len(), 48);
    files.extend(generate::files(11, 2_000, true));
    let real: Vec<Real> = files
        .iter()
        .map(|file| {
            let mut variables = BTreeMap::new();
            let mut failed = false;
            for item in dotenvy::from_read_iter(&file[..]) {
                match item {
                    Ok((key, value)) => drop(variables.insert(key, value.into_bytes())),
                    Err(_) => {
                        failed = true;
                        break;
                    }
                }
            }
            Real { variables, failed: Some(failed) }
        })
        .collect();
    // It reads this process's environment, so we do as well.
    let look = |name: &str| std::env::var(name).ok();
    let environment = llmenv::dotenv::Environment::new(&look).through(Entry::Values);
    let ours: Vec<Reading> =
        files.iter().map(|file| llmenv::dotenv::read(file, Dialect::Dotenvy, &environment)).collect();
    compare("dotenvy", &files, &ours, &real);
}

/// Sources every file in a shell of its own, forked from one, and reads what that shell would hand to a program.
#[cfg(unix)]
fn shell(program: &str, options: &[&str], dialect: Dialect, files: &[Vec<u8>]) {
    let folder = tempfile::tempdir().unwrap();
    for (count, file) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{count}.env")), file).unwrap();
    }
    let export = if dialect == Dialect::Zsh { "setopt allexport" } else { "set -a" };
    // Not in parentheses: bash then takes the last command of a sourced file for the last one of all.
    // Files of the real disk are out of reach of patterns and redirections: each shell works in an empty folder.
    let script = format!(
        "cd empty\nCOUNT=0\nwhile [ $COUNT -lt {} ]; do\n{{ {export}; . ../$COUNT.env; printf 'MARK\\000'; exec /usr/bin/env -0; }} >../$COUNT.out 2>/dev/null </dev/null &\nwait\nCOUNT=$((COUNT + 1))\ndone\n",
        files.len()
    );
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    std::fs::write(folder.path().join("all.sh"), script).unwrap();
    let status = Command::new(find(program).unwrap_or_else(|| panic!("`{program}` is needed")))
        .args(options)
        .arg("all.sh")
        .current_dir(folder.path())
        .env_clear()
        .envs([("HOME", HOME), ("PATH", "/nonexistent"), ("LC_ALL", "C.UTF-8")])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "{status}");
    let real: Vec<Real> = (0..files.len())
        .map(|count| {
            let out = std::fs::read(folder.path().join(format!("{count}.out"))).unwrap();
            let start = out.windows(5).position(|window| window == b"MARK\0");
            let rest = start.map_or(&[][..], |start| &out[start + 5..]);
            let variables = rest
                .split(|byte| *byte == 0)
                .filter_map(|entry| {
                    let sign = entry.iter().position(|byte| *byte == b'=')?;
                    Some((String::from_utf8_lossy(&entry[..sign]).into_owned(), entry[sign + 1..].to_vec()))
                })
                .collect();
            Real { variables, failed: None }
        })
        .collect();
    compare(program, files, &ours(files, dialect, Entry::Load), &real);
}

#[cfg(unix)]
#[test]
fn bash_itself() {
    shell("bash", &["--norc", "--noprofile"], Dialect::Bash, &generate::files(21, 1_500, false));
}

#[cfg(unix)]
#[test]
fn zsh_itself() {
    shell("zsh", &["-f"], Dialect::Zsh, &generate::files(22, 1_500, false));
}

#[cfg(unix)]
#[test]
fn dash_itself() {
    if find("dash").is_none() {
        return support::left_out("dash sourcing generated files (no `dash` here)");
    }
    shell("dash", &[], Dialect::Dash, &generate::files(23, 1_000, false));
}

#[cfg(unix)]
#[test]
fn grep_and_xargs_themselves() {
    let files = generate::files(24, 500, true);
    let folder = tempfile::tempdir().unwrap();
    for (count, file) in files.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{count}.env")), file).unwrap();
    }
    let script = format!(
        "export LC_ALL=C.UTF-8\nfor ((COUNT = 0; COUNT < {}; COUNT++)); do ( export $(grep -v '^#' $COUNT.env | xargs) ; env -0 ) >$COUNT.out 2>/dev/null </dev/null; done\n",
        files.len()
    );
    let status = Command::new("bash")
        .args(["--norc", "--noprofile", "-c", &script])
        .current_dir(folder.path())
        .env_clear()
        .envs([("HOME", HOME), ("PATH", "/usr/bin:/bin")])
        .status()
        .unwrap();
    assert!(status.success());
    let real: Vec<Real> = (0..files.len())
        .map(|count| {
            let out = std::fs::read(folder.path().join(format!("{count}.out"))).unwrap();
            let entries = out.split(|byte| *byte == 0).filter_map(|entry| {
                let sign = entry.iter().position(|byte| *byte == b'=')?;
                Some((String::from_utf8_lossy(&entry[..sign]).into_owned(), entry[sign + 1..].to_vec()))
            });
            Real { variables: entries.collect(), failed: None }
        })
        .collect();
    compare("export $(grep | xargs)", &files, &ours(&files, Dialect::ExportXargs, Entry::Load), &real);
}

#[cfg(unix)]
#[test]
fn direnv_itself() {
    // A process for each file: it has no call that takes several.
    let files = generate::files(25, 300, true);
    let direnv = find("direnv").expect("`direnv` is needed");
    let folder = tempfile::tempdir().unwrap();
    let real: Vec<Real> = files
        .iter()
        .map(|file| {
            let path = folder.path().join("file.env");
            std::fs::write(&path, file).unwrap();
            let output = Command::new(&direnv)
                .args(["dotenv", "json"])
                .arg(&path)
                .env_clear()
                .envs([("HOME", HOME), ("PATH", "/nonexistent")])
                .output()
                .unwrap();
            let variables: BTreeMap<String, String> = serde_json::from_slice(&output.stdout).unwrap_or_default();
            let variables = variables.into_iter().map(|(key, value)| (key, value.into_bytes())).collect();
            Real { variables, failed: Some(!output.status.success()) }
        })
        .collect();
    compare("direnv", &files, &ours(&files, Dialect::Direnv, Entry::Values), &real);
}

/// A program that takes a JSON list of files in hexadecimal and gives a JSON list of `[variables, error]`, or says by status 3 and
/// one line that it is not what was measured.
fn library(name: &str, program: &str, arguments: &[&str], dialect: Dialect, files: &[Vec<u8>]) {
    let hex = |file: &Vec<u8>| file.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let given = serde_json::to_vec(&files.iter().map(hex).collect::<Vec<_>>()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("files.json"), given).unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .envs([("HOME", HOME), ("PATH", &path), ("LC_ALL", "C.UTF-8")])
        .stdin(std::fs::File::open(folder.path().join("files.json")).unwrap())
        .output();
    let output = match output {
        Ok(output) if output.status.code() == Some(3) => {
            let why = String::from_utf8_lossy(&output.stdout).trim().to_owned();
            return support::left_out(&format!("{name} on generated files ({why})"));
        }
        Ok(output) => output,
        Err(_) => return support::left_out(&format!("{name} on generated files (no `{program}` here)")),
    };
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let answers: Vec<(BTreeMap<String, String>, Option<String>)> = serde_json::from_slice(&output.stdout).unwrap();
    let real: Vec<Real> = answers
        .into_iter()
        .map(|(variables, error)| Real {
            variables: variables.into_iter().map(|(key, value)| (key, value.into_bytes())).collect(),
            failed: (dialect != Dialect::Python).then_some(error.is_some()),
        })
        .collect();
    let around = [("HOME", HOME), ("PATH", path.as_str()), ("LC_ALL", "C.UTF-8")];
    let ours: Vec<Reading> = files.iter().map(|file| read(file, dialect, Entry::Values, &around)).collect();
    compare(name, files, &ours, &real);
}

/// `LLMENV_TEST_PYTHON` names a Python that has the python-dotenv that was measured.
#[test]
fn python_dotenv_itself() {
    let script = r#"
import json, logging, sys
try:
    import dotenv, importlib.metadata as metadata
except ImportError:
    print("no python-dotenv here")
    sys.exit(3)
version = metadata.version("python-dotenv")
if tuple(int(part) for part in version.split(".")[:3]) < (1, 2, 4):
    print("python-dotenv", version, "reads otherwise than 1.2.4")
    sys.exit(3)
logging.disable(logging.CRITICAL)
answers = []
for given in json.load(sys.stdin):
    with open("one.env", "wb") as file:
        file.write(bytes.fromhex(given))
    answers.append([{key: value for key, value in dotenv.dotenv_values("one.env").items() if value is not None}, None])
json.dump(answers, sys.stdout)
"#;
    let python = std::env::var("LLMENV_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    library("python-dotenv", &python, &["-c", script], Dialect::Python, &generate::files(26, 2_000, true));
}

#[test]
fn node_itself() {
    let script = r#"
if (!process.version.startsWith("v20.") || !require("util").parseEnv) {
  console.log("node", process.version, "reads otherwise than 20");
  process.exit(3);
}
const files = JSON.parse(require("fs").readFileSync(0));
console.log(JSON.stringify(files.map((hex) => [require("util").parseEnv(Buffer.from(hex, "hex").toString()), null])));
"#;
    library("node", "node", &["-e", script], Dialect::Node, &generate::files(27, 2_000, true));
}

#[test]
fn ruby_dotenv_itself() {
    let script = r#"
require "json"
begin
  gem "dotenv", "~> 2.4.0"
  require "dotenv"
rescue LoadError
  puts "no dotenv 2.4 gem here"
  exit 3
end
answers = JSON.parse(STDIN.read).map do |hex|
  File.binwrite("one.env", [hex].pack("H*"))
  begin
    [Dotenv::Parser.call(File.open("one.env", "rb:bom|utf-8", &:read)), nil]
  rescue SyntaxError, ArgumentError => error
    [{}, error.class.to_s]
  end
end
puts JSON.generate(answers)
"#;
    // Without what it would run.
    let mut files = generate::files(28, 2_000, false);
    files.retain(|file| !file.windows(2).any(|window| window == b"$("));
    library("ruby dotenv", "ruby", &["-e", script], Dialect::Ruby, &files);
}

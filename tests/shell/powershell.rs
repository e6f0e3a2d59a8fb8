//! `--format powershell`: always parsed with PowerShell's grammar, and run in a real PowerShell where there is one.

use std::path::PathBuf;

use super::{Room, assert_received, env, find, left_out, patch, run, values, written};

/// The real one. The hosts differ in nothing that matters here, so `LLMENV_TEST_PWSH` may name any.
fn pwsh(test: &str) -> Option<PathBuf> {
    let found = find("LLMENV_TEST_PWSH", "pwsh");
    if found.is_none() {
        left_out(&format!("{test}: no pwsh on PATH and LLMENV_TEST_PWSH is not set"));
    }
    found
}

fn command(room: &Room, pwsh: &PathBuf, script: &str) -> std::process::Command {
    let mut command = room.command(pwsh);
    command.args(["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script]);
    for (name, value) in [
        ("DOTNET_CLI_TELEMETRY_OPTOUT", "1"),
        ("POWERSHELL_TELEMETRY_OPTOUT", "1"),
        ("POWERSHELL_UPDATECHECK", "Off"),
        ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"),
    ] {
        command.env(name, value);
    }
    command
}

fn carries(value: &str) -> bool {
    !value.is_empty() && value.encode_utf16().count() < 32_767
}

fn all_values() -> [Vec<String>; 2] {
    [values::awkward(), values::random(0x7077_7368, 600)]
}

fn has_error(text: &str) -> bool {
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into()).unwrap();
    parser.parse(text, None).unwrap().root_node().has_error()
}

/// Threat T15: typographic quotes are quotes to PowerShell, and 5.1 decodes programs' output with another code page.
#[test]
fn t15_only_ascii_reaches_powershell() {
    for values in all_values() {
        let text = written("powershell", &super::numbered("powershell", &values, carries), &["GONE"]).text;
        let wrong = text.bytes().find(|b| !matches!(b, b' '..=b'~' | b'\n'));
        assert_eq!(wrong, None);
        assert_eq!(text.matches('\n').count(), 1, "one line, so that it survives a pipe that splits lines");
    }
}

#[test]
fn t15_text_is_powershell_grammar() {
    assert!(has_error("& { $env:A = 'it's'; }"), "the parser takes anything");
    assert!(has_error("& { $env:A = 'x';"), "the parser takes anything");
    for values in all_values() {
        for (name, value) in super::numbered("powershell", &values, carries) {
            let text = written("powershell", &env(&[(&name, &value)]), &["GONE"]).text;
            assert!(!has_error(&text), "{value:?} is written as {}", *text);
        }
    }
}

#[test]
fn t15_quote_powershell() {
    let Some(pwsh) = pwsh("t15_quote_powershell") else { return };
    let room = Room::new();
    for values in all_values() {
        let vars = super::numbered("powershell", &values, carries);
        room.write("text", &written("powershell", &vars, &["GONE", "NEVER_THERE"]).text);
        for apply in [
            "Get-Content -Raw text | Invoke-Expression",
            "& /bin/cat text | Invoke-Expression",
            "Set-StrictMode -Version Latest; $ErrorActionPreference = 'Stop'; & /bin/cat text | Out-String | Invoke-Expression",
        ] {
            let script = format!("{apply}; if ($Error.Count) {{ exit 9 }}; & /bin/sh -c 'env -0 >child'");
            let output = run(command(&room, &pwsh, &script).env("GONE", "old"));
            assert_eq!(String::from_utf8_lossy(&output.stdout), "");
            assert_received(&room.dumped("child"), &vars);
            assert!(!room.dumped("child").contains_key("GONE"));
            room.assert_nothing_ran();
        }
    }
}

/// What the quoting is for: with `'` alone doubled, a pasted typographic quote runs what follows.
#[test]
fn t15_the_attack_is_real() {
    let Some(pwsh) = pwsh("t15_the_attack_is_real") else { return };
    for quote in &values::QUOTES[..4] {
        let room = Room::new();
        let value = format!("a{quote}; $null = New-Item pwn; {quote}");
        room.write("text", &format!("$env:A = '{}'", value.replace('\'', "''")));
        run(&mut command(&room, &pwsh, "Get-Content -Raw text | Invoke-Expression"));
        assert!(room.path("pwn").exists(), "{quote:?}");
    }
}

#[test]
fn t15_powershell_text_cut_off_applies_nothing() {
    let Some(pwsh) = pwsh("t15_powershell_text_cut_off_applies_nothing") else { return };
    let room = Room::new();
    let vars = env(&[("OPENAI_API_KEY", "new'key\u{2019}"), ("OPENAI_BASE_URL", "https://new.example.com/v1")]);
    let text = written("powershell", &vars, &["OPENAI_API_BASE"]).text;
    room.write("text", &text);
    let script = "$t = Get-Content -Raw text
        foreach ($i in 0..$t.Length) {
          $env:OPENAI_API_KEY = 'old'; $env:OPENAI_BASE_URL = 'https://old'; $env:OPENAI_API_BASE = 'x'
          try { Invoke-Expression ($t.Substring(0, $i) + ' ') } catch { }
          \"$($env:OPENAI_API_KEY -replace '[^ -~]', 'Q'),$env:OPENAI_BASE_URL,$env:OPENAI_API_BASE\"
        }";
    let output = String::from_utf8(run(&mut command(&room, &pwsh, script)).stdout).unwrap();
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines.len(), text.len() + 1);
    for (at, line) in lines.iter().enumerate() {
        let whole = at + 1 >= text.len();
        let expected = if whole { "new'keyQ,https://new.example.com/v1," } else { "old,https://old,x" };
        assert_eq!(*line, expected, "cut after {at} of {} bytes", text.len());
    }
}

#[test]
fn powershell_refuses_the_empty_value() {
    let err = super::emit(super::format("pwsh").unwrap(), &patch(&env(&[("MY_VALUE", "")]), &[])).err().unwrap();
    assert_eq!(
        err.message,
        "`MY_VALUE` cannot be written exactly in the format `powershell`: it is empty, which unsets a variable there"
    );
}

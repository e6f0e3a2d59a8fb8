//! Lines of other shells, pasted: explained instead of run, without showing the value.

use super::super::scene::{Scene, assert_both};
use super::{PWSH, around, assert_no_errors, pwsh_or_leave_out, shown};

fn history(scene: &Scene) -> String {
    let file = scene.home.path(".local/share/powershell/PSReadLine/ConsoleHost_history.txt");
    std::fs::read_to_string(file).unwrap_or_default()
}

#[test]
fn a_pasted_export_is_explained() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.shell(PWSH);
    let key = "sk-or-v1-00112233445566778899";
    let path = scene.home.path(".local/share/powershell/PSReadLine/ConsoleHost_history.txt");
    let rest = |word: &str, name: &str| {
        format!(
            "  in this window:   $env:{name} = '...'\n\
             \x20 to keep a key:    llmenv add                 asks for it and stores it; no file and no history has it\n\
             \x20 what you typed, value included, is in the history file of PSReadLine; \
             to take it out of there and of this window:\n\
             \x20   [Microsoft.PowerShell.PSConsoleReadLine]::ClearHistory(); $f = '{0}'\n\
             \x20   @(Get-Content -LiteralPath $f -Encoding utf8) -notmatch '{word} .*{name}' | Set-Content -LiteralPath $f \
             -Encoding utf8\n",
            path.display()
        )
    };
    for (line, word, name, what) in [
        (format!("export OPENAI_API_KEY={key}"), "export", "OPENAI_API_KEY", "PowerShell has no `export`"),
        (
            format!("set OPENAI_API_KEY={key}"),
            "set",
            "OPENAI_API_KEY",
            "`set NAME=value` makes a PowerShell variable whose name is the whole text, and no program sees it",
        ),
        (format!("setx OPENAI_API_KEY {key}"), "setx", "OPENAI_API_KEY", "PowerShell has no `setx`"),
        (
            format!("  export 'ANTHROPIC_API_KEY={key}'; echo ran"),
            "export",
            "ANTHROPIC_API_KEY",
            "PowerShell has no `export`",
        ),
        (format!("cd / && export OPENAI_API_KEY=\"{key}\""), "export", "OPENAI_API_KEY", "PowerShell has no `export`"),
    ] {
        let text = terminal.run(&line);
        let expected = format!("llmenv: {what}; the line was not run and nothing was set\n{}", rest(word, name));
        assert_eq!(text, expected, "{line}");
        assert_both(&mut terminal, name, None);
        assert_eq!(
            shown(&mut terminal, "\"$((Get-Variable '*=*').Count) $PWD\""),
            format!("0 {}", scene.home.path("").display().to_string().trim_end_matches('/'))
        );
    }
    assert_no_errors(&mut terminal);
    // The way out does what it says.
    assert!(history(&scene).contains(key));
    let text = terminal.run(&format!("export OPENAI_API_KEY={key}"));
    let lines: Vec<_> = text.lines().map(str::trim).collect();
    for line in &lines[lines.len() - 2..] {
        assert_eq!(terminal.run(line), "", "{line}");
    }
    let left: Vec<_> = history(&scene).lines().filter(|line| line.contains(key)).map(str::to_owned).collect();
    assert!(left.iter().all(|line| !line.contains("export OPENAI_API_KEY")) && !left.is_empty(), "{left:?}");
}

/// What only looks like one, and what `PSReadLine` keeps out of its file by itself.
#[test]
fn other_lines_run_as_they_are() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.shell(PWSH);
    for (line, expected) in [
        ("set x 5; $x", "5"),
        ("'export A=b'", "export A=b"),
        ("echo export A=b", "export\nA=b"),
        ("# export A=b", ""),
        ("function export { \"mine $args\" }; export A=b", "mine A=b"),
    ] {
        assert_eq!(shown(&mut terminal, line), expected, "{line}");
    }
    assert_eq!(shown(&mut terminal, "export A=b"), "mine A=b", "a function of the user's");
    terminal.run("Remove-Item function:export");
    let text = terminal.run("export MY_PASSWORD=abc");
    assert!(text.contains("$env:MY_PASSWORD = '...'") && !text.contains("history file"), "{text}");
    assert!(!history(&scene).contains("MY_PASSWORD=abc"));
    // No key, so nothing to hide.
    assert_eq!(
        terminal.run("export MY_REGION=eu"),
        "llmenv: PowerShell has no `export`; the line was not run and nothing was set\n  in this window:   $env:MY_REGION = '...'\n"
    );
    terminal.run("Set-PSReadLineOption -HistorySaveStyle SaveNothing");
    let text = terminal.run("export OPENAI_API_KEY=abc");
    assert!(text.contains("not run") && !text.contains("history file"), "{text}");
    terminal.run("$env:LLMENV_HOOK = '0'");
    let text = terminal.run("set OPENAI_API_KEY=abc");
    assert_eq!(text, "");
    assert_eq!(shown(&mut terminal, "(Get-Variable '*=*').Name"), "OPENAI_API_KEY=abc", "the control");
}

#[test]
fn an_export_function_can_be_asked_for() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = around(&scene, "$global:LLMENV_EXPORT = $true", "").start();
    for (line, name, value, said) in [
        ("export ONE=two", "ONE", "two", ""),
        ("export ONE=\"two words\" TWO='a=b'", "TWO", "a=b", ""),
        ("export ONE=a,b", "ONE", "a,b", ""),
        ("export ONE=sk-x_y.z+/=", "ONE", "sk-x_y.z+/=", ""),
        ("export \"ONE= spaced `t\"", "ONE", "spaced", "llmenv: 3 characters that no key has were taken off ONE"),
        (
            "export \"ONE=$([char]0x201c)quoted$([char]0x201d)$([char]0x200b)\"",
            "ONE",
            "quoted",
            "llmenv: 3 characters that no key has were taken off ONE",
        ),
    ] {
        assert_eq!(shown(&mut terminal, line), said, "{line}");
        assert_both(&mut terminal, name, Some(value));
    }
    let text = shown(&mut terminal, "export ONE=new {x}");
    assert!(text.starts_with("llmenv: export takes NAME=value; nothing was set"), "{text}");
    assert_both(&mut terminal, "ONE", Some("quoted"));
    let text = terminal.run("set OPENAI_API_KEY=abc");
    assert!(text.contains("the line was not run"), "{text}");
    assert_no_errors(&mut terminal);
}

//! The function `llmenv`: words, input, output and status as if it were the program.

use super::super::scene::{FAST, Scene, WORK, assert_active, choose};
use super::{PWSH, assert_no_errors, pwsh_or_leave_out, shown};

/// PowerShell keeps `--` from functions, makes lists of `a,b` and numbers of `007`.
#[test]
fn words_arrive_as_typed() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.shell(PWSH);
    terminal.run("$list = 'x y','z'; $one = 'a b'");
    for (typed, expected) in [
        ("a 'b c' \"d'e\"", "<a><b c><d'e>"),
        ("a,b 007 1.50 0x10 2h", "<a,b><007><1.50><0x10><2h>"),
        ("-- -v --x=1,2 -", "<--><-v><--x=1,2><->"),
        ("$one $list @list \"$one!\"", "<a b><x y><z><x y><z><a b!>"),
        ("'' 'q\"q' \\ %x% @x", "<><q\"q><\\><%x%>"),
        ("'\u{2018}\u{201c}\u{20ac}'", "<\u{2018}\u{201c}\u{20ac}>"),
    ] {
        // Not what a terminal can type.
        if !typed.is_ascii() {
            continue;
        }
        let text = terminal.run(&format!("llmenv exec work -- /usr/bin/printf '<%s>' {typed}; ''"));
        assert_eq!(text.trim_end(), expected, "{typed}");
    }
    let text = terminal.run("& { if (1) { llmenv exec work -- echo `in a block } }; llmenv exec work -- echo twice");
    assert_eq!(text, "in a block\ntwice\n");
    assert_no_errors(&mut terminal);
}

/// `$LASTEXITCODE`, `$?`, `&&` and `||`; a terminal for what needs one; input from a pipeline.
#[test]
fn status_input_and_terminal_pass_through() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.shell(PWSH);
    for (line, expected) in [
        ("llmenv exec work -- sh -c 'exit 42'; \"$? $LASTEXITCODE\"", "False 42"),
        ("llmenv exec work -- true; \"$? $LASTEXITCODE\"", "True 0"),
        ("llmenv exec work -- false && 'and' || 'or'", "or"),
        ("llmenv exec work -- true && 'and'", "and"),
        ("llmenv exec work -- sh -c 'test -t 0 && test -t 1 && echo terminal'", "terminal"),
        ("'in', 'put' | llmenv exec work -- cat", "in\nput"),
        ("(llmenv exec work -- echo caught).ToUpper()", "CAUGHT"),
        ("llmenv use nobody 2>$null; \"$? $LASTEXITCODE\"", "False 1"),
        ("$x = llmenv use work; \"$? $LASTEXITCODE <$x>\"", "True 0 <>"),
        ("llmenv use work --json | Out-Null; \"$LASTEXITCODE\"", "2"),
    ] {
        let text = terminal.run(line);
        assert!(text.trim_end().ends_with(expected), "{line}: {text}");
    }
    assert_active(&mut terminal, &WORK);
    // What a program asks for at the terminal is typed there.
    terminal.type_line("llmenv exec work -- sh -c 'echo rea\"\"dy; read x; echo \"<$x>\"'");
    terminal.wait_for(|text| text.contains("ready"));
    terminal.answer("typed");
    assert!(terminal.wait_prompt().contains("<typed>"));
    choose(&mut terminal, "llmenv use fast --for 2h");
    assert_active(&mut terminal, &FAST);
    assert_eq!(shown(&mut terminal, "($env:LLMENV_STATE -split ':')[3] -gt 0"), "True");
    assert_no_errors(&mut terminal);
}

/// A key goes in by a pipe, and a name that looks like a number stays one.
#[test]
fn a_profile_is_added_from_here() {
    pwsh_or_leave_out!();
    let scene = Scene::new();
    let mut terminal = scene.shell(PWSH);
    terminal.run("$key = 'sk-or-v1-' + '0011223344556677' * 4");
    let text = terminal.run(
        "$key | llmenv add 007 --provider openrouter --serve openai,anthropic --key-stdin --no-check --store file; $LASTEXITCODE",
    );
    assert!(text.trim_end().ends_with('0'), "{text}");
    choose(&mut terminal, "llmenv use 007");
    let key = format!("sk-or-v1-{}", "0011223344556677".repeat(4));
    for name in ["OPENAI_API_KEY", "ANTHROPIC_AUTH_TOKEN"] {
        super::super::scene::assert_both(&mut terminal, name, Some(&key));
    }
    super::super::scene::assert_both(&mut terminal, "LLMENV_PROFILE", Some("007"));
    choose(&mut terminal, "llmenv off");
    super::super::scene::assert_both(&mut terminal, "ANTHROPIC_BASE_URL", None);
}

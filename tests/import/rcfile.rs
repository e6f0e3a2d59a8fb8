//! Start-up files of four shells: each way of setting a variable, its line, and what could be cut.

use std::path::Path;

use llmenv::import::rcfile::read;
use llmenv::import::section::{Cut, Format, Reading};

fn key() -> String {
    format!("sk-or-v1-{}", "0123456789abcdef".repeat(4))
}

fn of(text: &str, format: Format) -> Reading {
    read(Path::new("/h/rc"), text.as_bytes(), format)
}

/// `VARIABLE:line value`, with `!` where it could not be cut.
fn settings(reading: &Reading) -> Vec<String> {
    let all = reading.sections.iter().flat_map(|section| &section.settings);
    all.map(|s| {
        let mark = if matches!(s.cut, Cut::Lines { .. }) { "" } else { "!" };
        format!("{}:{}{mark} {}", s.variable, s.line.unwrap(), s.value.expose())
    })
    .collect()
}

#[test]
fn bash_and_zsh_lines() {
    let k = key();
    for format in [Format::Bash, Format::Zsh] {
        for line in [
            format!("export OPENAI_API_KEY={k}"),
            format!("export OPENAI_API_KEY=\"{k}\"   # mine"),
            format!("  export OPENAI_API_KEY='{k}'"),
            format!("OPENAI_API_KEY={k}; export OPENAI_API_KEY"),
            format!("OPENAI_API_KEY={k} && export OPENAI_API_KEY # x"),
            format!("declare -x OPENAI_API_KEY={k}"),
            format!("typeset -x OPENAI_API_KEY=\"{k}\""),
            format!("export OPENAI_API_KEY=$'{k}'"),
            format!("export OPENAI_API_KEY=\\\n{k}"),
        ] {
            let text = format!("case $- in *i*) ;; *) return;; esac\nif true; then\n{line}\nfi\n");
            assert_eq!(settings(&of(&text, format)), [format!("OPENAI_API_KEY:3 {k}")], "{line}");
        }
        for (line, wanted) in [
            (format!("export A=1 OPENAI_API_KEY={k}"), format!("OPENAI_API_KEY:1! {k}")),
            (format!("alias x=y; export OPENAI_API_KEY={k}"), format!("OPENAI_API_KEY:1! {k}")),
            (format!("export OPENAI_API_KEY={k}; claude"), format!("OPENAI_API_KEY:1! {k}")),
        ] {
            assert_eq!(settings(&of(&line, format)), [wanted], "{line}");
        }
        for line in [format!("# export OPENAI_API_KEY={k}"), format!("echo {k}"), "export PATH=$PATH:/x".into()] {
            assert!(settings(&of(&line, format)).is_empty(), "{line}");
        }
        let told = of("export OPENAI_API_KEY=$(pass show openai)\n", format);
        assert_eq!((told.oddities[0].line, settings(&told)), (Some(1), vec![]), "{format:?}");
    }
}

#[test]
fn fish_lines() {
    let k = key();
    for line in [
        format!("set -gx OPENAI_API_KEY {k}"),
        format!("set -Ux OPENAI_API_KEY '{k}'"),
        format!("    set --global --export OPENAI_API_KEY \"{k}\" # mine"),
        format!("set -x OPENAI_API_KEY {k};"),
    ] {
        assert_eq!(settings(&of(&line, Format::Fish)), [format!("OPENAI_API_KEY:1 {k}")], "{line}");
    }
    for line in [
        format!("set -e OPENAI_API_KEY {k}"),
        format!("set -q OPENAI_API_KEY {k}"),
        format!("set -gx OPENAI_API_KEY {k} more"),
        format!("echo set -gx OPENAI_API_KEY {k}"),
        format!("# set -gx OPENAI_API_KEY {k}"),
    ] {
        assert!(settings(&of(&line, Format::Fish)).is_empty(), "{line}");
    }
    let reading = of("set -gx OPENAI_API_KEY (pass show openai)\n", Format::Fish);
    assert!(settings(&reading).is_empty());
}

#[test]
fn powershell_lines() {
    let k = key();
    for line in [
        format!("$env:OPENAI_API_KEY = '{k}'"),
        format!("$Env:OPENAI_API_KEY=\"{k}\" # mine"),
        format!("  $env:OPENAI_API_KEY = \u{201c}{k}\u{201d};"),
        format!("[Environment]::SetEnvironmentVariable('OPENAI_API_KEY', '{k}', 'User')"),
        format!("[System.Environment]::SetEnvironmentVariable(\"OPENAI_API_KEY\", \"{k}\")"),
    ] {
        assert_eq!(settings(&of(&line, Format::Powershell)), [format!("OPENAI_API_KEY:1 {k}")], "{line}");
    }
    for line in [format!("# $env:OPENAI_API_KEY = '{k}'"), format!("Write-Host '{k}'"), "$env:PATH += ';x'".into()] {
        assert!(settings(&of(&line, Format::Powershell)).is_empty(), "{line}");
    }
    let told = of("$env:OPENAI_API_KEY = (Get-Secret openai)\n", Format::Powershell);
    assert_eq!((told.oddities.len(), settings(&told)), (1, vec![]));
}

/// Whatever stands in a file, reading it ends, and what would be cut lies in it.
#[test]
fn cut_at_every_byte_it_still_reads() {
    let k = key();
    for (format, text) in [
        (Format::Zsh, format!("export OPENAI_API_KEY=\"{k}\" # ü\\\nANTHROPIC_BASE_URL='https://a'\n`x`\n$(\n")),
        (Format::Fish, format!("set -gx OPENAI_API_KEY \"{k}\\\" ü\" '\\''\n")),
        (
            Format::Powershell,
            format!("$env:OPENAI_API_KEY = \u{201c}{k}``\u{201d}\n[Environment]::SetEnvironmentVariable('A',\n"),
        ),
    ] {
        for end in 0..=text.len() {
            let bytes = &text.as_bytes()[..end];
            for section in read(Path::new("/h/rc"), bytes, format).sections {
                for setting in section.settings {
                    if let Cut::Lines { span, .. } = setting.cut {
                        assert!(span.start <= span.end && span.end <= bytes.len());
                    }
                }
            }
        }
    }
}

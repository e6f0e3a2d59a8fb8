//! Manual pages: one for each command, right for the tools that show them, with the examples of the help.

use super::alone;
use crate::support::Home;
use crate::support::home::finish;

#[test]
fn there_is_a_page_for_every_command() {
    let home = Home::new();
    let got = alone(&home, &["man", "--to", "man1"], "");
    assert_eq!((got.stderr.as_str(), got.code), ("", 0));
    let commands = super::listed_commands(&home);
    assert!(commands.len() > 20);
    let pages = std::fs::read_dir(home.path("man1")).unwrap().count();
    assert_eq!((got.stdout, pages), (format!("wrote {pages} pages to man1\n"), commands.len() + 1));
    for command in commands {
        let page = std::fs::read_to_string(home.path(format!("man1/llmenv-{command}.1"))).unwrap();
        assert!(page.contains(".SH NAME") && page.contains(".SH SYNOPSIS"), "{command}");
        assert_eq!(alone(&home, &["man", &command], "").stdout, page);
        assert!(!page.contains("llmenv llmenv"), "{page}");
        // groff says on stderr what it does not understand.
        let mut groff = home.cmd("groff");
        groff.args(["-man", "-Tutf8", "-ww"]).arg(home.path(format!("man1/llmenv-{command}.1")));
        let shown = finish(groff, None);
        assert_eq!((shown.stderr.as_str(), shown.code), ("", 0), "{command}");
        assert!(shown.stdout.contains(&command), "{command}");
    }
    let page = alone(&home, &["man"], "").stdout;
    assert!(page.contains("llmenv\\-add(1)") || page.contains("llmenv-add(1)"), "{page}");
    let got = alone(&home, &["man", "nonsense"], "");
    assert!(got.code == 2 && got.stderr.starts_with("error: there is no command `nonsense`\n"), "{got:?}");
}

/// `-h` is short; examples are for `--help` (`cli::examples` types each).
#[test]
fn help_has_two_levels() {
    let home = Home::new();
    let mut with_examples = 0;
    for command in super::listed_commands(&home) {
        let short = alone(&home, &[&command, "-h"], "").stdout;
        assert!(!short.contains("Example"), "{command}: {short}");
        with_examples += usize::from(alone(&home, &[&command, "--help"], "").stdout.contains("\nExample"));
    }
    assert!(with_examples >= 15, "{with_examples}");
}

//! The program: the hook's path is told apart by the first argument, before anything heavy starts.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == "hook") && args.next().is_some_and(|second| second == "prompt") {
        let fields: Vec<String> = args.filter_map(|arg| arg.into_string().ok()).collect();
        return ExitCode::from(llmenv::hook::run(&fields) as u8);
    }
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mode = match args.as_slice() {
        ["daemon", "run", "--background"] => llmenv::daemon::Mode::Background,
        ["daemon", "run", "--detached"] => llmenv::daemon::Mode::Detached,
        _ => llmenv::daemon::Mode::Foreground,
    };
    match llmenv::daemon::run(mode) {
        Ok(()) => ExitCode::SUCCESS,
        Err(err) => {
            eprintln!("error: {err}");
            ExitCode::FAILURE
        }
    }
}

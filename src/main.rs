//! The program: the hook's path is told apart by the first arguments, before anything heavy starts.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: llmenv::wiping::Wiping = llmenv::wiping::Wiping;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == "hook") {
        let fields: Vec<String> = args.filter_map(|arg| arg.into_string().ok()).collect();
        return match fields.split_first() {
            Some((word, fields)) if word == "prompt" => ExitCode::from(llmenv::hook::run(fields) as u8),
            _ => llmenv::cli::run_for_hook(&fields),
        };
    }
    llmenv::cli::run()
}

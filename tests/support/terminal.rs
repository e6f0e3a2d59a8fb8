//! A real interactive shell on a pseudo-terminal, driven as a person would: lines are typed, prompts are waited for.
//!
//! A prompt counts as drawn when its mark (`shell::MARK`) has appeared after the typed line was taken, and the line
//! editor is reading: nothing is typed before that. No prompt is guessed from time; only a Ctrl-C at the prompt, which
//! zsh and fish can lose, waits for a quiet shell and is pressed once more after `PRESSED_AGAIN`.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::session::{self, sleeps};
use super::shell::MARK;
use super::transcript::{CURSOR_QUERY, Transcript, find, plain};
use super::{DEADLINE, Home, Shell, home};

/// Switched on by a line editor when it starts to read, off when it has taken a line (xterm's bracketed paste).
const READING: &[u8] = b"\x1b[?2004h";
const TAKEN: &[u8] = b"\x1b[?2004l";

/// zsh and fish lose an interrupt that comes while they draw; a person presses Ctrl-C again.
const PRESSED_AGAIN: Duration = Duration::from_secs(3);

/// One running shell. Dropping it kills everything in its session.
pub struct Terminal {
    shell: Shell,
    child: Child,
    input: File,
    transcript: Transcript,
    scratch: PathBuf,
    /// Where the search for the next prompt begins.
    from: usize,
    awaited: Awaited,
    /// Shell and number of the last prompt.
    last: (u32, u32),
}

/// What must come before the next prompt counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    First,
    Line,
    Interrupt,
    /// The shell sits at its line editor.
    Nothing,
}

/// How a shell is started.
pub struct Builder<'a> {
    home: &'a Home,
    shell: Shell,
    rc: String,
    cwd: PathBuf,
    env: Vec<(OsString, OsString)>,
    unset: Vec<OsString>,
    columns: u16,
    rewritten: bool,
}

impl Builder<'_> {
    /// The text of the start-up file, after the harness's own prompt.
    pub fn rc(mut self, text: &str) -> Self {
        text.clone_into(&mut self.rc);
        self
    }

    /// The directory it starts in; the home directory if not given.
    pub fn cwd(mut self, dir: impl AsRef<Path>) -> Self {
        self.cwd = self.home.path(dir);
        self
    }

    /// Adds an environment variable.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().into(), value.as_ref().into()));
        self
    }

    /// Takes a variable out of the home's environment.
    pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.unset.push(name.as_ref().into());
        self
    }

    /// The terminal's width; very wide if not given, so that no typed line is broken.
    pub fn columns(mut self, columns: u16) -> Self {
        self.columns = columns;
        self
    }

    /// For a start-up text that sets its own prompt: the harness adds its mark to whatever prompt stands at the end of
    /// each round of prompt functions. The text of that prompt is then part of what `run` returns.
    pub fn own_prompt(mut self) -> Self {
        self.rewritten = true;
        self
    }

    /// Starts the shell and waits for its first prompt.
    pub fn start(self) -> Terminal {
        let mut terminal = self.start_without_waiting();
        terminal.wait_prompt();
        terminal
    }

    /// Starts the shell.
    pub fn start_without_waiting(self) -> Terminal {
        let rc = self.home.write(self.shell.rc_file(), self.shell.rc_text(&self.rc, self.rewritten));
        // Without it fish reads every manual page in the background at its first start.
        std::fs::create_dir_all(self.home.path(".local/share/fish/generated_completions")).expect("a folder of fish's");
        let scratch = self.home.path(".pty");
        std::fs::create_dir_all(&scratch).expect("the harness's folder");

        let argv = self.shell.argv(&rc);
        let mut command = self.home.cmd(&argv[0]);
        command.args(&argv[1..]).current_dir(&self.cwd);
        if self.shell == Shell::Powershell {
            command.envs([("POWERSHELL_TELEMETRY_OPTOUT", "1"), ("POWERSHELL_UPDATECHECK", "Off")]);
        }
        command.envs(self.env);
        for name in self.unset {
            command.env_remove(name);
        }
        let (child, input) = session::start(command, self.columns);
        Terminal {
            shell: self.shell,
            child,
            transcript: Transcript::record(input.try_clone().expect("the pseudo-terminal")),
            input,
            scratch,
            from: 0,
            awaited: Awaited::First,
            last: (0, 0),
        }
    }
}

impl Terminal {
    /// Starts a shell with this start-up text in this directory, and waits for its first prompt.
    pub fn start(home: &Home, shell: Shell, rc: &str, cwd: impl AsRef<Path>) -> Self {
        Self::builder(home, shell).rc(rc).cwd(cwd).start()
    }

    /// Prepares a start.
    pub fn builder(home: &Home, shell: Shell) -> Builder<'_> {
        Builder {
            home,
            shell,
            rc: String::new(),
            cwd: home.path(""),
            env: Vec::new(),
            unset: Vec::new(),
            columns: 1000,
            rewritten: false,
        }
    }

    /// Which shell this is.
    pub fn shell(&self) -> Shell {
        self.shell
    }

    /// Types a line, waits for the prompt after it and returns what was printed between.
    pub fn run(&mut self, line: &str) -> String {
        self.type_line(line);
        self.wait_prompt()
    }

    /// Types a line without waiting. For a line that a program reads instead of the shell, see `answer`.
    pub fn type_line(&mut self, line: &str) {
        assert!(!line.contains(char::is_control) && line.len() < 4000, "not one line to type: {line:?}");
        self.from = self.transcript.len();
        self.awaited = Awaited::Line;
        self.send_raw(format!("{line}\r"));
    }

    /// Types a line for the program in the foreground.
    pub fn answer(&mut self, line: &str) {
        self.send_raw(format!("{line}\r"));
    }

    /// Presses Ctrl-C. After half a line from `send_raw`, wait for its echo first.
    pub fn interrupt(&mut self) {
        if self.awaited == Awaited::Nothing {
            self.wait_quiet();
            self.from = self.transcript.len();
            self.awaited = Awaited::Interrupt;
        }
        self.send_raw(b"\x03");
    }

    /// Presses keys.
    pub fn send_raw(&mut self, keys: impl AsRef<[u8]>) {
        if let Err(err) = self.input.write_all(keys.as_ref()) {
            self.fail(&format!("cannot type: {err}"));
        }
    }

    /// Waits for the prompt after the last typed line or Ctrl-C; returns what was printed between. Returns at once, with
    /// nothing, where the shell is at its prompt already.
    pub fn wait_prompt(&mut self) -> String {
        if self.awaited == Awaited::Nothing {
            return String::new();
        }
        let mut found = Err(String::new());
        if self.awaited == Awaited::Interrupt {
            found = self.transcript.wait(PRESSED_AGAIN, |bytes| self.find_prompt(bytes));
            if found.is_err() {
                self.send_raw(b"\x03");
            }
        }
        if found.is_err() {
            found = self.transcript.wait(DEADLINE, |bytes| self.find_prompt(bytes));
        }
        let prompt = found.unwrap_or_else(|why| self.fail(&format!("waiting for a prompt: {why}")));
        self.last = prompt.id;
        self.from = prompt.end;
        self.awaited = Awaited::Nothing;
        prompt.text
    }

    /// Waits until the text printed since the last typed line (its echo included; escape sequences taken out) is as
    /// wanted, and returns it. Do not look for what was typed: the echo has it.
    pub fn wait_for(&self, wanted: impl Fn(&str) -> bool) -> String {
        let found =
            self.transcript.wait(DEADLINE, |bytes| Some(plain(&bytes[self.from..])).filter(|text| wanted(text)));
        found.unwrap_or_else(|why| self.fail(&format!("waiting for a text: {why}")))
    }

    /// Types `exit`, waits for the shell's end and returns its code.
    pub fn exit(mut self) -> i32 {
        self.type_line("exit");
        self.wait_end()
    }

    /// Waits for the shell's end and returns its code.
    pub fn wait_end(mut self) -> i32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("the status of a child") {
                return home::code(status);
            }
            if start.elapsed() > DEADLINE {
                self.fail("waiting for the shell's end");
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// A variable of the shell itself, exported or not; `None`: not set. PowerShell: `$env:NAME`.
    pub fn shell_var(&mut self, name: &str) -> Option<String> {
        let bytes = self.read_back(name, |shell, file| shell.read_line(name, file));
        match bytes.split_first() {
            Some((b's', value)) => Some(self.exact(name, value)),
            Some((b'u', [])) => None,
            _ => self.fail(&format!("`{name}` was not read back")),
        }
    }

    /// A variable as a child process sees it; `None`: not set there.
    pub fn child_var(&mut self, name: &str) -> Option<String> {
        let bytes = self.read_back(name, Shell::child_line);
        assert!(bytes.ends_with(b"\0"), "the child's environment was not read back: {}", self.shown());
        let start = format!("{name}=");
        let value = bytes.split(|byte| *byte == 0).find_map(|entry| entry.strip_prefix(start.as_bytes()))?;
        Some(self.exact(name, value))
    }

    /// Sets and exports a variable.
    pub fn export(&mut self, name: &str, value: &str) {
        self.run(&self.shell.export_line(name, value));
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.run(&self.shell.unset_line(name));
    }

    /// The shell that drew the last prompt: a nested one while it runs.
    pub fn pid(&self) -> u32 {
        self.last.0
    }

    /// Everything printed so far, escape sequences included.
    pub fn raw_output(&self) -> Vec<u8> {
        self.transcript.bytes()
    }

    /// Waits until the shell neither draws nor computes.
    fn wait_quiet(&self) {
        let (start, mut printed, mut quiet) = (Instant::now(), 0, 0);
        while quiet < 3 && start.elapsed() < DEADLINE {
            let len = self.transcript.len();
            quiet = if len == printed && sleeps(self.last.0) { quiet + 1 } else { 0 };
            printed = len;
            std::thread::sleep(Duration::from_millis(3));
        }
    }

    fn read_back(&mut self, name: &str, line: impl Fn(Shell, &Path) -> String) -> Vec<u8> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let plain_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        assert!(plain_name && !name.is_empty(), "not a variable's name: {name:?}");
        assert_eq!(self.awaited, Awaited::Nothing, "wait for the prompt before reading `{name}`");
        let file = self.scratch.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
        self.run(&line(self.shell, &file));
        std::fs::read(&file).unwrap_or_else(|err| self.fail(&format!("`{name}` was not read back: {err}")))
    }

    fn exact(&self, name: &str, value: &[u8]) -> String {
        let text = String::from_utf8(value.to_vec());
        text.unwrap_or_else(|err| self.fail(&format!("`{name}` is not UTF-8: {:?}", err.into_bytes())))
    }

    fn find_prompt(&self, bytes: &[u8]) -> Option<Prompt> {
        let line_end = |at| find(bytes, b"\n", at).map(|at| at + 1);
        // Where the typed line was taken. A prompt drawn again (zsh, fish) comes without that.
        let start = match (self.shell, self.awaited) {
            (_, Awaited::First) => Some(0),
            (Shell::Zsh, _) => find(bytes, TAKEN, self.from).and_then(line_end),
            (Shell::Bash, _) => {
                let taken = find(bytes, TAKEN, self.from).map(|at| at + TAKEN.len());
                taken.or_else(|| line_end(self.from))
            }
            // fish takes an empty line without a sign, but shows that it reads again; after Ctrl-C it does not.
            (Shell::Fish, _) => line_end(self.from),
            // PowerShell ends no line at Ctrl-C. It draws no prompt twice.
            (Shell::Powershell, _) => line_end(self.from).or(Some(self.from)),
        }?;
        let search = match (self.shell, self.awaited) {
            (Shell::Fish, Awaited::Line) => find(bytes, READING, start)?,
            (Shell::Powershell, _) => self.from,
            _ => start,
        };
        let (mut at, mut found) = (search, None);
        while let Some(mark) = find(bytes, MARK.as_bytes(), at) {
            at = mark + MARK.len();
            if let Some((id, len)) = parse_mark(&bytes[at..])
                && (id != self.last || self.shell != Shell::Powershell)
            {
                found = Some((mark, at + len, id));
                break;
            }
        }
        let (mark, end, id) = found?;
        // The last thing each does before it reads; bash and fish are there before they draw the prompt.
        match self.shell {
            Shell::Zsh => drop(find(bytes, READING, end)?),
            Shell::Powershell => drop(find(bytes, CURSOR_QUERY, end)?),
            Shell::Bash | Shell::Fish => {}
        }
        let mut text = plain(&bytes[start.min(mark)..mark]);
        if self.shell == Shell::Fish {
            // fish makes sure of an empty line: a sign, blanks to the edge, then over it. What events print comes after that.
            while let Some(at) = text.find("⏎ ") {
                let rest = text[at + '⏎'.len_utf8()..].trim_start_matches(' ');
                let Some(rest) = rest.strip_prefix('\r') else { break };
                text = format!("{}{}", &text[..at], rest.trim_start_matches('\r'));
            }
        }
        let text = text.trim_start_matches('\r').trim_end_matches('\r').to_owned();
        Some(Prompt { text, end, id })
    }

    fn shown(&self) -> String {
        let text = String::from_utf8_lossy(&self.transcript.bytes()).replace('\x1b', "␛").replace('\r', "␍");
        format!("--- all that {} printed\n{text}\n---", self.shell.name())
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.shown())
    }
}

struct Prompt {
    /// What was printed before it.
    text: String,
    end: usize,
    id: (u32, u32),
}

/// Reads `PID:NUMBER>`.
fn parse_mark(bytes: &[u8]) -> Option<((u32, u32), usize)> {
    let len = bytes.iter().take(32).position(|byte| *byte == b'>')?;
    let (pid, number) = std::str::from_utf8(&bytes[..len]).ok()?.split_once(':')?;
    Some(((pid.parse().ok()?, number.parse().ok()?), len + 1))
}

impl Drop for Terminal {
    fn drop(&mut self) {
        session::end(&mut self.child, &self.input);
    }
}

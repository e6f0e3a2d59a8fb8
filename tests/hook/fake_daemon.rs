//! Something of the same user that stands where the daemon should: it answers a shell's first request as a daemon with
//! nothing active would, and every later one as the test says.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::scene::Scene;

/// What it answers to a shell that is past its first prompt.
#[derive(Clone)]
pub enum Answer {
    /// These bytes; `SHELL` in them stands for the shell's id.
    Bytes(Vec<u8>),
    /// These bytes, and then nothing, with the connection kept.
    Held(Vec<u8>),
    /// One byte of an endless line after the other.
    Drip,
}

impl Answer {
    /// An answer that sets a key, with these fields of its state.
    pub fn state(fields: &str) -> Self {
        Self::Bytes(
            format!("shell\tSHELL\nstate\tapply\t{fields}\nset\tOPENAI_API_KEY\tevil\nend\tfake:1\n").into_bytes(),
        )
    }

    /// A whole answer with these lines in it.
    pub fn lines(lines: &str) -> Self {
        Self::Bytes(format!("shell\tSHELL\nstate\tapply\tpin\twork\t0\t-\n{lines}end\tfake:1\n").into_bytes())
    }
}

/// The stand-in; its thread ends with the test's process.
pub struct FakeDaemon {
    state: Arc<Mutex<State>>,
}

struct State {
    answer: Answer,
    asked: Vec<String>,
}

impl FakeDaemon {
    /// Takes the place of the scene's daemon.
    pub fn start(scene: &Scene) -> Self {
        scene.home.end_daemon();
        let socket = scene.home.path("run/llmenv/daemon.sock");
        let _ = std::fs::remove_file(&socket);
        let listener = UnixListener::bind(&socket).unwrap();
        let address =
            format!("llmenv 1\npid {}\nboot fake\nversion 0\nsocket {}\n", std::process::id(), socket.display());
        std::fs::write(scene.state_dir().join("daemon"), address).unwrap();
        let state = Arc::new(Mutex::new(State { answer: Answer::lines(""), asked: Vec::new() }));
        let (shared, shells) = (Arc::clone(&state), scene.state_dir().join("shells"));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, shells) = (Arc::clone(&shared), shells.clone());
                std::thread::spawn(move || serve(&stream, &shared, &shells));
            }
        });
        Self { state }
    }

    /// Sets the answer.
    pub fn answers(&self, answer: Answer) {
        self.state.lock().unwrap().answer = answer;
    }

    /// The requests of shells that are past their first prompt.
    pub fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }
}

fn serve(mut stream: &UnixStream, shared: &Mutex<State>, shells: &PathBuf) {
    let mut request = String::new();
    if BufReader::new(stream).read_line(&mut request).is_err() || !request.starts_with("hook 1\t") {
        return;
    }
    let field = |name: &str| {
        let start = format!("{name}=");
        request.trim_end().split('\t').find_map(|field| field.strip_prefix(&start)).unwrap_or_default().to_owned()
    };
    let shell = format!("{}.{}", field("pid"), field("start"));
    if field("why") == "start" {
        std::fs::create_dir_all(shells).unwrap();
        std::fs::write(shells.join(&shell), "fake:1\n").unwrap();
        let _ = write!(stream, "shell\t{shell}\nstate\tapply\tnone\t-\t0\t-\nend\tfake:1\n");
        return;
    }
    let answer = {
        let mut state = shared.lock().unwrap();
        state.asked.push(request.clone());
        state.answer.clone()
    };
    match answer {
        Answer::Bytes(bytes) => drop(stream.write_all(&named(&bytes, &shell))),
        Answer::Held(bytes) => {
            let _ = stream.write_all(&named(&bytes, &shell));
            // Until the shell gives up.
            let _ = std::io::Read::read(&mut stream, &mut [0]);
        }
        Answer::Drip => {
            let _ = stream.write_all(b"set\tOPENAI_API_KEY\t");
            while stream.write_all(b"x").is_ok() {
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Puts the shell's id in.
fn named(bytes: &[u8], shell: &str) -> Vec<u8> {
    match bytes.windows(5).position(|window| window == b"SHELL") {
        Some(at) => [&bytes[..at], shell.as_bytes(), &bytes[at + 5..]].concat(),
        None => bytes.to_vec(),
    }
}

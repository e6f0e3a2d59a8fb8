//! One connection: capped lines in, answers out, a deadline on everything.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};
use zeroize::{Zeroize, Zeroizing};

use super::guests::Guest;
use super::state::Shared;
use super::{handle, shell_request};
use crate::error::Error;
use crate::ipc::frame::MAX_FRAME_BYTES;
use crate::ipc::protocol::{Request, Response};
#[cfg(target_os = "linux")]
use crate::ipc::shell_lines::ShellId;
use crate::ipc::shell_lines::{LINES_VERSION, ShellRequest};

/// How long a client may take to send a request once it has begun, and to take an answer.
const TRANSFER_DEADLINE: Duration = Duration::from_secs(5);
/// How long a connection may be idle.
const IDLE_DEADLINE: Duration = Duration::from_secs(60);
/// How much is read at once.
const READ_BYTES: usize = 16 * 1024;

thread_local! {
    /// One for all connections: a thousand that are idle need no buffer each. Wiped after every read.
    static READ: RefCell<Box<[u8; READ_BYTES]>> = RefCell::new(Box::new([0; READ_BYTES]));
}

/// Serves a connection until it closes, breaks a rule, is idle for too long or has to leave for others.
pub async fn serve(shared: Shared, guest: Guest, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut pending = Zeroizing::new(Vec::new());
    while let Some(line) = read_line(&guest, &mut stream, &mut pending).await {
        let _at_work = guest.work();
        // In a box, so that a connection without a request is small.
        let answer = Box::pin(answer(&shared, &line)).await;
        let written = timeout(TRANSFER_DEADLINE, async {
            stream.write_all(answer.as_bytes()).await?;
            stream.flush().await
        });
        if !matches!(written.await, Ok(Ok(()))) {
            return;
        }
    }
}

async fn answer(shared: &Shared, line: &[u8]) -> Zeroizing<String> {
    let Ok(text) = std::str::from_utf8(line) else {
        return encode(&Response::Error(Error::usage("a request is UTF-8")));
    };
    if text.starts_with(LINES_VERSION) {
        return match ShellRequest::decode(text) {
            Ok(request) => match shell_request::answer(shared, request).await {
                Ok(reply) => reply.encode().unwrap_or_else(|| fail(&Error::new("a value cannot be carried by a line"))),
                Err(err) => fail(&err),
            },
            Err(wrong) => fail(&Error::usage(wrong)),
        };
    }
    let request = match serde_json::from_str::<Request>(text) {
        Ok(request) => request,
        // The message of serde_json may repeat the input; only where it stopped is told.
        Err(err) => {
            return encode(&Response::Error(Error::usage(format!(
                "the request is not one of protocol {} (column {})",
                crate::ipc::protocol::PROTOCOL_VERSION,
                err.column()
            ))));
        }
    };
    encode(&handle::handle(shared, request).await)
}

/// Answers a request of this very shell that came another way, through its own pipe; `None` where the program has to ask for it.
#[cfg(target_os = "linux")]
pub async fn answer_shell(shared: &Shared, id: ShellId, line: &[u8]) -> Option<Zeroizing<String>> {
    let request = ShellRequest::decode(std::str::from_utf8(line).ok()?).ok()?;
    if request.id != id {
        return None;
    }
    shell_request::answer(shared, request).await.ok()?.encode()
}

/// The answer to a shell's request that failed: the error as JSON, then the end without a generation.
fn fail(err: &Error) -> Zeroizing<String> {
    let json = serde_json::to_string(err).unwrap_or_default();
    Zeroizing::new(format!("fail\t{json}\nend\t-\n"))
}

fn encode(response: &Response) -> Zeroizing<String> {
    let mut line = Zeroizing::new(serde_json::to_string(response).unwrap_or_default());
    line.push('\n');
    line
}

/// Reads one line; `None` ends the connection.
async fn read_line(
    guest: &Guest,
    stream: &mut (impl AsyncRead + Unpin),
    pending: &mut Zeroizing<Vec<u8>>,
) -> Option<Zeroizing<Vec<u8>>> {
    let mut searched = 0;
    let mut deadline = Instant::now() + TRANSFER_DEADLINE;
    loop {
        if let Some(at) = pending[searched..].iter().position(|&b| b == b'\n') {
            let rest = pending.split_off(searched + at + 1);
            let mut line = std::mem::replace(pending, Zeroizing::new(rest));
            guest.hold(pending.len());
            line.pop();
            return Some(line);
        }
        searched = pending.len();
        if searched >= MAX_FRAME_BYTES || !guest.hold(searched) {
            return None;
        }
        let count = if pending.is_empty() {
            let leave = guest.wait();
            let count = tokio::select! {
                count = timeout(IDLE_DEADLINE, read_some(stream, pending)) => count,
                () = leave.notified() => return None,
            };
            guest.begin();
            // From its first byte on: one that sends a byte now and then does not stay for ever.
            deadline = Instant::now() + TRANSFER_DEADLINE;
            count
        } else {
            timeout_at(deadline, read_some(stream, pending)).await
        };
        if !matches!(count, Ok(Ok(count)) if count > 0) {
            return None;
        }
    }
}

/// Reads what is there, and waits where there is nothing.
async fn read_some(stream: &mut (impl AsyncRead + Unpin), pending: &mut Vec<u8>) -> std::io::Result<usize> {
    poll_fn(|context| {
        READ.with_borrow_mut(|bytes| {
            let mut read = ReadBuf::new(&mut bytes[..]);
            let polled = Pin::new(&mut *stream).poll_read(context, &mut read);
            let count = read.filled().len();
            pending.extend_from_slice(read.filled());
            bytes[..count].zeroize();
            polled.map_ok(|()| count)
        })
    })
    .await
}

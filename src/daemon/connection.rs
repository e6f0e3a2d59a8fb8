//! One connection: capped lines in, answers out, a deadline on everything.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::state::Shared;
use super::{handle, shell_request};
use crate::error::Error;
use crate::ipc::frame::MAX_FRAME_BYTES;
use crate::ipc::protocol::{Request, Response};
use crate::ipc::shell_lines::{LINES_VERSION, ShellRequest};

/// How long a client may take to send a request once it has begun, and to take an answer.
const TRANSFER_DEADLINE: Duration = Duration::from_secs(5);
/// How long a connection may be idle.
const IDLE_DEADLINE: Duration = Duration::from_secs(60);

/// Serves a connection until it closes, breaks a rule or is idle for too long.
pub async fn serve(shared: Shared, mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut pending = Vec::new();
    loop {
        let Some(line) = read_line(&mut stream, &mut pending).await else { return };
        let answer = answer(&shared, &line).await;
        let written = tokio::time::timeout(TRANSFER_DEADLINE, async {
            stream.write_all(answer.as_bytes()).await?;
            stream.flush().await
        });
        if !matches!(written.await, Ok(Ok(()))) {
            return;
        }
    }
}

async fn answer(shared: &Shared, line: &[u8]) -> zeroize::Zeroizing<String> {
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

/// The answer to a shell's request that failed: the error as JSON, then the end without a generation.
fn fail(err: &Error) -> zeroize::Zeroizing<String> {
    let json = serde_json::to_string(err).unwrap_or_default();
    zeroize::Zeroizing::new(format!("fail\t{json}\nend\t-\n"))
}

fn encode(response: &Response) -> zeroize::Zeroizing<String> {
    let mut line = zeroize::Zeroizing::new(serde_json::to_string(response).unwrap_or_default());
    line.push('\n');
    line
}

/// Reads one line; `None` ends the connection.
async fn read_line(
    stream: &mut (impl AsyncRead + Unpin),
    pending: &mut Vec<u8>,
) -> Option<zeroize::Zeroizing<Vec<u8>>> {
    let mut chunk = [0; 4096];
    loop {
        if let Some(at) = pending.iter().position(|&b| b == b'\n') {
            let rest = pending.split_off(at + 1);
            let mut line = zeroize::Zeroizing::new(std::mem::replace(pending, rest));
            line.pop();
            return Some(line);
        }
        if pending.len() >= MAX_FRAME_BYTES {
            return None;
        }
        let deadline = if pending.is_empty() { IDLE_DEADLINE } else { TRANSFER_DEADLINE };
        match tokio::time::timeout(deadline, stream.read(&mut chunk)).await {
            Ok(Ok(count)) if count > 0 => pending.extend_from_slice(&chunk[..count]),
            _ => return None,
        }
    }
}

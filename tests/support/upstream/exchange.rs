//! One connection: requests read byte by byte, replies written as the script says.

use std::io::{Error, ErrorKind, Read, Result, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use super::{Role, Shared};
use crate::support::DEADLINE;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    /// What stands in the request line.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The host that the client meant: of `CONNECT` behind the proxy, else of `Host`.
    pub host: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// `GET openrouter.ai/api/v1/key`.
    pub fn line(&self) -> String {
        format!("{} {}{}", self.method, self.host, self.target)
    }
}

/// What the server does.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole answer with its length.
    Whole { status: u16, headers: Vec<(String, String)>, body: Vec<u8> },
    /// A chunked answer, piece by piece, each after a pause.
    Pieces { pieces: Vec<Vec<u8>>, pause: Duration },
    /// The head, some of the body, then nothing while the client holds on.
    Stalls { body: Vec<u8> },
    /// Nothing at all while the client holds on.
    Silent,
    /// These bytes, then the end.
    Raw(Vec<u8>),
    /// A head that promises more than comes.
    CutOff { promised: usize, body: Vec<u8> },
}

impl Reply {
    pub fn json(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Whole { status, headers, body: body.into().into_bytes() }
    }

    pub fn text(status: u16, kind: &str, body: impl Into<String>) -> Self {
        Self::Whole {
            status,
            headers: vec![("content-type".to_owned(), kind.to_owned())],
            body: body.into().into_bytes(),
        }
    }

    pub fn redirect(status: u16, to: &str) -> Self {
        Self::Whole { status, headers: vec![("location".to_owned(), to.to_owned())], body: Vec::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        if let Self::Whole { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

pub(super) fn serve(mut tcp: TcpStream, shared: &Arc<Shared>) -> Result<()> {
    tcp.set_read_timeout(Some(DEADLINE))?;
    tcp.set_write_timeout(Some(DEADLINE))?;
    tcp.set_nodelay(true)?;
    match &shared.role {
        Role::Plain => requests(&mut tcp, None, shared),
        Role::Tls(config) => requests(&mut secured(tcp, config)?, None, shared),
        Role::Proxy { outer: None, .. } => proxied(tcp, shared),
        Role::Proxy { outer: Some(config), .. } => proxied(secured(tcp, config)?, shared),
    }
}

fn secured<T: Read + Write>(
    stream: T,
    config: &Arc<rustls::ServerConfig>,
) -> Result<rustls::StreamOwned<rustls::ServerConnection, T>> {
    let session = rustls::ServerConnection::new(Arc::clone(config)).map_err(Error::other)?;
    Ok(rustls::StreamOwned::new(session, stream))
}

fn proxied<T: Read + Write>(mut stream: T, shared: &Arc<Shared>) -> Result<()> {
    let Role::Proxy { authority, password, .. } = &shared.role else { return Ok(()) };
    let head = head(&mut stream)?;
    shared.connects.lock().unwrap().push(head.clone());
    let asked = head.lines().next().unwrap_or_default();
    let Some(place) = asked.strip_prefix("CONNECT ").and_then(|rest| rest.strip_suffix(" HTTP/1.1")) else {
        return stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
    };
    let named = head.lines().find_map(|line| line.strip_prefix("Proxy-Authorization: "));
    if password.is_some() && password.as_deref() != named {
        return stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
    }
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host).to_owned();
    if host.starts_with("forbidden.") {
        return stream.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
    }
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let config = authority.server(&[host.as_str()]);
    requests(&mut secured(stream, &config)?, Some(&host), shared)
}

fn requests<T: Read + Write>(stream: &mut T, host: Option<&str>, shared: &Arc<Shared>) -> Result<()> {
    loop {
        let head = match head(stream) {
            // What HTTP servers say to TLS. The rest of it is taken first: closing on unread bytes would lose the answer.
            Err(err) if err.kind() == ErrorKind::InvalidData => {
                let _ = stream.read(&mut [0; 16 * 1024])?;
                stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")?;
                return stream.flush();
            }
            head => head?,
        };
        let mut lines = head.lines();
        let mut request = lines.next().unwrap_or_default().split(' ');
        let (method, target) = (request.next().unwrap_or_default(), request.next().unwrap_or_default());
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let body = match (header("content-length"), header("transfer-encoding")) {
            (Some(length), _) => {
                let mut body = vec![0; length.parse().map_err(|_| ErrorKind::InvalidData)?];
                stream.read_exact(&mut body)?;
                body
            }
            (None, Some("chunked")) => chunks(stream)?,
            _ => Vec::new(),
        };
        let named = header("host").unwrap_or_default().to_owned();
        let (method, target) = (method.to_owned(), target.to_owned());
        let seen = Seen { method, target, body, host: host.map_or(named, str::to_owned), headers };
        shared.seen.lock().unwrap().push(seen.clone());
        if !answer(stream, &(shared.script)(&seen))? {
            return stream.flush();
        }
        stream.flush()?;
    }
}

/// Writes one reply; says whether the connection goes on.
fn answer<T: Read + Write>(stream: &mut T, reply: &Reply) -> Result<bool> {
    match reply {
        Reply::Whole { status, headers, body } => {
            let mut head = format!("HTTP/1.1 {status} Scripted\r\ncontent-length: {}\r\n", body.len());
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            stream.write_all(head.as_bytes())?;
            stream.write_all(b"\r\n")?;
            stream.write_all(body)?;
            Ok(true)
        }
        Reply::Pieces { pieces, pause } => {
            stream.write_all(b"HTTP/1.1 200 Scripted\r\ntransfer-encoding: chunked\r\n\r\n")?;
            stream.flush()?;
            for piece in pieces {
                std::thread::sleep(*pause);
                write!(stream, "{:x}\r\n", piece.len())?;
                stream.write_all(piece)?;
                stream.write_all(b"\r\n")?;
                stream.flush()?;
            }
            stream.write_all(b"0\r\n\r\n")?;
            Ok(true)
        }
        Reply::Stalls { body } => {
            write!(stream, "HTTP/1.1 200 Scripted\r\ncontent-length: {}\r\n\r\n", body.len() + 1)?;
            stream.write_all(body)?;
            stream.flush()?;
            wait_for_the_end(stream)
        }
        Reply::Silent => wait_for_the_end(stream),
        Reply::Raw(bytes) => {
            stream.write_all(bytes)?;
            Ok(false)
        }
        Reply::CutOff { promised, body } => {
            write!(stream, "HTTP/1.1 200 Scripted\r\ncontent-length: {promised}\r\n\r\n")?;
            stream.write_all(body)?;
            Ok(false)
        }
    }
}

fn wait_for_the_end<T: Read>(stream: &mut T) -> Result<bool> {
    let mut byte = [0];
    while stream.read(&mut byte)? > 0 {}
    Ok(false)
}

/// Reads up to the empty line, byte by byte so that nothing after it is taken.
fn head<T: Read>(stream: &mut T) -> Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 64 * 1024 || head.first() == Some(&0x16) {
            return Err(ErrorKind::InvalidData.into());
        }
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(Error::other)
}

fn chunks<T: Read>(stream: &mut T) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut byte = [0];
        while !line.ends_with(b"\r\n") {
            stream.read_exact(&mut byte)?;
            line.push(byte[0]);
        }
        let text = String::from_utf8_lossy(&line);
        let length = usize::from_str_radix(text.trim(), 16).map_err(Error::other)?;
        let mut piece = vec![0; length + 2];
        stream.read_exact(&mut piece)?;
        if length == 0 {
            return Ok(body);
        }
        body.extend_from_slice(&piece[..length]);
    }
}

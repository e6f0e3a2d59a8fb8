//! A connection that knows how far the talk on it has come.
//!
//! In: the bytes of requests and answers, which pass unchanged. Out: whether a request that failed had been written to a
//! connection that was kept from an earlier one and that ended without a byte of an answer. Such a request most likely met a
//! connection that the server had closed a moment before (RFC 9112 §9.3.1, §9.5), and can be sent again; after the first byte of
//! an answer it never is. Called by [`super::connect`], asked by [`super::Failure`].

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::{Connected, Connection};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The first request, until its answer begins.
const NEW: u8 = 0;
/// An answer has begun, and may have ended.
const ANSWERING: u8 = 1;
/// Another request has been written after it, at least in part.
const ASKED: u8 = 2;

/// How far the talk on one connection has come.
#[derive(Clone, Debug)]
pub(super) struct Talk(Arc<AtomicU8>);

impl Talk {
    /// Notes bytes that are about to be written.
    ///
    /// A request begins only after the answer before it has ended, and a write of its own begins with its first line. A piece
    /// of a body that is still written when the answer has begun does not look like one: it is JSON, a form or a chunk's size.
    fn writes(&self, bytes: &[u8]) {
        if self.0.load(Ordering::Relaxed) == ANSWERING && begins_request(bytes) {
            self.0.store(ASKED, Ordering::Relaxed);
        }
    }

    fn reads(&self) {
        self.0.store(ANSWERING, Ordering::Relaxed);
    }
}

/// Says whether these bytes begin with a method and a space.
fn begins_request(bytes: &[u8]) -> bool {
    let method = bytes.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    method >= 3 && bytes.get(method) == Some(&b' ')
}

/// Says whether a request failed on a connection that had served before and gave no byte of an answer to this one.
///
/// Never of HTTP/2, where many requests share a connection and the server says itself which of them it has not begun.
pub(super) fn was_stale(connected: &Connected) -> bool {
    let mut extras = http::Extensions::new();
    connected.get_extras(&mut extras);
    let is_asked = extras.get::<Talk>().is_some_and(|talk| talk.0.load(Ordering::Relaxed) == ASKED);
    is_asked && !connected.is_negotiated_h2()
}

/// A connection and how far the talk on it has come.
pub(super) struct Line<T> {
    inner: T,
    talk: Talk,
}

impl<T> Line<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, talk: Talk(Arc::new(AtomicU8::new(NEW))) }
    }
}

impl<T: Connection> Connection for Line<T> {
    fn connected(&self) -> Connected {
        self.inner.connected().extra(self.talk.clone())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Line<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if buf.filled().len() > before {
            self.talk.reads();
        }
        read
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Line<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Before it is tried: a connection that is closed already takes nothing.
        self.talk.writes(buf);
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.talk.writes(bufs.iter().find(|buf| !buf.is_empty()).map_or(&[], |buf| &**buf));
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

//! The body of an answer: passed on as it comes, with a limit on silence, or read whole with a limit on its size.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use tokio::time::{Instant, Sleep};

use super::inflate::Inflate;
use super::{Failure, Kind, Phase};

/// An answer's body. Its pieces are the server's own, uncopied; dropping it ends the request.
pub struct Answered {
    inner: hyper::body::Incoming,
    to: String,
    idle: Duration,
    /// Runs while a piece is waited for; made at the first wait.
    silence: Option<Pin<Box<Sleep>>>,
    waiting: bool,
    inflate: Option<Inflate>,
}

impl Answered {
    pub(super) fn new(inner: hyper::body::Incoming, idle: Duration, to: String) -> Self {
        Self { inner, to, idle, silence: None, waiting: false, inflate: None }
    }

    /// The body in plain, by its `Content-Encoding`; `None` where that is not understood.
    pub fn decoded(self, coding: &str) -> Option<Self> {
        Some(Self { inflate: Some(Inflate::of(coding)?), ..self })
    }

    /// The next piece as the server sent it.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if let Poll::Ready(piece) = Pin::new(&mut self.inner).poll_frame(cx) {
            self.waiting = false;
            return Poll::Ready(piece.map(|piece| piece.map_err(|err| Failure::of_exchange(&err, &self.to))));
        }
        let until = Instant::now() + self.idle;
        let silence = self.silence.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if !self.waiting {
            silence.as_mut().reset(until);
            self.waiting = true;
        }
        std::task::ready!(silence.as_mut().poll(cx));
        Poll::Ready(Some(Err(Failure::timeout(Phase::Idle, &self.to, self.idle))))
    }
}

impl Body for Answered {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        let this = &mut *self;
        loop {
            let Some(inflate) = &mut this.inflate else { return this.poll_sent(cx) };
            let wrong = || Failure::new(Kind::Protocol, format!("what `{}` answered cannot be decompressed", this.to));
            if let Some(plain) = inflate.next().map_err(|_| wrong())? {
                return Poll::Ready(Some(Ok(Frame::data(plain))));
            }
            let sent = std::task::ready!(this.poll_sent(cx));
            let Some(inflate) = &mut this.inflate else { continue };
            match sent {
                Some(Ok(frame)) => {
                    if let Ok(piece) = frame.into_data() {
                        inflate.push(piece);
                    }
                }
                Some(Err(err)) => return Poll::Ready(Some(Err(err))),
                None => {
                    let wrong =
                        |_| Failure::new(Kind::Cut, format!("what `{}` answered ended before it was whole", this.to));
                    return Poll::Ready(inflate.finish().map_err(wrong).transpose().map(|last| last.map(Frame::data)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inflate.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        if self.inflate.is_some() { SizeHint::default() } else { self.inner.size_hint() }
    }
}

/// Reads a body whole, up to `max_bytes`. A server that says beforehand that it is larger is not read at all.
pub async fn collect(mut body: Answered, max_bytes: usize) -> Result<Bytes, Failure> {
    let too_large = |to: &str| {
        Failure::new(Kind::TooLarge, format!("the answer of `{to}` is larger than {} KiB", max_bytes / 1024))
    };
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(too_large(&body.to));
    }
    let mut read = BytesMut::new();
    while let Some(piece) = body.frame().await {
        if let Ok(piece) = piece?.into_data() {
            if read.len() + piece.len() > max_bytes {
                return Err(too_large(&body.to));
            }
            read.extend_from_slice(&piece);
        }
    }
    Ok(read.freeze())
}

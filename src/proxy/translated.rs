//! A stream on its way through the translator: pulled by the client, so a slow client slows the upstream, and one that is
//! gone ends it.
//!
//! While the upstream is silent the client gets pings of its dialect, before the first byte too: clients give up on a
//! silent connection after some minutes, and models think for longer than that.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::Body;
use tokio::time::{Instant, Sleep};

use super::records::Watch;
use super::{reply, upstream};
use crate::dialect::form::Failure;
use crate::dialect::{Stream, Translation};
use crate::net;

/// An upstream's answer that has not begun when the client's begins.
pub type Waiting = Pin<Box<dyn Future<Output = Result<net::Answered, Failure>>>>;

enum Source {
    Waiting(Waiting),
    Answering(Box<net::Answered>),
    Over,
}

/// A stream on its way.
pub struct Translated {
    source: Source,
    stream: Stream,
    watch: Watch,
    silence: Pin<Box<Sleep>>,
    ping: Duration,
}

impl Translated {
    /// Translates an answer that has begun.
    pub fn new(body: net::Answered, translation: &Translation, watch: Watch, ping: Duration) -> Self {
        Self::of(Source::Answering(Box::new(body)), translation, watch, ping)
    }

    /// Begins the client's stream before the upstream has answered; the first thing it gets is a ping.
    pub fn before_answer(waiting: Waiting, translation: &Translation, watch: Watch, ping: Duration) -> Self {
        let mut early = Self::of(Source::Waiting(waiting), translation, watch, ping);
        early.silence.as_mut().reset(Instant::now());
        early
    }

    fn of(source: Source, translation: &Translation, watch: Watch, ping: Duration) -> Self {
        let silence = Box::pin(tokio::time::sleep(ping));
        Self { source, stream: translation.stream(), watch, silence, ping }
    }

    /// The next piece.
    pub fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            let out = match &mut self.source {
                Source::Over => return Poll::Ready(None),
                Source::Waiting(waiting) => match waiting.as_mut().poll(context) {
                    Poll::Ready(Ok(body)) => {
                        self.source = Source::Answering(Box::new(body));
                        continue;
                    }
                    Poll::Ready(Err(failure)) => self.stream.fail(failure),
                    Poll::Pending => std::task::ready!(self.poll_ping(context)),
                },
                Source::Answering(body) => match Pin::new(body).poll_frame(context) {
                    Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                        Ok(bytes) => {
                            self.watch.first_byte();
                            self.stream.push(&bytes)
                        }
                        Err(_) => continue,
                    },
                    Poll::Ready(Some(Err(err))) => self.stream.fail(upstream::failure_of(&err)),
                    Poll::Ready(None) => self.stream.finish(),
                    Poll::Pending => std::task::ready!(self.poll_ping(context)),
                },
            };
            if self.stream.is_over() {
                // What the upstream still has to say is for nobody; its connection goes with it.
                self.source = Source::Over;
                if let Some(usage) = self.stream.usage() {
                    self.watch.usage(usage);
                }
                if let Some(failure) = self.stream.failure() {
                    self.watch.failed(reply::word(failure.kind));
                }
                self.watch.complete();
            }
            if !out.is_empty() {
                let next = Instant::now() + self.ping;
                self.silence.as_mut().reset(next);
                return Poll::Ready(Some(out.into()));
            }
        }
    }

    fn poll_ping(&mut self, context: &mut Context<'_>) -> Poll<Vec<u8>> {
        loop {
            std::task::ready!(self.silence.as_mut().poll(context));
            let next = Instant::now() + self.ping;
            self.silence.as_mut().reset(next);
            let ping = self.stream.ping();
            if !ping.is_empty() {
                return Poll::Ready(ping);
            }
        }
    }
}

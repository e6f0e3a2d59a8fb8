//! Pieces of a body that are there already go out together.
//!
//! A provider's events often come several at once: they lie in one read of the connection, and each would be a write of its
//! own, with its own way through the kernel and its own wake-up of the client. The first piece goes at once, for somebody
//! waits for it. After it, a piece waits until the connection it came from has had its turns; where that brings another, they
//! are one. No time passes in that: nothing waits for the network, or for a clock.

use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};

/// As much goes out at once.
const MAX_TOGETHER_BYTES: usize = 16 * 1024;
/// A piece of this size is worth a write of its own, and no copy.
const MIN_ALONE_BYTES: usize = 4 * 1024;

/// How many turns the connection gets: one to see that there is room for a piece, one to bring it.
const TURNS: u8 = 2;

/// What was gathered of one body; `E` is what may end it in the middle.
pub struct Gathered<E> {
    pieces: Vec<Bytes>,
    bytes: usize,
    has_begun: bool,
    turns: u8,
    is_over: bool,
    /// What ended it in the middle.
    error: Option<E>,
}

impl<E> Default for Gathered<E> {
    fn default() -> Self {
        Self { pieces: Vec::new(), bytes: 0, has_begun: false, turns: 0, is_over: false, error: None }
    }
}

impl<E> Gathered<E> {
    /// The next pieces of a body, which `poll` gives one by one.
    pub fn poll(
        &mut self,
        context: &mut Context<'_>,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<Bytes, E>>>,
    ) -> Poll<Option<Result<Bytes, E>>> {
        loop {
            if self.is_over {
                return Poll::Ready(self.error.take().map(Err));
            }
            match poll(context) {
                Poll::Ready(Some(Ok(piece))) => {
                    self.turns = 0;
                    let is_large = piece.len() >= MIN_ALONE_BYTES;
                    self.bytes += piece.len();
                    self.pieces.push(piece);
                    if !std::mem::replace(&mut self.has_begun, true) || is_large || self.bytes >= MAX_TOGETHER_BYTES {
                        return Poll::Ready(Some(Ok(self.take())));
                    }
                }
                Poll::Ready(end) => {
                    (self.is_over, self.error) = (true, end.and_then(Result::err));
                    if !self.pieces.is_empty() {
                        return Poll::Ready(Some(Ok(self.take())));
                    }
                }
                Poll::Pending if self.pieces.is_empty() => return Poll::Pending,
                Poll::Pending if self.turns == TURNS => {
                    self.turns = 0;
                    return Poll::Ready(Some(Ok(self.take())));
                }
                Poll::Pending => {
                    self.turns += 1;
                    // Behind whatever is ready, the body's own connection among it.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
        }
    }

    fn take(&mut self) -> Bytes {
        let together = self.bytes;
        self.bytes = 0;
        if self.pieces.len() == 1 {
            return self.pieces.remove(0);
        }
        let mut all = BytesMut::with_capacity(together);
        for piece in self.pieces.drain(..) {
            all.extend_from_slice(&piece);
        }
        all.freeze()
    }
}

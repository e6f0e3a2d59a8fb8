//! Pieces that are there together leave together; none waits for what is not there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use llmenv::proxy::gathered::Gathered;

/// What a body does at one poll.
#[derive(Clone, Copy)]
enum Step {
    Piece(&'static str),
    Large(usize),
    Nothing,
    Broken,
    End,
}
use Step::{Broken, End, Large, Nothing, Piece};

struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Polls to the end; `-` stands for a turn that was given to others, `…` for one in which there is nothing to do but wait.
fn gathered(steps: &[Step]) -> Vec<String> {
    let mut steps: VecDeque<Step> = steps.iter().copied().collect();
    let woken = Arc::new(Woken(AtomicUsize::new(0)));
    let waker = Waker::from(Arc::clone(&woken));
    let mut context = Context::from_waker(&waker);
    let (mut gathered, mut got) = (Gathered::<&str>::default(), Vec::new());
    loop {
        let before = woken.0.load(Ordering::Relaxed);
        let next = gathered.poll(&mut context, |_| match steps.pop_front() {
            Some(Piece(text)) => Poll::Ready(Some(Ok(Bytes::from_static(text.as_bytes())))),
            Some(Large(bytes)) => Poll::Ready(Some(Ok(vec![b'x'; bytes].into()))),
            Some(Nothing) => Poll::Pending,
            Some(Broken) => Poll::Ready(Some(Err("broken"))),
            Some(End) | None => Poll::Ready(None),
        });
        match next {
            Poll::Ready(Some(Ok(bytes))) if bytes.len() > 100 => got.push(bytes.len().to_string()),
            Poll::Ready(Some(Ok(bytes))) => got.push(String::from_utf8(bytes.to_vec()).unwrap()),
            Poll::Ready(Some(Err(err))) => got.push(err.to_owned()),
            Poll::Ready(None) => return got,
            Poll::Pending if woken.0.load(Ordering::Relaxed) > before => got.push("-".into()),
            Poll::Pending => got.push("…".into()),
        }
    }
}

#[test]
fn the_first_piece_waits_for_nothing() {
    assert_eq!(gathered(&[Nothing, Piece("a"), Nothing, Nothing, End]), ["…", "a", "…", "…"]);
}

#[test]
fn later_ones_wait_for_two_turns_of_others() {
    let steps = [
        [Piece("a"), Piece("b"), Nothing, Piece("c"), Nothing, Nothing, Nothing].as_slice(),
        &[Nothing, Piece("d"), Nothing, Nothing, Piece("e"), Nothing, Nothing, Nothing],
    ];
    assert_eq!(gathered(&steps.concat()), ["a", "-", "-", "-", "bc", "…", "-", "-", "-", "-", "de"]);
}

#[test]
fn what_ends_a_body_comes_after_its_pieces() {
    assert_eq!(gathered(&[Piece("a"), Piece("b"), Nothing, Piece("c"), End]), ["a", "-", "bc"]);
    assert_eq!(gathered(&[Piece("a"), Piece("b"), Broken, End]), ["a", "b", "broken"]);
    assert_eq!(gathered(&[Broken, End]), ["broken"]);
    assert_eq!(gathered(&[End]), Vec::<String>::new());
}

#[test]
fn large_pieces_and_many_are_not_held() {
    assert_eq!(
        gathered(&[Piece("a"), Large(4096), Piece("b"), Nothing, Nothing, Nothing]),
        ["a", "4096", "-", "-", "b"]
    );
    assert_eq!(gathered(&[Piece("a"), Piece("b"), Large(5000), End]), ["a", "5001"]);
    let many: Vec<Step> = std::iter::once(Piece("a")).chain((0..12).flat_map(|_| [Large(4000), Nothing])).collect();
    let got = gathered(&many);
    assert!(got.iter().filter_map(|got| got.parse::<usize>().ok()).all(|bytes| bytes <= 20_000), "{got:?}");
    assert_eq!(got.iter().filter_map(|got| got.parse::<usize>().ok()).sum::<usize>(), 48_000);
}

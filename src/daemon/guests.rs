//! Who is connected: how many at once, how much unread text of theirs is held, and whose turn it is to leave.
//!
//! Nobody who only sits there may keep a shell from its answer: when the house is full, the connection that has waited
//! longest without asking anything is closed for the next one.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::Notify;

/// The most connections at once.
pub const MAX_GUESTS: usize = 1_500;
/// The most bytes of unfinished requests, of all connections together.
const MAX_PENDING_BYTES: usize = 16 * 1024 * 1024;

/// All connections. Shared by the tasks of the daemon's one thread.
#[derive(Default)]
pub struct Guests {
    present: Cell<usize>,
    /// Requests being answered.
    at_work: Cell<usize>,
    pending_bytes: Cell<usize>,
    /// Those who wait for nothing but their own next request, longest first.
    idle: RefCell<BTreeMap<u64, Rc<Notify>>>,
    next: Cell<u64>,
    /// Told whenever an answer is done.
    done: Notify,
}

impl Guests {
    /// Lets one in; `None` where there is room for nobody, because every connection is at work.
    pub fn enter(self: &Rc<Self>) -> Option<Guest> {
        if self.present.get() >= MAX_GUESTS {
            let (_, longest) = self.idle.borrow_mut().pop_first()?;
            longest.notify_one();
        }
        self.present.set(self.present.get() + 1);
        Some(Guest { guests: Rc::clone(self), leave: Rc::default(), idle: Cell::new(None), pending: Cell::new(0) })
    }

    /// Waits until no request is at work.
    pub async fn all_answered(&self) {
        while self.at_work.get() > 0 {
            self.done.notified().await;
        }
    }
}

/// One connection; it is gone when dropped.
pub struct Guest {
    guests: Rc<Guests>,
    leave: Rc<Notify>,
    idle: Cell<Option<u64>>,
    pending: Cell<usize>,
}

impl Guest {
    /// Waits for its next request from now on. What comes back is told when it has to leave for somebody else.
    pub fn wait(&self) -> Rc<Notify> {
        self.begin();
        let number = self.guests.next.get();
        self.guests.next.set(number + 1);
        self.guests.idle.borrow_mut().insert(number, Rc::clone(&self.leave));
        self.idle.set(Some(number));
        Rc::clone(&self.leave)
    }

    /// Has begun to say something, and is not to be interrupted.
    pub fn begin(&self) {
        if let Some(number) = self.idle.take() {
            self.guests.idle.borrow_mut().remove(&number);
        }
    }

    /// A request of this guest is answered until what comes back is dropped.
    pub fn work(&self) -> AtWork<'_> {
        self.guests.at_work.set(self.guests.at_work.get() + 1);
        AtWork(&self.guests)
    }

    /// Notes how much unread text is held for it; `false`: that is more than all together may have.
    pub fn hold(&self, bytes: usize) -> bool {
        let others = self.guests.pending_bytes.get() - self.pending.get();
        self.pending.set(bytes);
        self.guests.pending_bytes.set(others + bytes);
        others + bytes <= MAX_PENDING_BYTES
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.begin();
        self.hold(0);
        self.guests.present.set(self.guests.present.get() - 1);
    }
}

/// A request being answered.
pub struct AtWork<'a>(&'a Guests);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.at_work.set(self.0.at_work.get() - 1);
        self.0.done.notify_one();
    }
}

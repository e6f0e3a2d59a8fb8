//! One OS thread on which a store's calls run one after the other, and its replacement when it hangs.
//!
//! Jobs come in with a deadline; [`super::StoreHandle`] waits for their answers. A store call can block for ever in code
//! that is not ours. The thread is then left behind, a new one takes over the queue, and the old one ends by itself if its
//! call ever comes back. The thread also ends when nothing was asked for a while.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::backend::Backend;

/// How much later than its deadline a job may end before its thread counts as hung.
pub(super) const GRACE: Duration = Duration::from_millis(250);
/// How long the thread waits for the next job.
const LINGER: Duration = Duration::from_secs(10);

type Run = Box<dyn FnOnce(&mut Backend) + Send>;

struct Job {
    run: Run,
    deadline: Instant,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Counts the threads; one whose number is not this one has been left behind.
    current: u64,
    alive: bool,
    /// Until when the job at work may take.
    busy_until: Option<Instant>,
}

/// The queue and whoever works on it.
pub(super) struct Lane {
    name: &'static str,
    make: Box<dyn Fn() -> Backend + Send + Sync>,
    state: Mutex<State>,
    wake: Condvar,
}

impl Lane {
    /// A lane without a thread yet.
    pub(super) fn new(name: &'static str, make: impl Fn() -> Backend + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { name, make: Box::new(make), state: Mutex::default(), wake: Condvar::new() })
    }

    /// Queues a job and sees to it that a thread works on the queue. A job that is dropped unrun drops its answer.
    pub(super) fn submit(self: &Arc<Self>, deadline: Instant, run: Run) {
        let mut state = self.lock();
        state.jobs.push_back(Job { run, deadline });
        self.ensure_thread(state);
        self.wake.notify_one();
    }

    /// Leaves a hung thread behind; called by whoever waited in vain.
    pub(super) fn rescue(self: &Arc<Self>) {
        let state = self.lock();
        self.ensure_thread(state);
    }

    /// Ends the thread after the job at work.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.current += 1;
        state.alive = false;
        state.jobs.clear();
        drop(state);
        self.wake.notify_all();
    }

    fn ensure_thread(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        let hung = state.busy_until.is_some_and(|until| Instant::now() >= until + GRACE);
        if !hung && (state.alive || state.jobs.is_empty()) {
            return;
        }
        state.current += 1;
        state.busy_until = None;
        state.alive = !state.jobs.is_empty();
        if !state.alive {
            return;
        }
        let (lane, number) = (Arc::clone(self), state.current);
        if std::thread::Builder::new().name(self.name.into()).spawn(move || lane.work(number)).is_err() {
            state.alive = false;
            state.jobs.clear();
        }
    }

    fn work(self: Arc<Self>, number: u64) {
        let _guard = EndOfThread { lane: &self, number };
        let mut backend = (self.make)();
        while let Some(job) = self.next(number, &mut backend) {
            (job.run)(&mut backend);
            let mut state = self.lock();
            if state.current != number {
                return;
            }
            state.busy_until = None;
        }
    }

    /// Waits for the next job that is still wanted; `None` when this thread is not needed any more.
    fn next(&self, number: u64, backend: &mut Backend) -> Option<Job> {
        let mut state = self.lock();
        if state.jobs.is_empty() {
            drop(state);
            backend.idle();
            state = self.lock();
        }
        loop {
            if state.current != number {
                return None;
            }
            while let Some(job) = state.jobs.pop_front() {
                if Instant::now() < job.deadline {
                    state.busy_until = Some(job.deadline);
                    return Some(job);
                }
            }
            let (woken, timeout) = self.wake.wait_timeout(state, LINGER).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            if timeout.timed_out() && state.jobs.is_empty() && state.current == number {
                state.alive = false;
                return None;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says that a thread is gone, also when a job panicked.
struct EndOfThread<'a> {
    lane: &'a Lane,
    number: u64,
}

impl Drop for EndOfThread<'_> {
    fn drop(&mut self) {
        let mut state = self.lane.lock();
        if state.current == self.number {
            state.alive = false;
            state.busy_until = None;
        }
    }
}

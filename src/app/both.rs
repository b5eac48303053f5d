//! Several things at once, without a runtime.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use jiff::SignedDuration;

use crate::ports::Timer;

/// Waits for both. Each is polled whenever either wakes; neither is dropped because the other is done.
pub(super) async fn both<A: Future, B: Future>(one: A, other: B) -> (A::Output, B::Output) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        if first.is_none()
            && let Poll::Ready(output) = one.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = other.as_mut().poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (first, second) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

/// The job's answer; `None` if it took longer than `limit`, and was dropped.
pub(super) async fn within<F: Future>(timer: &impl Timer, limit: SignedDuration, job: F) -> Option<F::Output> {
    let (mut job, mut limit) = (pin!(job), pin!(timer.sleep(limit)));
    poll_fn(|context| match job.as_mut().poll(context) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending => limit.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Objects of a store that are read at once: over a network, waiting for one after the other is most of the time.
pub(super) const READS_AT_ONCE: usize = 16;

/// The answers to all inputs, in their order. At most `most` are asked for at once, and none once one has failed; the error
/// is that of the first input that has one.
pub(super) async fn in_order<I, A, E, F: Future<Output = Result<A, E>>>(
    most: usize,
    inputs: impl IntoIterator<Item = I>,
    ask: impl Fn(I) -> F,
) -> Result<Vec<A>, E> {
    let answers: Mutex<Vec<Option<A>>> = Mutex::default();
    let failed: Mutex<Option<(usize, E)>> = Mutex::new(None);
    let mut inputs = inputs.into_iter();
    at_most(most, || {
        if lock(&failed).is_some() {
            return None;
        }
        let asking = ask(inputs.next()?);
        let mut waiting = lock(&answers);
        let nth = waiting.len();
        waiting.push(None);
        drop(waiting);
        let (answers, failed) = (&answers, &failed);
        Some(async move {
            match asking.await {
                Ok(answer) => lock(answers)[nth] = Some(answer),
                Err(error) => {
                    let mut failed = lock(failed);
                    if failed.as_ref().is_none_or(|(first, _)| nth < *first) {
                        *failed = Some((nth, error));
                    }
                }
            }
        })
    })
    .await;
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some((_, error)) => Err(error),
        None => Ok(answers.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs all jobs, in their order and at most `most` at once. `next` makes them one by one, when there is room for one.
pub(super) async fn at_most<F: Future<Output = ()>>(most: usize, mut next: impl FnMut() -> Option<F>) {
    let mut running: Vec<Pin<Box<F>>> = Vec::new();
    let mut more = true;
    poll_fn(move |context| {
        loop {
            while more && running.len() < most.max(1) {
                match next() {
                    Some(job) => running.push(Box::pin(job)),
                    None => more = false,
                }
            }
            let before = running.len();
            running.retain_mut(|job| job.as_mut().poll(context).is_pending());
            match running.len() {
                0 if !more => return Poll::Ready(()),
                // Whoever came in the place of one that is done has not been polled yet.
                now if now < before && more => {}
                _ => return Poll::Pending,
            }
        }
    })
    .await;
}

/// Whether this is so of any of them: asked in their order, at most `most` at once, and of no more once one is or one cannot be
/// asked.
pub(super) async fn any<T, E>(
    most: usize,
    of: impl IntoIterator<Item = T>,
    is: impl AsyncFn(T) -> Result<bool, E>,
) -> Result<bool, E> {
    let (found, failed) = (Cell::new(false), RefCell::new(None));
    let mut rest = of.into_iter();
    at_most(most, || {
        if found.get() || failed.borrow().is_some() {
            return None;
        }
        let one = rest.next()?;
        let (is, found, failed) = (&is, &found, &failed);
        Some(async move {
            match is(one).await {
                Ok(so) => found.set(found.get() || so),
                Err(error) => *failed.borrow_mut() = Some(error),
            }
        })
    })
    .await;
    match failed.into_inner() {
        Some(error) if !found.get() => Err(error),
        _ => Ok(found.get()),
    }
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use std::future::ready;

    use super::*;
    use crate::testing::{FixedClock, block_on};

    /// Pending this often, and then done.
    async fn after(polls: u32) {
        let mut left = polls;
        poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[test]
    fn both_are_waited_for_whichever_is_first() {
        for (one, other) in [(0, 0), (3, 1), (1, 3)] {
            let (first, second) = block_on(both(
                async {
                    after(one).await;
                    1
                },
                async {
                    after(other).await;
                    2
                },
            ));
            assert_eq!((first, second), (1, 2));
        }
    }

    #[test]
    fn all_jobs_run_and_never_more_at_once_than_allowed() {
        for most in [1, 3, 50] {
            let (running, seen, done) = (Cell::new(0), Cell::new(0), Cell::new(0));
            let mut jobs = 0..20;
            block_on(at_most(most, || {
                let nth = jobs.next()?;
                let (running, seen, done) = (&running, &seen, &done);
                Some(async move {
                    running.set(running.get() + 1);
                    seen.set(seen.get().max(running.get()));
                    after(nth % 4 + 1).await;
                    running.set(running.get() - 1);
                    done.set(done.get() + 1);
                })
            }));
            assert_eq!((seen.get(), done.get()), (most.min(20), 20));
        }
        block_on(at_most(2, || None::<std::future::Ready<()>>));
    }

    #[test]
    fn answers_keep_the_order_of_what_was_asked() {
        for most in [1, 3, 50] {
            let (running, seen) = (Cell::new(0), Cell::new(0));
            let asked = block_on(in_order(most, 0..20_u32, |nth| {
                let (running, seen) = (&running, &seen);
                async move {
                    running.set(running.get() + 1);
                    seen.set(seen.get().max(running.get()));
                    after(7 - nth % 7).await;
                    running.set(running.get() - 1);
                    Ok::<_, ()>(nth)
                }
            }));
            assert_eq!((asked, seen.get()), (Ok((0..20).collect()), most.min(20)));
        }
    }

    #[test]
    fn the_first_failure_is_told_and_nothing_is_begun_after_one() {
        for (most, begun) in [(1, 6), (4, 8)] {
            let asked = Cell::new(0);
            let failed = block_on(in_order(most, 0..20_u32, |nth| {
                asked.set(asked.get() + 1);
                async move {
                    // The later one fails sooner.
                    after(if nth == 5 { 9 } else { 1 }).await;
                    if nth == 5 || nth == 7 { Err(nth) } else { Ok(nth) }
                }
            }));
            assert_eq!(failed, Err(5));
            assert!(asked.get() <= begun, "{most} at once: {}", asked.get());
        }
    }

    #[test]
    fn what_takes_too_long_is_dropped() {
        let clock = FixedClock::at(crate::domain::Timestamp::UNIX_EPOCH);
        let second = SignedDuration::from_secs(1);
        assert_eq!(block_on(within(&clock, second, ready(1))), Some(1));
        assert_eq!(block_on(within(&clock, second, std::future::pending::<()>())), None);
        let _ = block_on(both(ready(()), ready(())));
    }

    #[test]
    fn one_is_enough_and_no_more_are_asked_after_it() {
        let asked = Cell::new(0);
        let ask = |most: usize, which: Option<u32>, broken: Option<u32>| {
            asked.set(0);
            block_on(any(most, 0..20, async |nth| {
                asked.set(asked.get() + 1);
                after(nth % 3).await;
                if broken == Some(nth) { Err(nth) } else { Ok(which == Some(nth)) }
            }))
        };
        for most in [1, 4, 50] {
            assert_eq!((ask(most, None, None), asked.get()), (Ok(false), 20));
            assert_eq!(ask(most, Some(19), None), Ok(true));
            assert_eq!(ask(most, None, Some(3)), Err(3));
        }
        assert_eq!((ask(1, Some(3), Some(9)), asked.get()), (Ok(true), 4));
        assert_eq!((ask(1, Some(9), Some(3)), asked.get()), (Err(3), 4));
    }
}

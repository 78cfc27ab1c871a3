//! Laws: random people do random things to random deals, and nothing that must hold is ever broken.
//!
//! Each run draws a new seed and prints it with the smallest case that fails. The same run again:
//! `HOLDFAST_LAWS_SEED=… cargo test --test engine laws`.

mod deals;
mod panels;
mod rules;
mod runs;
#[path = "../../shared/statuses.rs"]
mod statuses;
mod steps;
mod sums;

use std::cell::Cell;
use std::fmt::Debug;
use std::panic;
use std::sync::Once;

use holdfast::clock::Clock;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Runs a law on so many random cases; on failure prints the seed and the smallest case found.
fn for_all<S>(cases: u32, strategy: &S, law: impl Fn(S::Value) -> Result<(), String>)
where
    S: Strategy,
    S::Value: Debug,
{
    let seed = seed();
    // ChaCha, the usual choice, is unbearably slow unoptimised.
    let bytes = [seed.to_be_bytes(), (!seed).to_be_bytes()].concat();
    let rng = TestRng::from_seed(RngAlgorithm::XorShift, &bytes);
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, rng);
    match quietly(|| runner.run(strategy, |case| law(case).map_err(TestCaseError::fail))) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => {
            panic!("{reason}\n{case:?}\nThe same run again: HOLDFAST_LAWS_SEED={seed}")
        }
        Err(TestError::Abort(reason)) => panic!("{reason}\nThe same run again: HOLDFAST_LAWS_SEED={seed}"),
    }
}

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Shrinking fails thousands of times on its way; what this thread panics with meanwhile is not printed,
/// since the smallest case is reported in the end.
fn quietly<T>(work: impl FnOnce() -> T) -> T {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let done = work();
    QUIET.set(false);
    done
}

#[allow(clippy::disallowed_methods, reason = "a seed that a person hands back")]
fn seed() -> u64 {
    let given = std::env::var("HOLDFAST_LAWS_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or_else(|| u64::from_be_bytes(Clock::system().random()))
}

//! What a law is.

use std::fmt::{Debug, Display};
use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

/// A law that implementations obey.
pub struct Law<S: ?Sized> {
    /// Its name.
    pub name: &'static str,
    /// What it says.
    pub states: &'static str,
    check: fn(&S) -> Result<(), String>,
}

/// A law that was seen to be broken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{law}: {found}")]
pub struct Violation {
    /// Name of the law.
    pub law: &'static str,
    /// What was found.
    pub found: String,
}

impl<S: ?Sized> Law<S> {
    /// A law with its name, what it says, and what looks whether it holds and else tells what it found.
    pub const fn new(
        name: &'static str,
        states: &'static str,
        check: fn(&S) -> Result<(), String>,
    ) -> Self {
        Self {
            name,
            states,
            check,
        }
    }

    /// Holds an implementation to it. Who panics breaks it.
    ///
    /// # Errors
    /// [`Violation`] with what was found instead.
    pub fn hold(&self, subject: &S) -> Result<(), Violation> {
        // Nothing of what has been touched before a panic is used again.
        let checked = catch_unwind(AssertUnwindSafe(|| (self.check)(subject)));
        let found = checked.unwrap_or_else(|_| Err("a panic".to_owned()));
        found.map_err(|found| Violation {
            law: self.name,
            found,
        })
    }
}

/// Holds an implementation to all of some laws.
///
/// # Errors
/// Every [`Violation`].
pub fn hold_all<S: ?Sized>(laws: &[Law<S>], subject: &S) -> Result<(), Vec<Violation>> {
    let broken = laws.iter().filter_map(|law| law.hold(subject).err());
    let broken: Vec<Violation> = broken.collect();
    if broken.is_empty() {
        Ok(())
    } else {
        Err(broken)
    }
}

/// What should be so.
///
/// # Errors
/// What was found instead.
pub fn ensure(holds: bool, found: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(found()) }
}

/// What should be equal.
///
/// # Errors
/// What was found instead.
pub fn ensure_equal<A: Debug + PartialEq<B>, B: Debug>(
    what: &str,
    found: &A,
    expected: &B,
) -> Result<(), String> {
    ensure(found == expected, || {
        format!("{what}: {found:?} instead of {expected:?}")
    })
}

/// What should succeed.
///
/// # Errors
/// What failed, and why.
pub fn ensure_done<T, E: Display>(what: &str, result: Result<T, E>) -> Result<T, String> {
    result.map_err(|error| format!("{what}: {error}"))
}

/// What should be refused, and how.
///
/// # Errors
/// What was found instead.
pub fn ensure_refused<T: Debug, E: Debug>(
    what: &str,
    found: Result<T, E>,
    is_right: impl FnOnce(&E) -> bool,
) -> Result<(), String> {
    match found {
        Err(error) if is_right(&error) => Ok(()),
        found => Err(format!("{what}: {found:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_panics_breaks_a_law_and_hides_no_other() {
        let laws: [Law<u8>; 3] = [
            Law::new("indexed", "", |&place| {
                let [first, ..] = [[7_u8; 3]].map(|all| all[usize::from(place)]);
                ensure_equal("the number", &first, &7)
            }),
            Law::new("small", "", |&place| {
                ensure(place < 3, || format!("{place}"))
            }),
            Law::new("of a byte", "", |_| Ok(())),
        ];
        assert_eq!(hold_all(&laws, &2), Ok(()));
        let broken = hold_all(&laws, &5).unwrap_err();
        let found: Vec<_> = broken.iter().map(|v| (v.law, v.found.as_str())).collect();
        assert_eq!(found, [("indexed", "a panic"), ("small", "5")]);
    }
}

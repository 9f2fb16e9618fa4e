//! What a law is.

use std::fmt::{Debug, Display};

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

    /// Holds an implementation to it.
    ///
    /// # Errors
    /// [`Violation`] with what was found instead.
    pub fn hold(&self, subject: &S) -> Result<(), Violation> {
        (self.check)(subject).map_err(|found| Violation {
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

//! A part of a study's jobs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ExperimentError;

/// One of several equal parts of a study's jobs, written as `2/4`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    /// Counted from 0.
    index: usize,
    of: usize,
}

impl Shard {
    /// The most shards.
    pub const MAX: usize = 10_000;

    /// Shard `number`, counted from 1, of `of`.
    ///
    /// # Errors
    /// [`ExperimentError::UnknownShard`] unless 1 ≤ number ≤ of ≤ [`MAX`](Self::MAX).
    pub fn new(number: usize, of: usize) -> Result<Self, ExperimentError> {
        if (1..=of).contains(&number) && of <= Self::MAX {
            let index = number - 1;
            Ok(Self { index, of })
        } else {
            Err(unknown(format!("{number}/{of}")))
        }
    }

    /// Its number, counted from 1.
    pub const fn number(self) -> usize {
        self.index + 1
    }

    /// How many there are.
    pub const fn of(self) -> usize {
        self.of
    }

    /// Whether a job, by its number among all, belongs to the shard.
    pub(super) const fn holds(self, job: usize) -> bool {
        job % self.of == self.index
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number(), self.of)
    }
}

impl FromStr for Shard {
    type Err = ExperimentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(number, of)| {
            let number = number.parse().ok()?;
            Some((number, of.parse().ok()?))
        });
        let (number, of) = numbers.ok_or_else(|| unknown(text.to_owned()))?;
        Self::new(number, of)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = ExperimentError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

const fn unknown(text: String) -> ExperimentError {
    ExperimentError::UnknownShard {
        text,
        max: Shard::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_back_and_impossible_ones_refused() {
        let shard: Shard = "2/4".parse().unwrap();
        assert_eq!((shard.number(), shard.of()), (2, 4));
        assert_eq!(shard.to_string(), "2/4");
        for text in ["0/4", "5/4", "4", "a/b", "1/0", "1/10001", "-1/4", ""] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }

    #[test]
    fn every_job_belongs_to_one_share() {
        let shards: Vec<Shard> = (1..=3).map(|n| Shard::new(n, 3).unwrap()).collect();
        for job in 0..10 {
            assert_eq!(shards.iter().filter(|shard| shard.holds(job)).count(), 1);
        }
    }
}

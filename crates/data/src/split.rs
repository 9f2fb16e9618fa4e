//! Division into training and test samples.

use rand::seq::SliceRandom;

use crate::{
    DataError, Samples,
    random::{self, Purpose},
};

/// Random streams of the final shuffles; those below belong to the 256 possible labels.
const TRAIN_ORDER: u64 = 256;
const TEST_ORDER: u64 = 257;

/// Samples to train on and samples to test on, with the same features.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// What the network learns from.
    pub train: Samples,
    /// What its accuracy is measured on.
    pub test: Samples,
}

impl Split {
    /// Divides `samples` at random so that each class keeps its share on both sides.
    ///
    /// A class of `n` samples gives `n · test_fraction`, rounded to the nearest whole number, to the
    /// test side, but leaves at least one sample on each side. Both sides come out in random order,
    /// so that [`Samples::take`] yields a mixture of classes even from a set sorted by class. Equal
    /// arguments give equal results.
    ///
    /// # Errors
    ///
    /// [`DataError::TestFraction`] unless `0 < test_fraction < 1`, [`DataError::NoSamples`] for an
    /// empty set, and [`DataError::ClassTooSmall`] for a class with a single sample.
    pub fn stratified(samples: &Samples, test_fraction: f64, seed: u64) -> Result<Self, DataError> {
        check_test_fraction(test_fraction)?;
        if samples.is_empty() {
            return Err(DataError::NoSamples);
        }
        let mut train = Vec::new();
        let mut test = Vec::new();
        for label in 0..=u8::MAX {
            let mut members = members_of(samples, label);
            match members.len() {
                0 => continue,
                1 => return Err(DataError::ClassTooSmall { label }),
                _ => {}
            }
            members.shuffle(&mut random::stream(seed, Purpose::Split, u64::from(label)));
            let (held_out, kept) = members.split_at(test_count(members.len(), test_fraction));
            test.extend_from_slice(held_out);
            train.extend_from_slice(kept);
        }
        train.shuffle(&mut random::stream(seed, Purpose::Split, TRAIN_ORDER));
        test.shuffle(&mut random::stream(seed, Purpose::Split, TEST_ORDER));
        Ok(Self {
            train: samples.select(&train)?,
            test: samples.select(&test)?,
        })
    }
}

/// Accepts a fraction strictly between zero and one.
pub(crate) fn check_test_fraction(found: f64) -> Result<(), DataError> {
    if found > 0.0 && found < 1.0 {
        Ok(())
    } else {
        Err(DataError::TestFraction { found })
    }
}

fn members_of(samples: &Samples, label: u8) -> Vec<usize> {
    let labels = samples.labels().iter().enumerate();
    labels
        .filter(|&(_, &found)| found == label)
        .map(|(index, _)| index)
        .collect()
}

/// How many of `members` (at least 2) are held out.
fn test_count(members: usize, test_fraction: f64) -> usize {
    let share = (members as f64 * test_fraction).round() as usize;
    share.clamp(1, members - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

    use super::*;

    /// Samples whose single feature tells them apart: sample `i` of `n` has the value `i / n`.
    fn numbered(labels: &[u8]) -> Samples {
        let n = labels.len() as f32;
        let values = (0..labels.len()).map(|i| i as f32 / n).collect();
        Samples::from_flat(1, values, labels.to_vec()).unwrap()
    }

    fn numbers(samples: &Samples, of: usize) -> Vec<usize> {
        let numbers = samples.inputs().iter();
        numbers
            .map(|value| (value * of as f32).round() as usize)
            .collect()
    }

    #[test]
    fn values_are_stable() {
        let samples = numbered(&[0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
        let split = Split::stratified(&samples, 0.25, 42).unwrap();
        assert_eq!(numbers(&split.test, 12), [11, 1, 10]);
        assert_eq!(numbers(&split.train, 12), [9, 0, 2, 6, 5, 7, 4, 8, 3]);
    }

    #[test]
    fn the_seed_matters() {
        let samples = numbered(&[0; 100]);
        let by_seed = |seed| Split::stratified(&samples, 0.5, seed).unwrap();
        assert_eq!(by_seed(1), by_seed(1));
        assert_ne!(by_seed(1), by_seed(2));
    }

    #[test]
    fn sorted_classes_come_out_mixed() {
        let labels: Vec<u8> = (0..200).map(|i| u8::from(i >= 100)).collect();
        let split = Split::stratified(&numbered(&labels), 0.5, 3).unwrap();
        for side in [&split.train, &split.test] {
            let ones = side.take(50).class_counts()[1];
            assert!((15..=35).contains(&ones), "{ones} of 50");
        }
    }

    #[test]
    fn each_side_gets_at_least_one_of_each_class() {
        let samples = numbered(&[0, 0, 7, 7]);
        for fraction in [1e-9, 0.5, 1.0 - 1e-9] {
            let split = Split::stratified(&samples, fraction, 0).unwrap();
            assert_eq!(split.train.class_counts(), split.test.class_counts());
        }
    }

    #[test]
    fn bad_arguments_are_refused() {
        let samples = numbered(&[0, 0, 0, 1]);
        for fraction in [0.0, 1.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert!(matches!(
                Split::stratified(&samples, fraction, 0),
                Err(DataError::TestFraction { .. })
            ));
        }
        assert!(matches!(
            Split::stratified(&samples, 0.5, 0),
            Err(DataError::ClassTooSmall { label: 1 })
        ));
        assert!(matches!(
            Split::stratified(&samples.take(0), 0.5, 0),
            Err(DataError::NoSamples)
        ));
    }
}

//! Stratified splits, over random sets.

use std::collections::BTreeSet;

use bss2_data::{Dataset, Digits, Idx, Samples, Split, YinYang};
use proptest::prelude::*;

/// Samples that can be told apart by their only feature.
fn numbered(labels: Vec<u8>) -> Samples {
    let count = labels.len() as f32;
    let values = (0..labels.len()).map(|i| i as f32 / count).collect();
    Samples::from_flat(1, values, labels).unwrap()
}

/// What identifies a sample: its value (as bits) and its label.
fn identities(samples: &Samples) -> Vec<(u32, u8)> {
    let values = samples.inputs().iter().map(|value| value.to_bits());
    values.zip(samples.labels().iter().copied()).collect()
}

/// Labels in random order with 2 to 40 samples of each of some classes.
fn labels() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::btree_map(any::<u8>(), 2_usize..40, 1..8).prop_flat_map(|classes| {
        let labels = classes
            .into_iter()
            .flat_map(|(label, count)| vec![label; count]);
        Just(labels.collect::<Vec<u8>>()).prop_shuffle()
    })
}

proptest! {
    #[test]
    fn stratification_keeps_every_sample_and_every_share(
        labels in labels(),
        fraction in 0.01_f64..0.99,
        seed: u64,
    ) {
        let samples = numbered(labels);
        let split = Split::stratified(&samples, fraction, seed).unwrap();

        let mut joined = [identities(&split.train), identities(&split.test)].concat();
        joined.sort_unstable();
        let mut all = identities(&samples);
        all.sort_unstable();
        prop_assert_eq!(joined, all);

        for label in samples.labels().iter().copied().collect::<BTreeSet<u8>>() {
            let count = |of: &Samples| of.class_counts().get(usize::from(label)).copied().unwrap_or(0);
            let (held_out, members) = (count(&split.test), count(&samples));
            prop_assert!(held_out >= 1 && held_out < members);
            let share = members as f64 * fraction;
            let rounded_up_or_down_to_fit = held_out == 1 || held_out == members - 1;
            prop_assert!((held_out as f64 - share).abs() <= 0.5 || rounded_up_or_down_to_fit);
        }
    }

    #[test]
    fn splits_repeat(labels in labels(), seed: u64) {
        let samples = numbered(labels);
        prop_assert_eq!(
            Split::stratified(&samples, 0.3, seed).unwrap(),
            Split::stratified(&samples, 0.3, seed).unwrap()
        );
    }
}

#[test]
fn datasets_keep_their_promises_as_trait_objects() {
    fn is_shareable<T: Send + Sync>() {}
    is_shareable::<Box<dyn Dataset>>();
    is_shareable::<Idx>();

    let sets: [Box<dyn Dataset>; 2] = [
        Box::new(Digits::new(1)),
        Box::new(YinYang::new(300, 200, 1).unwrap()),
    ];
    for (set, name) in sets.iter().zip(["digits", "yin-yang"]) {
        assert_eq!(set.name(), name);
        let split = set.split().unwrap();
        assert_eq!(split, set.split().unwrap(), "{name} repeats");
        for side in [&split.train, &split.test] {
            assert!(!side.is_empty());
            assert_eq!(side.features(), set.feature_shape().features());
            assert_eq!(side.class_counts().len(), set.num_classes());
        }
    }
}

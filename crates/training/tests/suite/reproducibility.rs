//! Equal seeds, equal bits; other seeds, other numbers.

use bss2_core::MacArray;
use bss2_training::{
    Adam, Deployment, Examples, Network, RateSchedule, Schedule, Session, deploy,
    published_mnist_cnn, train,
};
use ndarray::Array2;
use rayon::ThreadPoolBuilder;

use crate::support::{
    ANALOG, Set, deployed_yin_yang, fresh_chip, ideal, noisy, trained_mlp, yin_yang,
};

/// Weights after two epochs on an array.
fn trained(
    set: &Set,
    array: &mut dyn MacArray,
    trial_seed: u64,
    order_seed: u64,
) -> Vec<Array2<f32>> {
    let mut network = deployed_yin_yang(set);
    let schedule = Schedule {
        epochs: 2,
        batch: 16,
        seed: order_seed,
        rate: RateSchedule::Constant,
    };
    let mut adam = Adam::new(0.5).expect("rate in range");
    train(
        &mut network,
        &mut Session::on(array, trial_seed),
        set.examples(),
        schedule,
        &ANALOG,
        &mut adam,
        &mut |_| {},
    )
    .expect("a good set");
    network.weights()
}

fn outputs(network: &mut Network, session: &mut Session<'_>, set: &Set) -> Array2<f32> {
    network
        .forward(session, set.inputs.view())
        .expect("good inputs")
        .clone()
}

#[test]
fn equal_seeds_train_equal_weights_on_a_noisy_array() {
    let [set, _] = yin_yang(100, 1);
    let first = trained(&set, &mut noisy(), 1, 1);
    assert_eq!(trained(&set, &mut noisy(), 1, 1), first);
    assert_ne!(trained(&set, &mut noisy(), 2, 1), first, "other noise");
    assert_ne!(trained(&set, &mut noisy(), 1, 2), first, "another order");
}

#[test]
fn equal_seeds_train_equal_weights_with_a_chip_in_the_loop() {
    let [set, _] = yin_yang(100, 1);
    let first = trained(&set, &mut fresh_chip(1), 1, 1);
    assert_eq!(trained(&set, &mut fresh_chip(1), 1, 1), first);
    assert_ne!(
        trained(&set, &mut fresh_chip(2), 1, 1),
        first,
        "another chip"
    );
    assert_ne!(
        trained(&set, &mut fresh_chip(1), 2, 1),
        first,
        "other noise"
    );
}

#[test]
fn an_array_used_before_is_as_good_as_a_new_one() {
    let [set, _] = yin_yang(100, 1);
    let mut chip = fresh_chip(1);
    let first = trained(&set, &mut chip, 1, 1);
    assert_eq!(trained(&set, &mut chip, 1, 1), first);
}

/// Weights of the published network after two steps of a hundred samples, on a number of threads.
fn trained_on_threads(threads: usize) -> Vec<Array2<f32>> {
    let inputs = Array2::from_shape_fn((200, 784), |(v, i)| ((v * 7 + i * 3) % 41) as f32 / 40.0);
    let labels: Vec<u8> = (0..200).map(|v| v % 10).collect();
    let examples = Examples::new(inputs.view(), &labels).expect("a good set");
    let float = published_mnist_cnn(1).expect("sizes in range");
    let (mut network, _) = deploy(
        &float.steps().expect("steps that are known"),
        inputs.view(),
        Deployment::default(),
    )
    .expect("a network that fits its samples");
    let schedule = Schedule {
        epochs: 1,
        batch: 100,
        seed: 1,
        rate: RateSchedule::Constant,
    };
    let mut adam = Adam::new(0.5).expect("rate in range");
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("a few threads").install(|| {
        let mut chip = fresh_chip(1);
        let mut session = Session::on(&mut chip, 1);
        train(
            &mut network,
            &mut session,
            examples,
            schedule,
            &ANALOG,
            &mut adam,
            &mut |_| {},
        )
        .expect("a good set");
        network.weights()
    })
}

#[test]
fn no_number_of_threads_changes_a_bit_of_training_in_the_loop() {
    let first = trained_on_threads(1);
    for threads in [2, 3] {
        assert_eq!(trained_on_threads(threads), first, "{threads} threads");
    }
}

#[test]
fn digital_training_repeats_bit_for_bit() {
    let [set, _] = yin_yang(100, 1);
    let [first, second] = [(); 2].map(|()| trained_mlp(&[4, 8, 3], &set, 3));
    assert_eq!(first.weights(), second.weights());
}

#[test]
fn each_evaluation_of_a_session_has_noise_of_its_own_and_a_new_session_repeats_it() {
    let [set, _] = yin_yang(50, 1);
    let mut network = deployed_yin_yang(&set);
    let mut three = |array: &mut dyn MacArray, seed| {
        let mut session = Session::on(array, seed);
        [(); 3].map(|()| outputs(&mut network, &mut session, &set))
    };
    let arrays: [&mut dyn MacArray; 2] = [&mut noisy(), &mut fresh_chip(1)];
    for array in arrays {
        let first = three(array, 7);
        assert_ne!(first[0], first[1]);
        assert_ne!(first[1], first[2]);
        assert_eq!(three(array, 7), first);
        assert_ne!(three(array, 8)[0], first[0]);
    }
    let quiet = three(&mut ideal(), 7);
    assert_eq!(quiet[0], quiet[1]);
}

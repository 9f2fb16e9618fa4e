//! Recipes: every method, interruptions, what is refused.

use std::cell::Cell;
use std::path::Path;

use bss2_core::{
    ArrayError, ArrayGeometry, CostLedger, MacArray, Metered, NOMINAL_GAIN_LSB, Region, RunReport,
    RunRequest,
};
use bss2_hardware::{IdealArray, SimulatedChip};
use bss2_training::{
    ArrayChoice, ArrayGain, Augmentation, Budget, ChipFigures, Examples, Gradients, Ground, Lab,
    LayerDescription, LossChoice, Method, NetworkDescription, NetworkState, Noise, OnArray,
    OneChip, OptimizerChoice, RateSchedule, Recipe, RecipeRun, Session, Stage, StageReport,
    TrainingError, evaluate,
};
use ndarray::{Array2, ArrayView2, ArrayViewMut2};

use crate::support::{CHIP, Set, fresh_chip, yin_yang};

/// A chip whose temperature can be set, and whose costs are counted.
struct Oven {
    seed: u64,
    chip: Metered<SimulatedChip>,
    others: Vec<SimulatedChip>,
}

impl Oven {
    fn new(seed: u64) -> Self {
        Self {
            seed,
            chip: Metered::new(fresh_chip(seed)),
            others: Vec::new(),
        }
    }
}

impl Lab for Oven {
    fn chip(&mut self) -> &mut dyn MacArray {
        &mut self.chip
    }

    fn at_temperatures(
        &mut self,
        celsius: &[f32],
    ) -> Result<Vec<Box<dyn MacArray + '_>>, TrainingError> {
        if self.others.len() != celsius.len() {
            self.others = vec![self.chip.inner().clone(); celsius.len()];
        }
        let mut chips: Vec<Box<dyn MacArray>> = Vec::new();
        for (chip, &celsius) in self.others.iter_mut().zip(celsius) {
            chip.set_temperature_celsius(celsius)
                .map_err(|_| TrainingError::NoTemperature)?;
            chips.push(Box::new(chip));
        }
        Ok(chips)
    }

    fn fingerprint(&mut self) -> Result<u64, TrainingError> {
        Ok(self.seed)
    }

    fn take_cost(&mut self) -> CostLedger {
        self.chip.take_ledger()
    }
}

fn description() -> NetworkDescription {
    let sends = OnArray {
        num_sends: 8,
        ..OnArray::default()
    };
    NetworkDescription::mlp(&[4, 24, 3], &sends)
}

fn budget() -> Budget {
    Budget {
        digital_epochs: 4,
        array_epochs: 3,
        last_epochs: 2,
        batch: 20,
        digital_rate: 0.01,
        ..Budget::default()
    }
}

fn run<'a>(
    recipe: &'a Recipe,
    description: &'a NetworkDescription,
    training: Examples<'a>,
    checkpoint: Option<&'a Path>,
) -> RecipeRun<'a> {
    RecipeRun {
        recipe,
        description,
        strategies: None,
        weights: None,
        training,
        validation: None,
        deployment_samples: 100,
        geometry: ArrayGeometry::BSS2,
        seed: 1,
        checkpoint,
    }
}

/// What a recipe makes of a chip.
#[derive(PartialEq)]
struct Outcome {
    state: NetworkState,
    accuracy: f64,
    stages: Vec<StageReport>,
    after: CostLedger,
}

/// The same, and how many epochs were told.
fn trained(recipe: &Recipe, set: &Set, checkpoint: Option<&Path>) -> (Outcome, usize) {
    let description = description();
    let run = run(recipe, &description, set.examples(), checkpoint);
    let mut oven = Oven::new(3);
    let mut epochs = 0;
    let mut trained = run
        .run(&mut oven, &mut |_| epochs += 1)
        .expect("a good set");
    let state = trained.deployed.network.state();
    let mut session = Session::on(oven.chip(), 9);
    let accuracy = evaluate(&mut trained.deployed.network, &mut session, set.examples());
    let outcome = Outcome {
        state,
        accuracy: accuracy.expect("a good set"),
        stages: trained.stages,
        after: trained.cost_after_stages,
    };
    (outcome, epochs)
}

/// Twins take long to fit: they are repeated where interruptions are.
fn is_quick(method: Method) -> bool {
    !matches!(method, Method::Twin | Method::TwinThenLoop)
}

#[test]
fn every_method_trains_and_repeats() {
    let [training, _] = yin_yang(200, 1);
    for method in Method::ALL.into_iter().filter(|&method| is_quick(method)) {
        let recipe = method.recipe(&budget());
        let planned: usize = recipe.stages.iter().map(|stage| stage.epochs).sum();
        let first = trained(&recipe, &training, None);
        assert_eq!(first.1, planned, "{method}");
        assert!(first == trained(&recipe, &training, None), "{method}");
    }
}

#[test]
fn chips_are_paid_for_by_those_who_use_them() {
    let [training, _] = yin_yang(200, 1);
    let description = description();
    let mut oven = Oven::new(3);
    let settings = description.settings().unwrap();
    ChipFigures::measure(&mut oven, &settings, false, 1).unwrap();
    let measurement = oven.take_cost().macs;
    let mut per_epoch = 0;
    for method in Method::ALL.into_iter().filter(|&method| is_quick(method)) {
        let recipe = method.recipe(&budget());
        let run = run(&recipe, &description, training.examples(), None);
        let mut oven = Oven::new(3);
        let mut trained = run.run(&mut oven, &mut |_| {}).unwrap();
        if per_epoch == 0 {
            let mut session = Session::on(oven.chip(), 1);
            let network = &mut trained.deployed.network;
            evaluate(network, &mut session, training.examples()).unwrap();
            per_epoch = oven.take_cost().macs;
        }
        let stages = trained.stages.iter().map(|stage| stage.cost.macs);
        let in_all = stages.sum::<u64>() + trained.cost_after_stages.macs;
        assert_eq!(trained.cost().macs, in_all, "{method}");
        assert!(in_all >= measurement, "{method}");
        for (stage, report) in recipe.stages.iter().zip(&trained.stages) {
            let samples = if stage.ground.is_chip() {
                200 * stage.epochs
            } else {
                0
            };
            assert_eq!(report.samples_in_the_loop, samples as u64, "{method}");
            if stage.ground == Ground::Chip {
                let training = per_epoch * stage.epochs as u64;
                assert_eq!(report.cost.macs, measurement + training, "{method}");
            }
        }
        if method == Method::Float {
            assert_eq!(trained.cost_after_stages.macs, measurement);
        }
    }
}

#[test]
fn an_interrupted_training_ends_with_the_same_bits() {
    let [training, _] = yin_yang(200, 1);
    let folder = tempfile::tempdir().unwrap();
    let description = description();
    let cases = [
        (Method::Float, vec![2, 4]),
        (Method::InTheLoop, (1..=7).collect()),
        (Method::InTheLoopFromScratch, vec![1, 6]),
        (Method::TwinThenLoop, vec![5, 8]),
    ];
    for (method, stops) in cases {
        let recipe = method.recipe(&budget());
        let whole = trained(&recipe, &training, None);
        for stop_after in stops {
            let path = folder.path().join(format!("{method}-{stop_after}"));
            let run = run(&recipe, &description, training.examples(), Some(&path));
            let epochs = Cell::new(0);
            // The lab burns down in the middle of the training.
            let interrupted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                run.run(&mut Oven::new(3), &mut |_| {
                    epochs.set(epochs.get() + 1);
                    assert!(epochs.get() < stop_after, "interrupted");
                })
            }));
            assert!(interrupted.is_err());
            let (found, rest) = trained(&recipe, &training, Some(&path));
            assert_eq!(rest, whole.1 - stop_after, "{method}");
            assert!(found.state == whole.0.state, "{method}, {stop_after}");
            assert_eq!(found.accuracy, whole.0.accuracy, "{method}, {stop_after}");
            assert_eq!(found.stages, whole.0.stages, "{method}, {stop_after}");
            assert_eq!(found.after, whole.0.after, "{method}, {stop_after}");
        }
    }
}

/// Layers that are no whole groups of columns, and a later one that is wider: what it leaves beside the
/// first one's columns loads their lines.
#[test]
fn what_layers_leave_on_the_chip_does_not_show_after_an_interruption() {
    let [training, _] = yin_yang(200, 1);
    let folder = tempfile::tempdir().unwrap();
    let sends = OnArray {
        num_sends: 8,
        ..OnArray::default()
    };
    let description = NetworkDescription::mlp(&[4, 20, 40, 3], &sends);
    for method in [Method::InTheLoop, Method::TemperatureAware] {
        let recipe = method.recipe(&budget());
        let ended = |checkpoint: Option<&Path>, stop_after: usize| {
            let run = run(&recipe, &description, training.examples(), checkpoint);
            let epochs = Cell::new(0);
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let mut trained = run.run(&mut Oven::new(3), &mut |_| {
                    epochs.set(epochs.get() + 1);
                    assert!(epochs.get() < stop_after, "interrupted");
                });
                trained.as_mut().unwrap().deployed.network.state()
            }))
        };
        let whole = ended(None, usize::MAX).unwrap();
        let path = folder.path().join(method.name());
        assert!(ended(Some(&path), 5).is_err());
        assert!(ended(Some(&path), usize::MAX).unwrap() == whole, "{method}");
    }
}

#[test]
fn checkpoints_of_other_trainings_and_damaged_ones_are_refused() {
    let [training, other] = yin_yang(200, 200);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let description = description();
    let recipe = Method::InTheLoop.recipe(&budget());
    trained(&recipe, &training, Some(&path));

    let refused = |recipe: &Recipe, description: &NetworkDescription, set: &Set, seed| {
        let run = RecipeRun {
            seed,
            ..run(recipe, description, set.examples(), Some(&path))
        };
        run.run(&mut Oven::new(3), &mut |_| {}).unwrap_err()
    };
    let longer = Method::InTheLoop.recipe(&Budget {
        array_epochs: 4,
        ..budget()
    });
    let wider = NetworkDescription::mlp(&[4, 25, 3], &OnArray::default());
    let expected = TrainingError::OtherCheckpoint { path: path.clone() };
    let message = expected.to_string();
    for told in ["checkpoint", "delete it", "chip", "calibration"] {
        assert!(message.contains(told), "{message}");
    }
    assert_eq!(refused(&longer, &description, &training, 1), expected);
    assert_eq!(refused(&recipe, &wider, &training, 1), expected);
    assert_eq!(refused(&recipe, &description, &other, 1), expected);
    assert_eq!(refused(&recipe, &description, &training, 2), expected);
    let on_other_chip = run(&recipe, &description, training.examples(), Some(&path));
    let on_other_chip = on_other_chip.run(&mut Oven::new(4), &mut |_| {});
    assert_eq!(on_other_chip.unwrap_err(), expected);

    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let damaged = refused(&recipe, &description, &training, 1);
    assert!(matches!(damaged, TrainingError::File(_)), "{damaged}");
}

#[test]
fn gradients_of_every_kind_train() {
    let [training, _] = yin_yang(200, 1);
    // Every third output saturates: without that, two of the models are the same.
    let mut description = description();
    for layer in description.on_array_mut() {
        layer.num_sends = 32;
        layer.scaling.output_quantile = 0.67;
    }
    let mut found = Vec::new();
    for gradients in [
        Gradients::Linear,
        Gradients::Mask,
        Gradients::Smooth,
        Gradients::Twin,
    ] {
        // Small steps from a trained network: outputs that all saturate pass no gradient any more.
        let recipe = then(Stage {
            gradients,
            ..Stage::new(Ground::Chip, 6, 0.3)
        });
        let run = RecipeRun {
            seed: 2,
            ..run(&recipe, &description, training.examples(), None)
        };
        let mut oven = Oven::new(3);
        let mut trained = run.run(&mut oven, &mut |_| {}).unwrap();
        let state = trained.deployed.network.state();
        let mut session = Session::on(oven.chip(), 9);
        let network = &mut trained.deployed.network;
        let accuracy = evaluate(network, &mut session, training.examples()).unwrap();
        assert!(accuracy > 0.5, "{gradients:?}: {accuracy}");
        assert!(!found.contains(&state), "{gradients:?}");
        found.push(state);
    }
}

#[test]
fn impossible_recipes_are_refused() {
    let [training, _] = yin_yang(200, 1);
    let description = description();
    let refused = |stages: Vec<Stage>| {
        let recipe = Recipe { stages };
        let run = run(&recipe, &description, training.examples(), None);
        run.run(&mut OneChip(fresh_chip(1)), &mut |_| {})
            .unwrap_err()
    };
    let stage = |ground| Stage::new(ground, 1, 0.1);
    let many = vec![Stage::new(Ground::Ideal, 1, 0.1); 101];
    assert!(matches!(
        refused(many),
        TrainingError::OptionOutOfRange { .. }
    ));
    assert_eq!(
        refused(vec![stage(Ground::Ideal), stage(Ground::Digital)]),
        TrainingError::StageOrder { stage: 1 }
    );
    let temperatures = Ground::Temperatures {
        celsius: vec![40.0],
    };
    assert_eq!(
        refused(vec![stage(temperatures)]),
        TrainingError::NoTemperature
    );
    for ground in [
        Ground::Temperatures { celsius: vec![] },
        Ground::Temperatures {
            celsius: vec![300.0],
        },
        Ground::Drift { gains: vec![0.0] },
    ] {
        assert!(matches!(
            refused(vec![stage(ground)]),
            TrainingError::OptionOutOfRange { .. }
        ));
    }
    let early = Stage {
        patience: Some(3),
        ..stage(Ground::Digital)
    };
    assert_eq!(refused(vec![early]), TrainingError::NoValidation);
    let hasty = Stage {
        optimizer: OptimizerChoice::Sgd { momentum: 0.99 },
        logits_per_unit: Some(1e6),
        rate: 1e6,
        rates: RateSchedule::Constant,
        epochs: 50,
        ..stage(Ground::Digital)
    };
    let diverged = refused(vec![hasty]);
    assert!(
        matches!(diverged, TrainingError::Diverged { .. }),
        "{diverged}"
    );
}

#[test]
fn twins_are_trained_on() {
    let [training, _] = yin_yang(200, 1);
    for method in [Method::Twin, Method::TwinThenLoop] {
        let (found, _) = trained(&method.recipe(&budget()), &training, None);
        assert!(found.accuracy > 0.5, "{method}: {}", found.accuracy);
        let in_the_loop = found.stages.last().unwrap().samples_in_the_loop;
        assert_eq!(in_the_loop > 0, method == Method::TwinThenLoop);
        assert!(found.stages[1].cost.macs > 0);
    }
}

/// Digital training, then a stage.
fn then(stage: Stage) -> Recipe {
    let mut recipe = Method::Float.recipe(&budget());
    recipe.stages.push(Stage { batch: 20, ..stage });
    recipe
}

#[test]
fn foreseen_drift_is_trained_on() {
    let [training, _] = yin_yang(200, 1);
    let found = |gains: &[f32]| {
        let gains = gains.to_vec();
        let recipe = then(Stage::new(Ground::Drift { gains }, 3, 0.5));
        trained(&recipe, &training, None).0
    };
    let several = found(&[0.8, 1.0, 1.2]);
    assert!(several.accuracy > 0.5, "{}", several.accuracy);
    assert!(several.state != found(&[1.0]).state);
}

/// A stage that hardly changes the network, on noise as it is told, with validation.
fn validated(ground: Ground, epochs: usize) -> Vec<f64> {
    let [training, validation] = yin_yang(200, 200);
    let description = description();
    let recipe = then(Stage::new(ground, epochs, 1e-12));
    let run = RecipeRun {
        validation: Some(validation.examples()),
        ..run(&recipe, &description, training.examples(), None)
    };
    let trained = run.run(&mut Oven::new(3), &mut |_| {}).expect("a good set");
    let on_array = &trained.stages[1];
    let curve = on_array.curve.iter().map(|epoch| epoch.validation);
    let curve: Vec<f64> = curve.flatten().collect();
    let best = curve.iter().copied().fold(0.0, f64::max);
    let kept = on_array.best_epoch.map(|epoch| curve[epoch]);
    assert_eq!((curve.len(), kept), (epochs, Some(best)));
    curve
}

#[test]
fn every_epoch_is_validated_at_the_same_noise() {
    let growing = |to| {
        let noise = Noise {
            from: 0.0,
            to,
            spread: 0.0,
        };
        validated(Ground::Mock(noise), 4)
    };
    assert_eq!(growing(100.0), growing(0.0));
}

#[test]
fn validation_is_paid_for_at_every_temperature() {
    let [training, validation] = yin_yang(60, 40);
    let description = description();
    let celsius = vec![40.0, 60.0];
    let recipe = then(Stage::new(Ground::Temperatures { celsius }, 2, 0.1));
    let run = RecipeRun {
        validation: Some(validation.examples()),
        ..run(&recipe, &description, training.examples(), None)
    };
    let trained = run.run(&mut Oven::new(3), &mut |_| {}).unwrap();
    assert_eq!(trained.stages[1].samples_in_the_loop, 2 * (60 + 2 * 40));
}

#[test]
fn a_single_epoch_has_the_last_noise() {
    let [training, _] = yin_yang(200, 1);
    let found = |from, to| {
        let noise = Noise {
            from,
            to,
            spread: 0.0,
        };
        trained(
            &then(Stage::new(Ground::Mock(noise), 1, 0.5)),
            &training,
            None,
        )
        .0
    };
    let expected = found(2.0, 2.0);
    assert!(found(0.0, 2.0) == expected);
    assert!(found(2.0, 0.0) != expected);
}

#[test]
fn the_mean_square_trains_too() {
    let [training, _] = yin_yang(200, 1);
    let recipe: Recipe = toml::from_str(
        r#"
        [[stages]]
        ground = "digital"
        epochs = 10
        batch = 20
        rate = 0.01
        loss = "mean_square"

        [[stages]]
        ground = "chip"
        epochs = 4
        batch = 20
        rate = 0.5
        loss = "mean_square"
        "#,
    )
    .unwrap();
    assert_eq!(recipe.stages[0].loss, LossChoice::MeanSquare);
    let (found, _) = trained(&recipe, &training, None);
    assert!(found.accuracy > 0.5, "{}", found.accuracy);
}

#[test]
fn what_means_nothing_is_refused() {
    let gradients = Stage {
        gradients: Gradients::Mask,
        ..Stage::new(Ground::Digital, 1, 0.1)
    };
    let logits = Stage {
        loss: LossChoice::MeanSquare,
        logits_per_unit: Some(1.0),
        ..Stage::new(Ground::Ideal, 1, 0.1)
    };
    for (stage, expected) in [(gradients, "gradients"), (logits, "logits_per_unit")] {
        let stages = vec![stage];
        match (Recipe { stages }).check() {
            Err(TrainingError::Meaningless { option, .. }) => assert_eq!(option, expected),
            other => panic!("{other:?}"),
        }
    }
    assert!(!Method::Best.recipe(&budget()).needs_twin());
}

/// Mistakes in what comes after the digital training.
#[test]
fn mistakes_are_found_before_the_first_epoch() {
    let [training, _] = yin_yang(60, 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let usual = description();
    let refused = |stage: Stage, description: &NetworkDescription, deployment_samples| {
        let recipe = then(stage);
        let run = RecipeRun {
            deployment_samples,
            ..run(&recipe, description, training.examples(), Some(&path))
        };
        let mut epochs = 0;
        let refused = run.run(&mut OneChip(fresh_chip(1)), &mut |_| epochs += 1);
        assert_eq!(epochs, 0);
        assert!(!path.exists());
        refused.unwrap_err()
    };
    let chip = || Stage::new(Ground::Chip, 1, 0.1);

    let early = Stage {
        patience: Some(2),
        ..chip()
    };
    assert_eq!(refused(early, &usual, 100), TrainingError::NoValidation);
    let images = Stage {
        augmentation: Some(Augmentation::none((1, 3, 3))),
        ..chip()
    };
    let error = refused(images, &usual, 100);
    assert!(
        matches!(error, TrainingError::ImageSize { .. }),
        "{error:?}"
    );
    let celsius = vec![40.0];
    let warm = Stage::new(Ground::Temperatures { celsius }, 1, 0.1);
    assert_eq!(refused(warm, &usual, 100), TrainingError::NoTemperature);
    for samples in [0, 1_000_001] {
        let error = refused(chip(), &usual, samples);
        assert!(
            matches!(
                error,
                TrainingError::OptionOutOfRange {
                    option: "deployment_samples",
                    ..
                }
            ),
            "{error:?}"
        );
    }
    let mut shifted = usual.clone();
    for layer in &mut shifted.layers {
        if let LayerDescription::Relu(relu) = layer {
            relu.shift = Some(8);
        }
    }
    let error = refused(chip(), &shifted, 100);
    assert!(
        matches!(
            error,
            TrainingError::OptionOutOfRange {
                option: "shift",
                ..
            }
        ),
        "{error:?}"
    );
    let mut unrectified = usual.clone();
    unrectified.layers.remove(1);
    let error = refused(chip(), &unrectified, 100);
    assert!(
        matches!(error, TrainingError::NotDeployable { .. }),
        "{error:?}"
    );
}

/// An array that loses gain with the number of sends.
struct Tiring {
    weights: [Array2<i8>; 2],
}

impl MacArray for Tiring {
    fn geometry(&self) -> ArrayGeometry {
        CHIP
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        assert_eq!(region, Region::whole(CHIP, region.hemisphere));
        self.weights[region.hemisphere].assign(&weights);
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let gain_lsb = NOMINAL_GAIN_LSB / (request.settings.num_sends() as f32).sqrt();
        let mut array = IdealArray::new(CHIP, gain_lsb).expect("gain in range");
        array.load_weights(
            request.region,
            self.weights[request.region.hemisphere].view(),
        )?;
        array.run(request, activations, outputs)
    }
}

#[test]
fn layers_are_scaled_by_the_gain_of_their_own_timing() {
    let [training, _] = yin_yang(60, 1);
    let mut description = NetworkDescription::mlp(&[4, 24, 3], &OnArray::default());
    for (layer, num_sends) in description.on_array_mut().zip([16, 1]) {
        layer.num_sends = num_sends;
    }
    let array = Tiring {
        weights: [(); 2].map(|()| Array2::zeros((CHIP.inputs(), CHIP.columns()))),
    };
    let settings = description.settings().unwrap();
    let figures = ChipFigures::measure(&mut OneChip(array), &settings, false, 1).unwrap();
    let digital = description.build(1).unwrap();
    let choice = ArrayChoice {
        gain: ArrayGain::Measured(&figures),
        ..ArrayChoice::default()
    };
    let samples = training.examples().inputs();
    let deployed = description.deploy(&digital, samples, choice).unwrap();
    for (layer, (settings, factor)) in deployed.report.iter().zip(settings.iter().zip([0.25, 1.0]))
    {
        let gain_lsb = layer.lsb_per_unit / layer.activations_per_unit / layer.weight_scale;
        let expected = factor * NOMINAL_GAIN_LSB * settings.num_sends() as f32;
        assert!(
            (gain_lsb / expected - 1.0).abs() < 0.03,
            "{gain_lsb}, {expected}"
        );
    }
    let other = NetworkDescription::mlp(
        &[4, 24, 3],
        &OnArray {
            num_sends: 2,
            ..OnArray::default()
        },
    );
    assert_eq!(
        other.deploy(&digital, samples, choice).map(drop),
        Err(TrainingError::NotMeasured)
    );
}

//! Recipes: every method, interruptions, what is refused.

use std::cell::Cell;
use std::path::Path;

use bss2_core::{ArrayGeometry, CostLedger, MacArray, Metered};
use bss2_hardware::SimulatedChip;
use bss2_training::{
    Budget, Examples, Gradients, Ground, Lab, Method, NetworkDescription, NetworkState, OnArray,
    OneChip, OptimizerChoice, RateSchedule, Recipe, RecipeRun, Session, Stage, TrainingError,
    evaluate,
};

use crate::support::{Set, fresh_chip, yin_yang};

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

/// What a recipe makes of a chip, and how many epochs were told.
fn trained(recipe: &Recipe, set: &Set, checkpoint: Option<&Path>) -> (NetworkState, f64, usize) {
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
    (state, accuracy.expect("a good set"), epochs)
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
        assert_eq!(first.2, planned, "{method}");
        assert!(first == trained(&recipe, &training, None), "{method}");
    }
}

#[test]
fn chips_are_paid_for_by_those_who_use_them() {
    let [training, _] = yin_yang(200, 1);
    let description = description();
    for method in Method::ALL.into_iter().filter(|&method| is_quick(method)) {
        let recipe = method.recipe(&budget());
        let run = run(&recipe, &description, training.examples(), None);
        let trained = run.run(&mut Oven::new(3), &mut |_| {}).unwrap();
        for (stage, report) in recipe.stages.iter().zip(&trained.stages) {
            let samples = if stage.ground.is_chip() {
                200 * stage.epochs
            } else {
                0
            };
            assert_eq!(report.samples_in_the_loop, samples as u64, "{method}");
            if stage.ground == Ground::Chip {
                assert!(report.cost.macs > 0, "{method}");
            }
        }
    }
}

#[test]
fn an_interrupted_training_ends_with_the_same_bits() {
    let [training, _] = yin_yang(200, 1);
    let folder = tempfile::tempdir().unwrap();
    let description = description();
    let cases = [
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
            let (state, accuracy, rest) = trained(&recipe, &training, Some(&path));
            assert_eq!(rest, whole.2 - stop_after, "{method}");
            assert!(state == whole.0, "{method}, {stop_after}");
            assert_eq!(accuracy, whole.1, "{method}, {stop_after}");
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
    let expected = TrainingError::OtherCheckpoint;
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
        let stages = vec![Stage {
            batch: 20,
            gradients,
            ..Stage::new(Ground::Chip, 6, 1.0)
        }];
        let recipe = Recipe { stages };
        let run = run(&recipe, &description, training.examples(), None);
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

//! Every number that the experiment depends on.

use bss2_calibration::Procedure;
use bss2_core::CostModel;
use bss2_hardware::ChipConfig;
use bss2_mapping::ScalingRule;
use bss2_training::{Budget, LayerDescription, Method, NetworkDescription, OnArray};
use serde::{Deserialize, Serialize};

use super::{Case, CaseData, ChipState};
use crate::{Preset, Settings, StudyData};

/// Every number that the experiment depends on, besides its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips.
    pub chip_seeds: Vec<u64>,
    /// Most training samples, from the first.
    pub training_samples: usize,
    /// Most test samples, from the first.
    pub test_samples: usize,
    /// Training samples, from the first, by which scales are chosen.
    pub deployment_samples: usize,
    /// How chips are calibrated.
    pub calibration: Procedure,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
    /// Whether the first case's network is the one that was published for MNIST.
    pub is_published_network: bool,
    /// What is trained.
    pub cases: Vec<Case>,
}

/// How much work a preset is.
struct Work {
    chips: usize,
    digital_epochs: usize,
    array_epochs: usize,
    training_samples: usize,
    test_samples: usize,
}

impl Work {
    /// Data from files are larger: fewer chips and epochs, in the quick preset fewer samples.
    fn of(preset: Preset, from_files: bool) -> Self {
        const ALL: usize = 10_000_000;
        let (chips, digital_epochs, array_epochs, training_samples, test_samples) =
            match (preset, from_files) {
                (Preset::Quick, false) => (5, 14, 4, ALL, ALL),
                (Preset::Standard, false) => (10, 40, 15, ALL, ALL),
                (Preset::Full, false) => (20, 60, 30, ALL, ALL),
                (Preset::Quick, true) => (3, 3, 1, 10_000, 2000),
                (Preset::Standard, true) => (3, 10, 4, ALL, ALL),
                (Preset::Full, true) => (5, 20, 10, ALL, ALL),
            };
        Self {
            chips,
            digital_epochs,
            array_epochs,
            training_samples,
            test_samples,
        }
    }
}

/// Share of the outputs that fit their range where the rest are to saturate.
const SATURATING_QUANTILE: f64 = 0.9;
const SATURATING_SENDS: u32 = 16;

impl Parameters {
    /// The parameters for a preset and its data.
    pub fn resolve(settings: &Settings, data: &StudyData) -> Self {
        let from_files = data.description().from_files;
        let work = Work::of(settings.preset, from_files);
        let usual = Case::usual(settings, data, &work);
        let cases = vec![
            usual.clone(),
            Case::hard(settings, data, &work),
            Case::saturating(usual),
            Case::yin_yang(settings),
        ];
        Self {
            chip_seeds: settings.chip_seeds(work.chips),
            training_samples: work.training_samples,
            test_samples: work.test_samples,
            deployment_samples: 1000,
            calibration: Procedure::joint(),
            cost_model: CostModel::default(),
            is_published_network: has_published_sizes(data),
            cases,
        }
    }
}

/// Whether images and classes are those of MNIST.
fn has_published_sizes(data: &StudyData) -> bool {
    data.image() == (1, 28, 28) && data.description().classes == 10
}

fn sent(num_sends: u32) -> OnArray {
    OnArray {
        num_sends,
        ..OnArray::default()
    }
}

impl Case {
    /// The network that other experiments train, on the study's chips.
    fn usual(settings: &Settings, data: &StudyData, work: &Work) -> Self {
        let description = data.description();
        let on_array = sent(if description.from_files { 4 } else { 2 });
        let widths = [description.features, 128, description.classes];
        let network = if has_published_sizes(data) {
            NetworkDescription::published_mnist(&on_array)
        } else {
            NetworkDescription::mlp(&widths, &on_array)
        };
        Self {
            name: "usual".to_owned(),
            data: CaseData::Study,
            methods: Method::ALL.to_vec(),
            states: ChipState::ALL.to_vec(),
            gradients_on: vec![ChipState::Calibrated],
            logits_per_lsb: 0.3,
            budget: budget(data, work),
            network,
            chip: settings.chip.clone(),
        }
    }

    /// Few hidden units, and one send: noise and mismatch bite. The chips are of a worse process, unless
    /// others were asked for.
    fn hard(settings: &Settings, data: &StudyData, work: &Work) -> Self {
        let description = data.description();
        let widths = [description.features, 16, description.classes];
        let chip = if settings.chip == ChipConfig::typical() {
            ChipConfig::worse_process()
        } else {
            settings.chip.clone()
        };
        Self {
            name: "hard".to_owned(),
            gradients_on: ChipState::ALL.to_vec(),
            network: NetworkDescription::mlp(&widths, &sent(1)),
            chip,
            ..Self::usual(settings, data, work)
        }
    }

    /// The same network, a tenth of whose outputs saturate, for gradient models to differ: sent so often
    /// that they would leave their range.
    fn saturating(usual: Self) -> Self {
        let mut network = usual.network.clone();
        for layer in network.on_array_mut() {
            layer.num_sends = SATURATING_SENDS;
            layer.scaling.output_quantile = SATURATING_QUANTILE;
        }
        Self {
            name: "saturating".to_owned(),
            methods: vec![Method::InTheLoop, Method::InTheLoopFromScratch],
            states: vec![ChipState::Calibrated],
            network,
            ..usual
        }
    }

    /// Yin-Yang: four inputs, which repeated rows make strong enough.
    fn yin_yang(settings: &Settings) -> Self {
        let on_array = OnArray {
            scaling: ScalingRule {
                weight_quantile: 0.99,
                ..ScalingRule::default()
            },
            ..sent(16)
        };
        let mut network = NetworkDescription::mlp(&[4, 128, 3], &on_array);
        if let Some(LayerDescription::Dense(first)) = network.layers.first_mut() {
            first.array.tiling.coding.row_repetition = 4;
        }
        Self {
            name: "yin-yang".to_owned(),
            data: CaseData::YinYang,
            methods: vec![Method::Float, Method::InTheLoop],
            states: vec![ChipState::Calibrated],
            gradients_on: Vec::new(),
            logits_per_lsb: 0.3,
            budget: Budget {
                digital_epochs: 25,
                array_epochs: 14,
                last_epochs: 3,
                batch: 32,
                digital_rate: 0.01,
                array_rate: 1.0,
                augmentation: None,
            },
            network,
            chip: settings.chip.clone(),
        }
    }
}

/// The same for all methods.
fn budget(data: &StudyData, work: &Work) -> Budget {
    Budget {
        digital_epochs: work.digital_epochs,
        array_epochs: work.array_epochs,
        last_epochs: work.array_epochs.div_ceil(3),
        batch: if data.description().from_files {
            100
        } else {
            32
        },
        digital_rate: 0.002,
        array_rate: 1.0,
        augmentation: data.augmentation(),
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::CostParameters;
    use bss2_training::Ground;

    use super::*;
    use crate::configuration::to_toml;

    fn resolved(settings: &Settings) -> Parameters {
        Parameters::resolve(settings, &StudyData::load(settings).unwrap())
    }

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = resolved(&Settings::default());
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 22] = [
            |p| p.chip_seeds.push(99),
            |p| p.training_samples -= 1,
            |p| p.test_samples -= 1,
            |p| p.deployment_samples += 1,
            |p| p.calibration = Procedure::default(),
            |p| {
                let other = CostParameters {
                    settle_us: 1.0,
                    ..CostParameters::default()
                };
                p.cost_model = other.check().unwrap();
            },
            |p| p.is_published_network = true,
            |p| p.cases[0].name.push('s'),
            |p| p.cases[0].data = CaseData::YinYang,
            |p| p.cases[0].methods.truncate(1),
            |p| p.cases[0].states.truncate(1),
            |p| p.cases[0].gradients_on.clear(),
            |p| p.cases[0].logits_per_lsb += 1e-6,
            |p| p.cases[0].budget.digital_epochs += 1,
            |p| p.cases[0].budget.array_epochs += 1,
            |p| p.cases[0].budget.last_epochs += 1,
            |p| p.cases[0].budget.batch += 1,
            |p| p.cases[0].budget.digital_rate += 1e-6,
            |p| p.cases[0].budget.array_rate += 1e-6,
            |p| p.cases[0].budget.augmentation = None,
            |p| p.cases[0].network.layers.truncate(1),
            |p| p.cases[0].chip.noise.read_lsb += 1e-6,
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn networks_can_be_built_and_worse_chips_stand_for_typical_ones_only() {
        let settings = |chip| Settings {
            chip,
            ..Settings::default()
        };
        let of_hard = |chip| resolved(&settings(chip)).cases[1].chip.clone();
        assert_eq!(of_hard(ChipConfig::typical()), ChipConfig::worse_process());
        let better = ChipConfig::better_process();
        assert_eq!(of_hard(better.clone()), better);
        for case in resolved(&Settings::default()).cases {
            case.network.build(1).unwrap();
            for way in case.ways() {
                way.recipe(&case).check().unwrap();
            }
        }
    }

    #[test]
    fn the_digital_training_is_shared_by_all_that_begin_with_it() {
        let has_its_own = [Method::InTheLoopFromScratch, Method::Best];
        for case in resolved(&Settings::default()).cases {
            let digital = Method::Float.recipe(&case.budget).stages;
            for way in case.ways() {
                let recipe = way.recipe(&case);
                let is_shared = recipe.stages.starts_with(&digital);
                let expected = !has_its_own.contains(&way.method);
                assert_eq!(is_shared, expected, "{}: {}", case.name, way.name());
                let on_array = recipe.stages.iter().filter(|s| s.ground != Ground::Digital);
                let mut gradients = on_array.map(|stage| stage.gradients);
                let asked_for = way.gradients;
                assert!(gradients.all(|g| asked_for.is_none_or(|asked| asked == g)));
            }
        }
    }
}

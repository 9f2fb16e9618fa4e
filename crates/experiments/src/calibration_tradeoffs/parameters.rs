//! Every number that the experiment depends on.

use bss2_calibration::JointProcedure;
use bss2_core::{CostModel, RunSettings, WEIGHT_MAX};
use bss2_hardware::ChipConfig;
use serde::{Deserialize, Serialize};

use super::EXPERIMENT;
use super::knob::Knob;
use super::point::Point;
use crate::parameter_check::{Checked, VECTORS_MAX};
use crate::{ExperimentError, Preset, Settings};

/// Every number that the experiment depends on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Seeds of the chips.
    pub chip_seeds: Vec<u64>,
    /// Share of a run's outputs that may be doubtful in the lumped model; a run with more is
    /// repeated in the transient model, event by event.
    pub most_doubtful_share: f64,
    /// Longest time constant of the lines up to which the lumped model is used at all, in µs: it
    /// reckons saturation from the charge that has become signal by the readout, which is less than
    /// what was on a line that empties slowly. Beyond, the transient model is used.
    pub lumped_up_to_tau_syn_us: f64,
    /// Columns whose gain is below this share of the median do not work and are left out.
    pub least_gain_share: f64,
    /// Time constant of the synaptic lines for the second sweep of their DAC bias, in µs.
    pub long_tau_syn_us: f64,
    /// OTA bias target that goes with it, so that results stay within the swing, in CapMem codes.
    pub long_tau_ota_bias: i32,
    /// Smallest OTA bias target with which a long τ_syn is compensated, in CapMem codes.
    pub least_ota_bias: i32,
    /// Values of the knobs.
    pub grids: Grids,
    /// What is sent at every value.
    pub stimuli: Stimuli,
    /// Settings of the runs, unless they are swept.
    pub settings: RunSettings,
    /// The chips.
    pub chip: ChipConfig,
    /// Their calibration, unless a target is swept.
    pub calibration: JointProcedure,
    /// What chip time is reckoned with.
    pub cost_model: CostModel,
}

/// Values of the knobs, in rising order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grids {
    /// Targets `i_synin_gm`, in CapMem codes.
    pub ota_biases: Vec<i32>,
    /// Targets `synapse_dac_bias`, in CapMem codes.
    pub dac_biases: Vec<i32>,
    /// Targets `target_noise_lsb`, in LSB.
    pub noises_lsb: Vec<f64>,
    /// Targets `tau_mem_us`, in µs; the leak stays on.
    pub membrane_taus_us: Vec<f64>,
    /// Targets `tau_syn_us`, in µs.
    pub synaptic_taus_us: Vec<f64>,
    /// Lower and upper ends of the CADC's range, in CapMem codes, from narrow to wide.
    pub cadc_ranges: Vec<[i32; 2]>,
    /// Settings `wait_between_events`, in cycles.
    pub waits: Vec<u32>,
    /// Settings `num_sends`.
    pub sends: Vec<u32>,
}

/// The stimuli, the same for every chip and value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stimuli {
    /// Hemisphere that is measured.
    pub hemisphere: usize,
    /// Vectors of the random layer.
    pub layer_vectors: usize,
    /// How often each is repeated.
    pub layer_repeats: usize,
    /// Smallest magnitude of the weights with which results are swept from end to end.
    pub ramp_least_weight: i8,
    /// Steps of the sweep.
    pub ramp_steps: usize,
    /// How often each is repeated.
    pub ramp_repeats: usize,
    /// Share of the largest sum within which the line is fitted that tells what is clipped.
    pub ramp_inner_share: f64,
    /// Results this far short of that line are clipped, in LSB.
    pub clipped_beyond_lsb: f64,
    /// Smallest magnitude of weights under load.
    pub load_least_weight: i8,
    /// Without load, one pair of rows in so many has its weights.
    pub load_thinned: usize,
    /// Vectors under load and without.
    pub load_vectors: usize,
    /// How often each is repeated.
    pub load_repeats: usize,
    /// Rows that are sent alone.
    pub single_rows: usize,
    /// Their activation.
    pub single_activation: u8,
    /// Their weight.
    pub single_weight: i8,
    /// How often each of them is sent per vector.
    pub single_sends: u32,
    /// How often each vector is repeated.
    pub single_repeats: usize,
    /// `wait_between_events` of a long sequence, in cycles.
    pub long_wait: u32,
    /// How often each vector of the layer is repeated there.
    pub long_repeats: usize,
    /// Amplitude at which memory is measured, in LSB.
    pub memory_amplitude_lsb: f64,
    /// Time constants of the line after which it is empty.
    pub memory_line_taus: f64,
    /// Waits after that, in µs.
    pub memory_waits_us: Vec<f64>,
    /// Readings at each wait.
    pub memory_repeats: usize,
    /// Signals below this share of the first are left out of the fit.
    pub memory_least_share: f64,
    /// Longest time constant that can be told, relative to the longest wait.
    pub memory_longest: f64,
}

impl Default for Stimuli {
    fn default() -> Self {
        Self {
            hemisphere: 0,
            layer_vectors: 48,
            layer_repeats: 8,
            ramp_least_weight: 24,
            ramp_steps: 33,
            ramp_repeats: 4,
            ramp_inner_share: 1.0 / 3.0,
            clipped_beyond_lsb: 10.0,
            load_least_weight: 50,
            load_thinned: 8,
            load_vectors: 32,
            load_repeats: 6,
            single_rows: 8,
            single_activation: 12,
            single_weight: 21,
            single_sends: 60,
            single_repeats: 8,
            long_wait: 100,
            long_repeats: 1,
            memory_amplitude_lsb: 40.0,
            memory_line_taus: 8.0,
            memory_waits_us: vec![0.0, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0],
            memory_repeats: 12,
            memory_least_share: 0.25,
            memory_longest: 10.0,
        }
    }
}

impl Stimuli {
    fn check(&self, checked: Checked) -> Result<(), ExperimentError> {
        let layer = ("stimuli.layer_vectors", self.layer_vectors);
        for (vectors, repeats) in [
            (layer, ("stimuli.layer_repeats", self.layer_repeats)),
            (layer, ("stimuli.long_repeats", self.long_repeats)),
            (
                ("stimuli.ramp_steps", self.ramp_steps),
                ("stimuli.ramp_repeats", self.ramp_repeats),
            ),
            (
                ("stimuli.load_vectors", self.load_vectors),
                ("stimuli.load_repeats", self.load_repeats),
            ),
            (
                ("stimuli.single_rows", self.single_rows),
                ("stimuli.single_repeats", self.single_repeats),
            ),
        ] {
            checked.batch(vectors, repeats)?;
        }
        for (name, weight) in [
            ("stimuli.ramp_least_weight", self.ramp_least_weight),
            ("stimuli.load_least_weight", self.load_least_weight),
        ] {
            checked.within(name, weight, 0, WEIGHT_MAX)?;
        }
        checked.at_least("stimuli.load_thinned", self.load_thinned, 1)?;
        let repeats = self.memory_repeats;
        checked.within("stimuli.memory_repeats", repeats, 1, VECTORS_MAX)
    }
}

impl Grids {
    fn resolve(preset: Preset) -> Self {
        if preset == Preset::Quick {
            return Self {
                ota_biases: vec![60, 150, 300, 450, 600, 900],
                dac_biases: vec![60, 250, 600, 1022],
                noises_lsb: vec![1.2, 1.6, 2.0, 2.5],
                membrane_taus_us: vec![20.0, 40.0, 60.0, 100.0],
                synaptic_taus_us: vec![0.3, 1.0, 3.0, 10.0],
                cadc_ranges: vec![[250, 420], [200, 450], [150, 500], [70, 550]],
                waits: vec![1, 2, 5, 10, 20, 50],
                sends: vec![1, 2, 4, 8, 16],
            };
        }
        Self {
            ota_biases: vec![60, 100, 150, 200, 300, 450, 600, 750, 900],
            dac_biases: vec![60, 125, 250, 400, 600, 800, 1022],
            noises_lsb: vec![1.2, 1.4, 1.6, 1.8, 2.0, 2.25, 2.5],
            membrane_taus_us: vec![20.0, 30.0, 40.0, 50.0, 60.0, 80.0, 100.0],
            synaptic_taus_us: vec![0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0],
            cadc_ranges: vec![
                [250, 420],
                [225, 440],
                [200, 450],
                [175, 475],
                [150, 500],
                [110, 525],
                [70, 550],
            ],
            waits: vec![1, 2, 3, 5, 7, 10, 20, 35, 50],
            sends: vec![1, 2, 3, 4, 6, 8, 12, 16],
        }
    }
}

impl Parameters {
    /// The parameters for a preset.
    pub fn resolve(settings: &Settings) -> Self {
        let chips = match settings.preset {
            Preset::Quick => 2,
            Preset::Standard => 5,
            Preset::Full => 10,
        };
        Self {
            chip_seeds: settings.chip_seeds(chips),
            most_doubtful_share: 0.01,
            lumped_up_to_tau_syn_us: 0.5,
            least_gain_share: 0.3,
            long_tau_syn_us: 5.0,
            long_tau_ota_bias: 60,
            least_ota_bias: 30,
            grids: Grids::resolve(settings.preset),
            stimuli: Stimuli::default(),
            settings: RunSettings::default(),
            chip: settings.chip.clone(),
            calibration: JointProcedure::default(),
            cost_model: CostModel::default(),
        }
    }

    /// Parameters that results can come of.
    ///
    /// # Errors
    /// [`ExperimentError::Parameter`] with the first that is none of these.
    pub fn check(&self) -> Result<(), ExperimentError> {
        let checked = Checked(EXPERIMENT.name);
        checked.several("chip_seeds", &self.chip_seeds)?;
        self.stimuli.check(checked)
    }

    /// Every value of every knob.
    pub(super) fn points(&self) -> Result<Vec<Point>, ExperimentError> {
        let mut points = Vec::new();
        for knob in Knob::ALL {
            points.extend(Point::all_of(knob, self)?);
        }
        Ok(points)
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::CostParameters;

    use super::*;
    use crate::configuration::to_toml;
    use crate::parameter_check::tests::{Refused, assert_refused};

    #[test]
    fn every_parameter_stands_in_the_configuration() {
        let default = Parameters::resolve(&Settings::default());
        let text = |parameters: &Parameters| to_toml(parameters).unwrap().to_string();
        let changes: [fn(&mut Parameters); 44] = [
            |p| p.chip_seeds.push(99),
            |p| p.most_doubtful_share += 1e-6,
            |p| p.lumped_up_to_tau_syn_us += 1e-6,
            |p| p.least_gain_share += 1e-6,
            |p| p.long_tau_syn_us += 1e-6,
            |p| p.long_tau_ota_bias += 1,
            |p| p.least_ota_bias += 1,
            |p| p.grids.ota_biases.push(1000),
            |p| p.grids.dac_biases.push(1000),
            |p| p.grids.noises_lsb.push(9.0),
            |p| p.grids.membrane_taus_us.push(200.0),
            |p| p.grids.synaptic_taus_us.push(20.0),
            |p| p.grids.cadc_ranges.push([0, 600]),
            |p| p.grids.waits.push(99),
            |p| p.grids.sends.push(99),
            |p| p.stimuli.hemisphere += 1,
            |p| p.stimuli.layer_vectors += 1,
            |p| p.stimuli.layer_repeats += 1,
            |p| p.stimuli.ramp_least_weight += 1,
            |p| p.stimuli.ramp_steps += 1,
            |p| p.stimuli.ramp_repeats += 1,
            |p| p.stimuli.ramp_inner_share += 1e-6,
            |p| p.stimuli.clipped_beyond_lsb += 1e-6,
            |p| p.stimuli.load_least_weight += 1,
            |p| p.stimuli.load_thinned += 1,
            |p| p.stimuli.load_vectors += 1,
            |p| p.stimuli.load_repeats += 1,
            |p| p.stimuli.single_rows += 1,
            |p| p.stimuli.single_activation += 1,
            |p| p.stimuli.single_weight += 1,
            |p| p.stimuli.single_sends += 1,
            |p| p.stimuli.single_repeats += 1,
            |p| p.stimuli.long_wait += 1,
            |p| p.stimuli.long_repeats += 1,
            |p| p.stimuli.memory_amplitude_lsb += 1e-6,
            |p| p.stimuli.memory_line_taus += 1e-6,
            |p| p.stimuli.memory_waits_us.push(999.0),
            |p| p.stimuli.memory_repeats += 1,
            |p| p.stimuli.memory_least_share += 1e-6,
            |p| p.stimuli.memory_longest += 1e-6,
            |p| p.settings = RunSettings::new(2, 5).unwrap(),
            |p| p.chip.noise.read_lsb += 1e-6,
            |p| p.calibration.options.rounds += 1,
            |p| {
                let other = CostParameters {
                    settle_us: 1.0,
                    ..CostParameters::default()
                };
                p.cost_model = other.check().unwrap();
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut changed = default.clone();
            change(&mut changed);
            assert_ne!(text(&changed), text(&default), "change {number}");
        }
    }

    #[test]
    fn larger_presets_have_more_chips_and_values() {
        let [quick, standard, full] = Preset::ALL.map(|preset| {
            let settings = Settings {
                preset,
                ..Settings::default()
            };
            let parameters = Parameters::resolve(&settings);
            (
                parameters.chip_seeds.len(),
                parameters.points().unwrap().len(),
            )
        });
        assert_eq!([quick.0, standard.0, full.0], [2, 5, 10]);
        assert!(quick.1 < standard.1 && standard.1 == full.1);
    }

    #[test]
    fn what_no_result_can_come_of_is_refused_by_name() {
        let default = Parameters::resolve(&Settings::default());
        let changes: [Refused<Parameters>; 11] = [
            (|p| p.chip_seeds.clear(), "chip_seeds: is empty"),
            (
                |p| p.stimuli.layer_vectors = 0,
                "stimuli.layer_vectors: 0 is outside 1…100000",
            ),
            (
                |p| p.stimuli.layer_repeats = 0,
                "stimuli.layer_repeats: 0 is outside 1…2083",
            ),
            (
                |p| p.stimuli.long_repeats = usize::MAX,
                "stimuli.long_repeats: 18446744073",
            ),
            (|p| p.stimuli.ramp_repeats = 0, "stimuli.ramp_repeats: 0"),
            (|p| p.stimuli.load_repeats = 0, "stimuli.load_repeats: 0"),
            (
                |p| p.stimuli.single_repeats = 0,
                "stimuli.single_repeats: 0",
            ),
            (
                |p| p.stimuli.memory_repeats = 0,
                "stimuli.memory_repeats: 0",
            ),
            (
                |p| p.stimuli.ramp_least_weight = 64,
                "stimuli.ramp_least_weight: 64 is outside 0…63",
            ),
            (
                |p| p.stimuli.load_least_weight = -128,
                "stimuli.load_least_weight: -128",
            ),
            (
                |p| p.stimuli.load_thinned = 0,
                "stimuli.load_thinned: 0 is less than 1",
            ),
        ];
        assert_refused(&default, Parameters::check, &changes);
    }

    #[test]
    fn ranges_of_the_cadc_may_be_of_any_width() {
        let mut parameters = Parameters::resolve(&Settings::default());
        parameters.grids.cadc_ranges = vec![[-1, i32::MAX], [i32::MIN, i32::MAX]];
        let points = parameters.points().unwrap();
        assert!(points.iter().any(|point| point.value == 4_294_967_295.0));
    }
}

//! Durations and energies of what a chip does.

use serde::{Deserialize, Serialize};

use crate::{CostError, CostLedger, RunSettings};

/// Raw durations and energies of single operations; [`check`](Self::check) them to use them.
///
/// Unknown keys are refused when they are read; missing ones take the default. Every duration lies
/// in 0…10⁹ µs, every energy in 0…10⁹ pJ, the power in 0…100 W.
///
/// *Anchor:* one inference of the published ECG network takes 276 µs and 192 µJ (Stradmann et al.
/// 2022, arXiv:2103.15960). It determines two of the defaults, `round_trip_us` and `static_power_w`,
/// given all others; energies of single operations are estimates of magnitude and make up less than
/// 1 % of that inference.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CostParameters {
    /// Membrane reset before each vector, µs (about 2; BSS-2 documentation).
    pub reset_us: f64,
    /// Wait from the last event to the readout, µs (about 1; BSS-2 documentation).
    pub readout_delay_us: f64,
    /// One conversion of all channels of a hemisphere, µs (1.85 MS/s per channel).
    pub conversion_us: f64,
    /// The processors' part of a readout, µs: taking the command, subtracting, handing the results
    /// over. Documented: the software stack (grenade, execution of snippets) leaves 10 µs for the
    /// processors' readout, the conversion included, and fetches the results of both hemispheres in
    /// 2 × 128 cycles of 8 ns.
    pub readout_us: f64,
    /// Writing one signed weight, µs (assumption: 2 B per signed weight at 250 MB/s).
    pub weight_us: f64,
    /// Writing one register instance, µs (assumption: 1 µs, a word over the control bus).
    pub register_us: f64,
    /// Settling of the CapMem, µs (20 ms; calix).
    pub settle_us: f64,
    /// From a result to the beginning of the next run, µs: the results' way to the FPGA, the digital
    /// work between two layers, the next activations' way back. Determined by the anchor, for a
    /// system that keeps an inference between chip and FPGA; a host behind a network takes
    /// milliseconds.
    pub round_trip_us: f64,
    /// Power that the chip takes whatever it does, W: bias currents, clocks, processors, links.
    /// Determined by the anchor: 192 µJ in 276 µs.
    pub static_power_w: f64,
    /// Sending one event to a driver, pJ (assumption: 32 bit over a serial link at 5 pJ per bit, and
    /// a row's line of about 1 pF).
    pub event_pj: f64,
    /// One event at one synapse, pJ (assumption: a pulse of 10 µA for 4 ns from 1.2 V, and as much
    /// for its digital part).
    pub synaptic_operation_pj: f64,
    /// One conversion of one CADC channel, pJ (assumption: a comparator at 50 µA and 1.2 V for the
    /// time of a conversion, and an 8-bit counter).
    pub conversion_pj: f64,
    /// Writing one signed weight, pJ (assumption: 2 B over the link at 5 pJ per bit, and the
    /// memory's lines).
    pub weight_pj: f64,
    /// Writing one register instance, pJ (assumption: address and word, 64 bit over the link at 5 pJ
    /// per bit, and the bus).
    pub register_pj: f64,
}

impl CostParameters {
    /// Longest accepted duration, in µs.
    pub const DURATION_MAX_US: f64 = 1e9;
    /// Largest accepted energy of one operation, in pJ.
    pub const ENERGY_MAX_PJ: f64 = 1e9;
    /// Largest accepted power, in W.
    pub const POWER_MAX_W: f64 = 100.0;

    /// Validates every parameter.
    ///
    /// # Errors
    /// [`CostError::OutOfRange`] names the first parameter that is not a number or lies outside its
    /// range.
    pub fn check(self) -> Result<CostModel, CostError> {
        let durations = [
            ("reset_us", self.reset_us),
            ("readout_delay_us", self.readout_delay_us),
            ("conversion_us", self.conversion_us),
            ("readout_us", self.readout_us),
            ("weight_us", self.weight_us),
            ("register_us", self.register_us),
            ("settle_us", self.settle_us),
            ("round_trip_us", self.round_trip_us),
        ];
        let energies = [
            ("event_pj", self.event_pj),
            ("synaptic_operation_pj", self.synaptic_operation_pj),
            ("conversion_pj", self.conversion_pj),
            ("weight_pj", self.weight_pj),
            ("register_pj", self.register_pj),
        ];
        check_all(&durations, Self::DURATION_MAX_US)?;
        check_all(
            &[("static_power_w", self.static_power_w)],
            Self::POWER_MAX_W,
        )?;
        check_all(&energies, Self::ENERGY_MAX_PJ)?;
        Ok(CostModel(self))
    }
}

/// Refuses values that are NaN or outside 0…`max`.
fn check_all(fields: &[(&'static str, f64)], max: f64) -> Result<(), CostError> {
    match fields.iter().find(|(_, v)| !(0.0..=max).contains(v)) {
        None => Ok(()),
        Some(&(field, value)) => Err(CostError::OutOfRange { field, value, max }),
    }
}

impl Default for CostParameters {
    fn default() -> Self {
        Self {
            reset_us: 2.0,
            readout_delay_us: RunSettings::READOUT_DELAY_US,
            conversion_us: 1.0 / 1.85,
            readout_us: 11.5,
            weight_us: 0.008,
            register_us: 1.0,
            settle_us: 20_000.0,
            round_trip_us: 50.0,
            static_power_w: 0.7,
            event_pj: 160.0,
            synaptic_operation_pj: 0.1,
            conversion_pj: 50.0,
            weight_pj: 100.0,
            register_pj: 500.0,
        }
    }
}

/// Turns a [`CostLedger`] into time and energy of the chip: [`CostParameters`] that were checked.
///
/// Written and read as its parameters, which are checked again when they are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "CostParameters", into = "CostParameters")]
pub struct CostModel(CostParameters);

impl CostModel {
    /// The parameters.
    pub const fn get(&self) -> &CostParameters {
        &self.0
    }

    /// Time for which the chip is occupied, in microseconds: it works, or waits within the task.
    ///
    /// Set-up and the host's own work are not part of it.
    pub fn chip_time_us(&self, ledger: &CostLedger) -> f64 {
        let model = &self.0;
        let cycles = ledger.event_cycles.saturating_add(ledger.wait_cycles);
        ledger.vectors as f64 * (model.reset_us + model.readout_delay_us)
            + cycles as f64 * RunSettings::CYCLE_US
            + ledger.readouts as f64 * (model.conversion_us + model.readout_us)
            + ledger.round_trips as f64 * model.round_trip_us
            + ledger.weights_written as f64 * model.weight_us
            + ledger.register_writes as f64 * model.register_us
            + ledger.settles as f64 * model.settle_us
    }

    /// Energy that the chip takes in that time, in microjoules; nothing of the system around it.
    pub fn energy_uj(&self, ledger: &CostLedger) -> f64 {
        self.energy_of_chips_uj(ledger, 1)
    }

    /// Energy that so many chips take together in that time, in microjoules: each takes its static
    /// power all the time, whichever of them work.
    pub fn energy_of_chips_uj(&self, ledger: &CostLedger, chips: usize) -> f64 {
        let model = &self.0;
        let operations_pj = ledger.events as f64 * model.event_pj
            + ledger.synaptic_operations as f64 * model.synaptic_operation_pj
            + ledger.cadc_conversions as f64 * model.conversion_pj
            + ledger.weights_written as f64 * model.weight_pj
            + ledger.register_writes as f64 * model.register_pj;
        let static_power_w = model.static_power_w * chips as f64;
        static_power_w * self.chip_time_us(ledger) + 1e-6 * operations_pj
    }
}

impl TryFrom<CostParameters> for CostModel {
    type Error = CostError;

    fn try_from(parameters: CostParameters) -> Result<Self, CostError> {
        parameters.check()
    }
}

impl From<CostModel> for CostParameters {
    fn from(model: CostModel) -> Self {
        model.0
    }
}

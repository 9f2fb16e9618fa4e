//! Bias of the synapses' current DACs.

use bss2_core::{ReadoutSource, Register};

use super::Routine;
use crate::bench::{Pulses, Temporary};
use crate::quadrants::medians_by_quadrant;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Brings the median charge that a row brings onto the lines of each quadrant to that of the weakest
/// quadrant at a given bias.
///
/// One event on all drivers at once with full pulses; only some rows hold a weight, as many as lower
/// the weakest quadrant's lines by 30…40 LSB.
#[derive(Clone, Debug)]
pub struct SynapseBias {
    bias: i32,
    rows: usize,
    temporary: Temporary,
}

/// Rows to begin with, and their weight.
const ROWS: usize = 64;
const WEIGHT: i8 = 31;

/// Wanted drop of the weakest quadrant's lines, in LSB.
const DROP_LSB: f64 = 35.0;
const DROP_TOLERANCE_LSB: f64 = 5.0;

/// Attempts to find as many rows.
const ATTEMPTS: usize = 5;

/// Readings averaged per measurement.
const READINGS: usize = 8;

impl SynapseBias {
    /// The routine for a bias that the weakest quadrant is to have, 1…1022.
    pub fn new(bias: i32) -> Self {
        Self {
            bias,
            rows: ROWS,
            temporary: Temporary::default(),
        }
    }

    /// By how much an event lowers each quadrant's lines, in LSB.
    fn drops(&self, bench: &mut Bench<'_>, drops: &mut [f64]) -> Result<(), CalibrationError> {
        let inputs = bench.geometry().inputs();
        let rows = self.rows;
        // Spread evenly over the array.
        bench.load(|input, _| {
            let holds = (input + 1) * rows / inputs > input * rows / inputs;
            if holds { WEIGHT } else { 0 }
        })?;
        let event = Pulses {
            events: 1,
            ..Pulses::none(DELAY_US)
        };
        let resting = bench.pulses(Pulses::none(DELAY_US), READINGS)?.of_both();
        let lowered = bench.pulses(event, READINGS)?.of_both();
        let difference: Vec<f64> = resting.iter().zip(lowered).map(|(r, l)| r - l).collect();
        medians_by_quadrant(&difference, bench.geometry().columns(), drops);
        Ok(())
    }
}

/// Time from the event to the readout, in µs.
const DELAY_US: f64 = 1.0;

impl Routine for SynapseBias {
    fn name(&self) -> &'static str {
        "synapse DAC bias"
    }

    fn register(&self) -> Register {
        Register::SynIBiasDac
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    fn tolerance(&self) -> f64 {
        1.5
    }

    /// The weakest quadrant has the highest bias.
    fn may_end_at_boundary(&self) -> bool {
        true
    }

    fn prepare(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.show(bench, ReadoutSource::ExcitatoryLine)?;
        // Slow lines keep their charge until they are read.
        self.temporary
            .set_all(bench, Register::IBiasSyninExcTau, 0)?;
        bench.write_all(Register::SynIBiasDac, self.bias)?;
        self.rows = ROWS.min(bench.geometry().inputs());
        let mut drops = vec![0.0; bench.instances(Register::SynIBiasDac)];
        for _ in 0..ATTEMPTS {
            self.drops(bench, &mut drops)?;
            let weakest = drops.iter().copied().fold(f64::INFINITY, f64::min);
            if (weakest - DROP_LSB).abs() <= DROP_TOLERANCE_LSB || !weakest.is_finite() {
                break;
            }
            let wanted = self.rows as f64 * DROP_LSB / weakest.max(1.0);
            self.rows = (wanted.round() as usize).clamp(1, bench.geometry().inputs());
        }
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        let weakest = initial.iter().copied().fold(f64::INFINITY, f64::min);
        vec![weakest; initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        self.drops(bench, responses)
    }

    fn restore(&mut self, bench: &mut Bench<'_>) -> Result<(), CalibrationError> {
        self.temporary.restore(bench)
    }
}

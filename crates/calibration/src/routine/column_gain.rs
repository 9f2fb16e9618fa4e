//! Gains of the columns.

use bss2_core::{CadcChannel, Chip, Register, RunSettings};
use ndarray::Array2;

use super::Routine;
use crate::measure::median;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Which of a neuron's two synaptic inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputSign {
    /// The excitatory input: positive weights.
    Excitatory,
    /// The inhibitory input: negative weights.
    Inhibitory,
}

/// Brings the amplitude of every column to the median over the chip's columns at the registers'
/// values of the start.
///
/// The stimulus uses all drivers at once, so that their mismatch and that of the synapses averages
/// out. Both signs keep their own median, as the two inputs' gains differ systematically.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnGain {
    /// Which input.
    pub sign: InputSign,
    /// Multiplications averaged per measurement.
    pub runs: usize,
}

/// Stimulus: about 60 LSB from 128 drivers at the nominal gain, inside the linear range.
const ACTIVATION: u8 = 12;
const WEIGHT: i8 = 21;

/// Amplitude that columns must reach even where most of them are dead, in LSB.
const SMALLEST_TARGET_LSB: f64 = 10.0;

impl<C: Chip + ?Sized> Routine<C> for ColumnGain {
    fn name(&self) -> &'static str {
        match self.sign {
            InputSign::Excitatory => "excitatory column gain",
            InputSign::Inhibitory => "inhibitory column gain",
        }
    }

    fn register(&self) -> Register {
        match self.sign {
            InputSign::Excitatory => Register::IBiasSyninExcGm,
            InputSign::Inhibitory => Register::IBiasSyninInhGm,
        }
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    /// About 5 % of the amplitude.
    fn tolerance(&self) -> f64 {
        3.0
    }

    fn prepare(&mut self, bench: &mut Bench<'_, C>) -> Result<(), CalibrationError> {
        bench.load_uniform_weight(match self.sign {
            InputSign::Excitatory => WEIGHT,
            InputSign::Inhibitory => -WEIGHT,
        })
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![median(initial.to_vec()).max(SMALLEST_TARGET_LSB); initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_, C>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let geometry = bench.geometry();
        let stimulus = Array2::from_elem((self.runs, geometry.inputs()), ACTIVATION);
        let sign = match self.sign {
            InputSign::Excitatory => 1.0,
            InputSign::Inhibitory => -1.0,
        };
        for (hemisphere, responses) in responses.chunks_mut(geometry.columns()).enumerate() {
            let baseline = bench.baseline(hemisphere, CadcChannel::Causal, self.runs)?;
            let codes = bench.mean_codes(hemisphere, RunSettings::default(), stimulus.view(), 1)?;
            for (column, response) in responses.iter_mut().enumerate() {
                let code = codes.column(column).sum() / self.runs as f64;
                *response = sign * (code - baseline[column]);
            }
        }
        Ok(())
    }
}

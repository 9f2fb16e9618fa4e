//! Baselines of the CADC channels.

use bss2_core::{BASELINE_CODE, CadcChannel, Chip, Register};

use super::Routine;
use crate::search::Slope;
use crate::{Bench, CalibrationError};

/// Brings the code without events of every channel, causal and acausal, to the baseline code 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CadcOffset {
    /// Readouts averaged per measurement.
    pub runs: usize,
}

impl<C: Chip + ?Sized> Routine<C> for CadcOffset {
    fn name(&self) -> &'static str {
        "CADC offset"
    }

    fn register(&self) -> Register {
        Register::CadcOffset
    }

    fn slope(&self) -> Slope {
        Slope::Rising
    }

    fn unit(&self) -> &'static str {
        "LSB"
    }

    /// Half a step of the register and the noise of the mean.
    fn tolerance(&self) -> f64 {
        2.0
    }

    fn prepare(&mut self, _bench: &mut Bench<'_, C>) -> Result<(), CalibrationError> {
        Ok(())
    }

    fn targets(&self, initial: &[f64]) -> Vec<f64> {
        vec![f64::from(BASELINE_CODE); initial.len()]
    }

    fn measure(
        &mut self,
        bench: &mut Bench<'_, C>,
        responses: &mut [f64],
    ) -> Result<(), CalibrationError> {
        let columns = bench.geometry().columns();
        let kinds = CadcChannel::BOTH.len();
        for (index, responses) in responses.chunks_mut(columns).enumerate() {
            let (hemisphere, channel) = (index / kinds, CadcChannel::BOTH[index % kinds]);
            let baseline = bench.baseline(hemisphere, channel, self.runs)?;
            for (response, code) in responses.iter_mut().zip(baseline) {
                *response = code;
            }
        }
        Ok(())
    }
}

//! What calibration may measure.

use ndarray::{ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use serde::{Deserialize, Serialize};

use crate::settings::check_setting;
use crate::{
    ArrayError, ArrayGeometry, ChipControl, MacArray, PulseRequest, RunReport, RunRequest,
};

/// Raw measurements of a chip, nothing that a real one could not deliver.
pub trait ChipProbe {
    /// Runs like [`MacArray::run`] but delivers the raw codes (vectors × columns, 0…255) of one of
    /// the two CADC channels of each column, before any baseline is subtracted.
    ///
    /// A vector of zeros sends no events and so reads the columns' baselines. The request's region
    /// refers to the [probe geometry](crate::ArrayMode::probe_geometry): every physical column has
    /// its own channels, whatever the mode makes of it.
    ///
    /// # Errors
    /// See [`Region::check_run`](crate::Region::check_run); `codes` are unchanged then.
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError>;

    /// Sends simultaneous pulses and delivers the raw codes (repetitions × columns, 0…255) of both
    /// channels of each column, causal and acausal, converted at the same time. Every repetition
    /// begins with a reset and has noise of its own.
    ///
    /// # Errors
    /// See [`PulseRequest::check`]; `codes` are unchanged then.
    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError>;

    /// Temperature of the chip in °C, where a sensor shows it.
    fn temperature_celsius(&mut self) -> Option<f64> {
        None
    }

    /// Records a voltage of one column during the multiplication of one vector, in LSB of the CADC
    /// with its registers at reset, above the nominal reset potential (the fast ADC, which
    /// sees one column at a time). Sample n is taken n intervals after the end of the reset.
    ///
    /// # Errors
    /// As [`read_cadc`](Self::read_cadc), and [`ArrayError::SettingOutOfRange`] for a sample
    /// interval outside its range; `samples_lsb` are unchanged then.
    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError>;
}

/// The two CADC channels of a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CadcChannel {
    /// The one that delivers results.
    #[default]
    Causal,
    /// Its twin, which calibrations read as well.
    Acausal,
}

impl CadcChannel {
    /// Both channels, in the order of their registers.
    pub const BOTH: [Self; 2] = [Self::Causal, Self::Acausal];
}

/// Which voltage of a column the CADC or a trace shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadoutSource {
    /// The neuron's membrane.
    #[default]
    Membrane,
    /// The line that collects the charge of excitatory synapses; charge lowers its voltage.
    ExcitatoryLine,
    /// The same for inhibitory synapses.
    InhibitoryLine,
    /// The quadrant's debug line, which carries the voltage of `stp_v_charge_0`.
    DebugLine,
}

impl ReadoutSource {
    /// Every source, in the order of the register's values.
    pub const ALL: [Self; 4] = [
        Self::Membrane,
        Self::ExcitatoryLine,
        Self::InhibitoryLine,
        Self::DebugLine,
    ];

    /// Value of [`Register::ReadoutSource`](crate::Register::ReadoutSource) that selects it.
    pub const fn register_value(self) -> i32 {
        self as i32
    }
}

/// What to record during one multiplication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceRequest {
    /// The multiplication. Its region has to hold the column.
    pub run: RunRequest,
    /// The column of the hemisphere.
    pub column: usize,
    /// The voltage to record.
    pub source: ReadoutSource,
    /// Cycles of 8 ns from sample to sample, 1…1000.
    pub sample_interval_cycles: u32,
}

impl TraceRequest {
    /// Largest interval between samples, in cycles.
    pub const SAMPLE_INTERVAL_MAX: u32 = 1000;

    /// Checks the request for an array of the given sizes.
    ///
    /// # Errors
    /// [`ArrayError::RegionOutside`], [`ArrayError::Shape`] or [`ArrayError::ActivationOutOfRange`]
    /// as for a run, [`ArrayError::ColumnOutside`] or [`ArrayError::SettingOutOfRange`].
    pub fn check(
        &self,
        geometry: ArrayGeometry,
        activations: ArrayView1<'_, u8>,
    ) -> Result<(), ArrayError> {
        let region = self.run.region;
        region.check_run(
            geometry,
            activations.insert_axis(Axis(0)),
            (1, region.columns),
        )?;
        if !region.column_range().contains(&self.column) {
            return Err(ArrayError::ColumnOutside {
                column: self.column,
                region,
            });
        }
        check_setting(
            "sample_interval_cycles",
            self.sample_interval_cycles,
            1..=Self::SAMPLE_INTERVAL_MAX,
        )?;
        Ok(())
    }
}

/// A whole chip: multiplier, registers and raw measurements.
pub trait Chip: MacArray + ChipControl + ChipProbe {}

impl<T: MacArray + ChipControl + ChipProbe + ?Sized> Chip for T {}

macro_rules! forward_probe {
    ($($pointer:ty),*) => {$(
        impl<T: ChipProbe + ?Sized> ChipProbe for $pointer {
            fn read_cadc(
                &mut self,
                request: &RunRequest,
                channel: CadcChannel,
                activations: ArrayView2<'_, u8>,
                codes: ArrayViewMut2<'_, u8>,
            ) -> Result<RunReport, ArrayError> {
                (**self).read_cadc(request, channel, activations, codes)
            }

            fn read_pulses(
                &mut self,
                request: &PulseRequest,
                codes: [ArrayViewMut2<'_, u8>; 2],
            ) -> Result<(), ArrayError> {
                (**self).read_pulses(request, codes)
            }

            fn temperature_celsius(&mut self) -> Option<f64> {
                (**self).temperature_celsius()
            }

            fn record_trace(
                &mut self,
                request: &TraceRequest,
                activations: ArrayView1<'_, u8>,
                samples_lsb: &mut [f32],
            ) -> Result<(), ArrayError> {
                (**self).record_trace(request, activations, samples_lsb)
            }
        }
    )*};
}

forward_probe!(&mut T, Box<T>);

//! One value of a knob.

use bss2_calibration::{CadcRange, JointProcedure};
use bss2_core::RunSettings;

use super::Parameters;
use super::knob::Knob;
use crate::ExperimentError;

/// One value of a knob, and what it makes of calibration and runs.
#[derive(Clone, Debug)]
pub(super) struct Point {
    pub(super) knob: Knob,
    /// The value, as it stands on the knob's axis.
    pub(super) value: f64,
    pub(super) calibration: JointProcedure,
    pub(super) settings: RunSettings,
}

impl Point {
    /// All values of a knob, in rising order.
    pub(super) fn all_of(
        knob: Knob,
        parameters: &Parameters,
    ) -> Result<Vec<Self>, ExperimentError> {
        let grids = &parameters.grids;
        let target = |value: f64, change: &dyn Fn(&mut JointProcedure)| {
            let mut calibration = parameters.calibration;
            change(&mut calibration);
            Self {
                knob,
                value,
                calibration,
                settings: parameters.settings,
            }
        };
        let setting = |value: u32, settings| Self {
            knob,
            value: f64::from(value),
            calibration: parameters.calibration,
            settings,
        };
        let default = parameters.settings;
        let baseline = default.baseline();
        Ok(match knob {
            Knob::OtaBias => each(&grids.ota_biases, |bias| {
                target(bias.into(), &|c| c.targets.i_synin_gm = bias)
            }),
            Knob::DacBias => each(&grids.dac_biases, |bias| {
                target(bias.into(), &|c| c.targets.synapse_dac_bias = bias)
            }),
            Knob::DacBiasLongTau => each(&grids.dac_biases, |bias| {
                target(bias.into(), &|c| {
                    c.targets.synapse_dac_bias = bias;
                    c.targets.tau_syn_us = parameters.long_tau_syn_us;
                    c.targets.i_synin_gm = parameters.long_tau_ota_bias;
                })
            }),
            Knob::TargetNoise => each(&grids.noises_lsb, |noise| {
                target(noise, &|c| c.targets.target_noise_lsb = Some(noise))
            }),
            Knob::MembraneTau => each(&grids.membrane_taus_us, |tau| {
                target(tau, &|c| {
                    c.targets.tau_mem_us = tau;
                    c.options.keep_leak = true;
                })
            }),
            Knob::SynapticTau => each(&grids.synaptic_taus_us, |tau| {
                target(tau, &|c| c.targets.tau_syn_us = tau)
            }),
            Knob::SynapticTauCompensated => each(&grids.synaptic_taus_us, |tau| {
                target(tau, &|c| {
                    let kept = f64::from(c.targets.i_synin_gm) * c.targets.tau_syn_us / tau;
                    c.targets.i_synin_gm = (kept.round() as i32).max(parameters.least_ota_bias);
                    c.targets.tau_syn_us = tau;
                })
            }),
            Knob::CadcRange => each(&grids.cadc_ranges, |[lower, upper]| {
                target(f64::from(upper) - f64::from(lower), &|c| {
                    c.targets.cadc = CadcRange {
                        lower,
                        upper,
                        ..c.targets.cadc
                    };
                })
            }),
            Knob::Wait => grids
                .waits
                .iter()
                .map(|&wait| {
                    let settings = RunSettings::new(default.num_sends(), wait)?;
                    Ok(setting(wait, settings.with_baseline(baseline)))
                })
                .collect::<Result<_, ExperimentError>>()?,
            Knob::NumSends => grids
                .sends
                .iter()
                .map(|&sends| {
                    let settings = RunSettings::new(sends, default.wait_between_events())?;
                    Ok(setting(sends, settings.with_baseline(baseline)))
                })
                .collect::<Result<_, ExperimentError>>()?,
        })
    }

    /// The value with its unit, for people.
    pub(super) fn text(&self) -> String {
        let unit = match self.knob.unit() {
            " cycles" if self.value == 1.0 => " cycle",
            unit => unit,
        };
        format!("{}{unit}", self.value)
    }
}

fn each<T: Copy>(values: &[T], point: impl Fn(T) -> Point) -> Vec<Point> {
    values.iter().map(|&value| point(value)).collect()
}

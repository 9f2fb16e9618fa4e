//! A procedure from its beginning to its end, looked at after every routine.

use bss2_calibration::{CalibrationResult, Procedure};
use bss2_core::{CostLedger, Metered};
use bss2_hardware::SimulatedChip;
use serde::{Deserialize, Serialize};

use super::Parameters;
use super::residual::Residual;
use super::shared_chip::SharedChip;
use crate::ExperimentError;

/// The chip after some part of a procedure.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Stop {
    /// Measurements so far.
    pub(super) measurements: u64,
    /// Cost so far.
    pub(super) cost: CostLedger,
    /// What a chip that stops here shows.
    pub(super) residual: Residual,
}

/// A procedure on one chip.
#[derive(Serialize, Deserialize)]
pub(super) struct Convergence {
    /// From the fresh chip to the calibrated one.
    pub(super) stops: Vec<Stop>,
    pub(super) result: CalibrationResult,
}

impl Convergence {
    /// Runs the procedure: what it showed, and the chip that it leaves.
    pub(super) fn of(
        procedure: Procedure,
        fresh: &SimulatedChip,
        seeds: [u64; 2],
        parameters: &Parameters,
    ) -> Result<(Self, SimulatedChip), ExperimentError> {
        let [calibration_seed, trial_seed] = seeds;
        let shared = SharedChip::new(fresh.clone());
        let mut seen: Vec<(u64, CostLedger, SimulatedChip)> =
            vec![(0, CostLedger::default(), fresh.clone())];
        let (mut measurements, mut cost) = (0, CostLedger::default());
        let result = procedure.run(
            &mut Metered::new(shared.clone()),
            calibration_seed,
            &mut |routine| {
                measurements += routine.measurements;
                cost += routine.cost;
                seen.push((measurements, cost, shared.snapshot()));
            },
        )?;
        let mut stops: Vec<Stop> = Vec::with_capacity(seen.len());
        for (measurements, cost, chip) in seen {
            let residual = Residual::of(chip, trial_seed, parameters)?;
            let stop = Stop {
                measurements,
                cost,
                residual,
            };
            // What was calibrated together ends together: of such routines the last one counts.
            match stops.last_mut() {
                Some(last) if last.residual == residual => *last = stop,
                _ => stops.push(stop),
            }
        }
        Ok((Self { stops, result }, shared.snapshot()))
    }

    /// Measurements of the whole procedure.
    pub(super) fn measurements(&self) -> f64 {
        self.stops
            .last()
            .map_or(f64::NAN, |stop| stop.measurements as f64)
    }

    /// What the whole procedure leaves.
    pub(super) fn residual(&self) -> Residual {
        const NOTHING: Residual = Residual {
            columns_percent: f64::NAN,
            drivers_percent: f64::NAN,
            offsets_lsb: f64::NAN,
            baselines_lsb: f64::NAN,
        };
        self.stops.last().map_or(NOTHING, |stop| stop.residual)
    }
}

//! What a calibration leaves behind.

use bss2_core::{
    ArrayGeometry, ArrayMode, Chip, ChipControl, ChipIdentity, CostLedger, Register, RunReport,
    Scope,
};
use serde::{Deserialize, Serialize};

use crate::procedure::{Procedure, Refresh};
use crate::quadrants::quadrant_of;
use crate::{Bench, CalibrationError};

/// What one routine did to its register.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RoutineResult {
    /// The routine.
    pub name: String,
    /// Unit of the residuals.
    pub unit: String,
    /// The register that was turned.
    pub register: Register,
    /// The values found, one per instance; a later routine may have changed them.
    pub values: Vec<i32>,
    /// Whether each instance ended inside the register's range and within tolerance.
    pub success: Vec<bool>,
    /// Distance from the target before the routine, one per instance; none where there was no
    /// response.
    pub before: Vec<Option<f64>>,
    /// Distance from the target after it, one per instance.
    pub after: Vec<Option<f64>>,
    /// How often all instances were measured, nested routines included, preparations apart.
    pub measurements: u64,
    /// What it cost, preparations included, nested routines included.
    pub cost: CostLedger,
    /// How the residual fell, from the state before to the state after.
    pub course: Vec<Step>,
}

/// A routine's state after one of its measurements.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Measurements of the routine so far, nested ones included.
    pub measurements: u64,
    /// Cost of the routine so far.
    pub cost: CostLedger,
    /// Median distance from the target, in the routine's unit; none without any response.
    pub residual: Option<f64>,
}

impl RoutineResult {
    /// Root mean square of the distance from the target before, over the instances that succeeded (the others are counted in [`success_rate`](Self::success_rate)); NaN if none did.
    pub fn spread_before(&self) -> f64 {
        self.spread(&self.before)
    }

    /// The same after the routine.
    pub fn spread_after(&self) -> f64 {
        self.spread(&self.after)
    }

    /// Share of instances that succeeded, 0…1.
    pub fn success_rate(&self) -> f64 {
        let succeeded = self.success.iter().filter(|&&s| s).count();
        succeeded as f64 / self.success.len().max(1) as f64
    }

    fn spread(&self, residuals: &[Option<f64>]) -> f64 {
        let succeeded: Vec<f64> = residuals
            .iter()
            .zip(&self.success)
            .filter(|&(_, &succeeded)| succeeded)
            .filter_map(|(residual, _)| *residual)
            .collect();
        let squares: f64 = succeeded.iter().map(|distance| distance.powi(2)).sum();
        (squares / succeeded.len() as f64).sqrt()
    }
}

/// All registers of one chip, with their provenance.
///
/// [Saved](Self::save) to one file; also serialisable by itself (JSON keeps residuals to the last bit
/// only with `serde_json`'s `float_roundtrip`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationResult {
    /// The chip that was calibrated.
    pub chip: ChipIdentity,
    /// Its temperature in °C, where a sensor showed it.
    pub temperature_celsius: Option<f64>,
    /// Version of this crate.
    pub tool_version: String,
    /// Seed of the measurements' noise.
    pub trial_seed: u64,
    /// The procedure with its targets and options.
    pub procedure: Procedure,
    /// The procedure of the calibration from which this one was converted.
    pub converted_from: Option<Procedure>,
    /// Parts that were calibrated anew since, in their order.
    pub refreshed: Vec<Refresh>,
    /// How rows and columns are used.
    pub mode: ArrayMode,
    /// Every register with one value per instance.
    pub registers: Vec<(Register, Vec<i32>)>,
    /// The routines in the order they ran; only those of the last refresh, if there was one.
    pub routines: Vec<RoutineResult>,
    /// Whether each column of the chip works: its neuron's calibrations succeeded (the last of each
    /// register, and those before a refresh too), as did those
    /// of both its channels, by whose mean neurons are calibrated, and of its quadrant.
    pub working_columns: Vec<bool>,
    /// Whether each driver of the chip works: its own last calibration succeeded, and that of its
    /// quadrant's ramp.
    pub working_drivers: Vec<bool>,
    /// What all routines cost, and what was done between them.
    pub cost: CostLedger,
    /// What the chip said of the measurements: readings that a simulated chip computed outside its
    /// validity make a calibration doubtful.
    pub report: RunReport,
}

impl CalibrationResult {
    /// Keeps what is on the bench.
    pub(crate) fn of_bench(
        bench: &mut Bench<'_>,
        trial_seed: u64,
        procedure: Procedure,
        routines: Vec<RoutineResult>,
    ) -> Result<Self, CalibrationError> {
        bench.settle()?;
        let mut registers = Vec::with_capacity(Register::ALL.len());
        for &register in Register::ALL {
            registers.push((register, bench.values(register)?));
        }
        let geometry = bench.chip_geometry();
        let mut result = Self {
            chip: bench.identity(),
            temperature_celsius: bench.temperature_celsius(),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            trial_seed,
            procedure,
            converted_from: None,
            refreshed: Vec::new(),
            mode: bench.mode(),
            registers,
            routines,
            working_columns: vec![true; Scope::Column.instances(geometry)],
            working_drivers: vec![true; Scope::Driver.instances(geometry)],
            cost: bench.cost(),
            report: bench.report(),
        };
        result.judge(geometry.columns());
        Ok(result)
    }

    /// Marks what the last routine of each register did not bring to its target.
    pub(crate) fn judge(&mut self, columns_per_hemisphere: usize) {
        for (index, routine) in self.routines.iter().enumerate() {
            let overruled = self.routines[index + 1..]
                .iter()
                .any(|later| later.register == routine.register);
            if overruled {
                continue;
            }
            match routine.register.spec().scope {
                Scope::Column => mark(&mut self.working_columns, &routine.success),
                Scope::Driver => mark(&mut self.working_drivers, &routine.success),
                Scope::Channel => {
                    // Both channels of a column, first all causal ones of a hemisphere: neurons are
                    // calibrated by what both read.
                    let hemispheres = routine.success.chunks(2 * columns_per_hemisphere);
                    let columns = self.working_columns.chunks_mut(columns_per_hemisphere);
                    for (working, success) in columns.zip(hemispheres) {
                        for success in success.chunks(columns_per_hemisphere) {
                            mark(working, success);
                        }
                    }
                }
                Scope::Quadrant => {
                    let elements = match routine.register {
                        Register::StpIRamp => &mut self.working_drivers,
                        _ => &mut self.working_columns,
                    };
                    let hemispheres = routine.success.len() / Scope::QUADRANTS_PER_HEMISPHERE;
                    let per_hemisphere = elements.len() / hemispheres.max(1);
                    for (element, working) in elements.iter_mut().enumerate() {
                        let quadrant = quadrant_of(element, per_hemisphere.max(1));
                        *working &= routine.success.get(quadrant).is_some_and(|s| *s);
                    }
                }
            }
        }
    }

    /// The values of a register, one per instance.
    pub fn values(&self, register: Register) -> &[i32] {
        self.registers
            .iter()
            .find(|(known, _)| *known == register)
            .map_or(&[], |(_, values)| values)
    }

    /// Brings the chip that the values belong to into the mode of the calibration, writes all
    /// registers, and settles. All weights are zero then.
    ///
    /// # Errors
    /// [`CalibrationError::OtherChip`] if the chip is another one, before anything is written;
    /// [`CalibrationError::Control`] if it refuses a value.
    pub fn apply<C: ChipControl + ?Sized>(&self, chip: &mut C) -> Result<(), CalibrationError> {
        let found = chip.identity();
        if found != self.chip {
            return Err(CalibrationError::OtherChip {
                calibrated: self.chip.clone(),
                found,
            });
        }
        self.apply_to_any(chip)
    }

    /// [`apply`](Self::apply) without asking which chip it is: for a twin, or one that was renamed.
    ///
    /// # Errors
    /// [`CalibrationError::Control`] if the chip refuses a value; nothing is written then.
    pub fn apply_to_any<C: ChipControl + ?Sized>(
        &self,
        chip: &mut C,
    ) -> Result<(), CalibrationError> {
        self.check_registers(chip.control_geometry())?;
        chip.set_mode(self.mode)?;
        for (register, values) in &self.registers {
            chip.write_register(*register, values)?;
        }
        chip.settle()?;
        Ok(())
    }

    /// Refuses values that a chip of these sizes does not take, and a set of registers that is not
    /// complete.
    fn check_registers(&self, chip: ArrayGeometry) -> Result<(), CalibrationError> {
        for &register in Register::ALL {
            register.check(chip, self.values(register))?;
        }
        Ok(())
    }

    /// Puts the chip that the values belong to on the bench with them.
    pub(crate) fn on_bench<'a>(
        &self,
        chip: &'a mut (dyn Chip + 'a),
        trial_seed: u64,
    ) -> Result<Bench<'a>, CalibrationError> {
        let mut bench = Bench::new(chip, trial_seed);
        let found = bench.identity();
        if found != self.chip {
            return Err(CalibrationError::OtherChip {
                calibrated: self.chip.clone(),
                found,
            });
        }
        self.check_registers(bench.chip_geometry())?;
        bench.set_mode(self.mode)?;
        for (register, values) in &self.registers {
            bench.write(*register, values)?;
        }
        bench.settle()?;
        Ok(bench)
    }
}

fn mark(working: &mut [bool], success: &[bool]) {
    for (working, success) in working.iter_mut().zip(success) {
        *working &= success;
    }
}

//! The chip's registers: what was asked for, and what acts.

use std::collections::BTreeMap;

use bss2_core::{ArrayGeometry, ControlError, Register, Scope};

/// Register values of one chip. CapMem cells keep acting with their old value until they settle.
#[derive(Clone, Debug)]
pub(crate) struct RegisterFile {
    geometry: ArrayGeometry,
    requested: BTreeMap<Register, Vec<i32>>,
    acting: BTreeMap<Register, Vec<i32>>,
    stale: Stale,
}

/// Which parts of the circuit act differently since they were last folded.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Stale {
    pub(crate) drivers: bool,
    pub(crate) synapses: bool,
    pub(crate) columns: bool,
}

impl Stale {
    fn note(&mut self, register: Register) {
        match register {
            Register::StpIRamp | Register::HagenDacOffset => self.drivers = true,
            Register::SynIBiasDac => self.synapses = true,
            _ => self.columns = true,
        }
    }
}

impl RegisterFile {
    /// All registers at their reset values.
    pub(crate) fn new(geometry: ArrayGeometry) -> Self {
        let reset: BTreeMap<_, _> = Register::ALL
            .iter()
            .map(|&r| (r, vec![r.spec().reset; r.instances(geometry)]))
            .collect();
        Self {
            geometry,
            requested: reset.clone(),
            acting: reset,
            stale: Stale::default(),
        }
    }

    pub(crate) fn write(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        register.check(self.geometry, values)?;
        self.requested.insert(register, values.to_vec());
        if !register.spec().capmem {
            self.take_over(register);
        }
        Ok(())
    }

    pub(crate) fn requested(&self, register: Register) -> &[i32] {
        &self.requested[&register]
    }

    pub(crate) fn settle(&mut self) {
        for &register in Register::ALL {
            self.take_over(register);
        }
    }

    /// Sets every register to its reset value and lets it act.
    pub(crate) fn reset(&mut self) {
        for &register in Register::ALL {
            let values = vec![register.spec().reset; register.instances(self.geometry)];
            self.requested.insert(register, values);
        }
        self.settle();
    }

    fn take_over(&mut self, register: Register) {
        let requested = &self.requested[&register];
        if self.acting[&register] != *requested {
            self.acting.insert(register, requested.clone());
            self.stale.note(register);
        }
    }

    /// Tells what has to be folded again, and forgets it.
    pub(crate) fn take_stale(&mut self) -> Stale {
        std::mem::take(&mut self.stale)
    }

    /// The acting value of one instance, as a number to compute with.
    pub(crate) fn value(&self, register: Register, instance: usize) -> f32 {
        self.acting[&register][instance] as f32
    }

    /// The acting value relative to the register's reset value.
    pub(crate) fn relative(&self, register: Register, instance: usize) -> f32 {
        self.value(register, instance) / register.spec().reset as f32
    }

    /// The quadrant to which an instance of a scope belongs.
    pub(crate) fn quadrant_of(&self, scope: Scope, instance: usize) -> usize {
        let per_hemisphere = scope.per_hemisphere(self.geometry);
        let (hemisphere, index) = (instance / per_hemisphere, instance % per_hemisphere);
        let quadrants = Scope::QUADRANTS_PER_HEMISPHERE;
        hemisphere * quadrants + index * quadrants / per_hemisphere
    }
}

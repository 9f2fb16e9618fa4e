//! The chip's registers: what was asked for, and what acts.

use std::collections::BTreeMap;

use bss2_core::{ArrayGeometry, ControlError, Register, Scope};

/// Register values of one chip. CapMem cells keep acting with their old value until they settle.
#[derive(Clone, Debug)]
pub(crate) struct RegisterFile {
    geometry: ArrayGeometry,
    requested: BTreeMap<Register, Vec<i32>>,
    acting: BTreeMap<Register, Vec<i32>>,
}

impl RegisterFile {
    pub(crate) fn new(geometry: ArrayGeometry) -> Self {
        let reset: BTreeMap<_, _> = Register::ALL
            .into_iter()
            .map(|r| (r, vec![r.spec().reset; r.instances(geometry)]))
            .collect();
        Self {
            geometry,
            requested: reset.clone(),
            acting: reset,
        }
    }

    /// Writes all instances; tells whether anything acts differently already.
    pub(crate) fn write(
        &mut self,
        register: Register,
        values: &[i32],
    ) -> Result<bool, ControlError> {
        register.check(self.geometry, values)?;
        self.requested.insert(register, values.to_vec());
        if register.spec().capmem {
            return Ok(false);
        }
        self.acting.insert(register, values.to_vec());
        Ok(true)
    }

    pub(crate) fn requested(&self, register: Register) -> &[i32] {
        &self.requested[&register]
    }

    pub(crate) fn settle(&mut self) {
        self.acting.clone_from(&self.requested);
    }

    /// The acting value of one instance.
    pub(crate) fn integer(&self, register: Register, instance: usize) -> i32 {
        self.acting[&register][instance]
    }

    /// The acting value of one instance, as a number to compute with.
    pub(crate) fn value(&self, register: Register, instance: usize) -> f32 {
        self.integer(register, instance) as f32
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

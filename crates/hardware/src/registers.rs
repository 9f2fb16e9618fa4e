//! The chip's registers: what was asked for, and what acts.

use bss2_core::{ArrayGeometry, ControlError, Register, Scope};

use crate::capmem::{self, CapMemConfig, Cell, Occupation};

/// Register values of one chip. CapMem cells keep acting with their old value until they settle,
/// and then with one that deviates from what was asked for.
#[derive(Clone, Debug)]
pub(crate) struct RegisterFile {
    geometry: ArrayGeometry,
    capmem: CapMemConfig,
    /// The analog cells of each register; none of digital ones.
    cells: Vec<Option<Vec<Cell>>>,
    requested: Vec<Vec<i32>>,
    acting: Vec<Vec<f32>>,
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
    /// Whether there is anything.
    pub(crate) const fn any(self) -> bool {
        self.drivers || self.synapses || self.columns
    }

    fn note(&mut self, register: Register) {
        match register {
            Register::StpIRamp
            | Register::StpICalib
            | Register::HagenDacOffset
            | Register::StpOffset => self.drivers = true,
            Register::SynIBiasDac => self.synapses = true,
            _ => self.columns = true,
        }
    }
}

/// Distance from its value, in codes, at which a CapMem cell counts as settled.
const SETTLED_CODES: f32 = 0.05;

impl RegisterFile {
    /// All registers at their reset values, settled.
    pub(crate) fn new(capmem: &CapMemConfig, geometry: ArrayGeometry, seed: u64) -> Self {
        let all = || Register::ALL.iter().copied();
        let reset_values = |r: Register| vec![r.spec().reset; r.instances(geometry)];
        let mut file = Self {
            geometry,
            capmem: capmem.clone(),
            cells: all()
                .map(|r| {
                    let block = |instance| quadrant_of(geometry, r.spec().scope, instance);
                    let blocks = (0..r.instances(geometry)).map(block);
                    let is_analog = r.spec().capmem;
                    is_analog.then(|| capmem::draw(capmem, seed, r, blocks))
                })
                .collect(),
            requested: all().map(reset_values).collect(),
            acting: all()
                .map(|r| reset_values(r).iter().map(|&v| v as f32).collect())
                .collect(),
            stale: Stale::default(),
        };
        file.approach(0.0);
        file.stale = Stale::default();
        file
    }

    pub(crate) fn write(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        register.check(self.geometry, values)?;
        self.requested[register as usize].copy_from_slice(values);
        if !register.spec().capmem {
            self.take_over(register);
        }
        Ok(())
    }

    pub(crate) fn requested(&self, register: Register) -> &[i32] {
        &self.requested[register as usize]
    }

    /// Lets all CapMem cells approach what they were asked for during one settle.
    pub(crate) fn settle(&mut self) {
        self.approach(self.capmem.left_after_settle());
    }

    /// Sets every register but the readout source, which follows the mode, to its reset value and
    /// waits as long as that takes.
    pub(crate) fn reset(&mut self) {
        for &register in Register::ALL {
            if register != Register::ReadoutSource {
                self.requested[register as usize].fill(register.spec().reset);
                if !register.spec().capmem {
                    self.take_over(register);
                }
            }
        }
        self.approach(0.0);
    }

    /// A digital register acts at once and as asked.
    fn take_over(&mut self, register: Register) {
        let requested = &self.requested[register as usize];
        let acting = &mut self.acting[register as usize];
        for (acting, &requested) in acting.iter_mut().zip(requested) {
            if *acting != requested as f32 {
                *acting = requested as f32;
                self.stale.note(register);
            }
        }
    }

    /// Brings all CapMem cells closer to their value: `left` of the distance remains.
    fn approach(&mut self, left: f32) {
        let shares = self.occupation().shares();
        for &register in Register::ALL {
            let Some(cells) = &self.cells[register as usize] else {
                continue;
            };
            let requested = &self.requested[register as usize];
            let acting = &mut self.acting[register as usize];
            let mut changed = false;
            for ((cell, &code), acting) in cells.iter().zip(requested).zip(acting) {
                let same = shares[cell.block][code as usize];
                let target = cell.settled(&self.capmem, code, same);
                let distance = left * (*acting - target);
                let settled = if distance.abs() < SETTLED_CODES {
                    target
                } else {
                    target + distance
                };
                changed |= *acting != settled;
                *acting = settled;
            }
            if changed {
                self.stale.note(register);
            }
        }
    }

    /// How many cells of each block hold each code.
    fn occupation(&self) -> Occupation {
        let mut occupation = Occupation::new(self.geometry);
        for (cells, requested) in self.cells.iter().zip(&self.requested) {
            for (cell, &code) in cells.iter().flatten().zip(requested) {
                occupation.add(cell.block, code);
            }
        }
        occupation
    }

    /// Tells what has to be folded again, and forgets it.
    pub(crate) fn take_stale(&mut self) -> Stale {
        std::mem::take(&mut self.stale)
    }

    /// Notes that everything that depends on temperature or age has to be folded again.
    pub(crate) fn conditions_changed(&mut self) {
        self.stale.drivers = true;
        self.stale.columns = true;
    }

    /// The acting value of one instance.
    pub(crate) fn value(&self, register: Register, instance: usize) -> f32 {
        self.acting[register as usize][instance]
    }

    /// The acting value relative to the register's reset value.
    pub(crate) fn relative(&self, register: Register, instance: usize) -> f32 {
        self.value(register, instance) / register.spec().reset as f32
    }

    /// The acting value less the register's reset value.
    pub(crate) fn distance(&self, register: Register, instance: usize) -> f32 {
        self.value(register, instance) - register.spec().reset as f32
    }

    /// The quadrant to which an instance of a scope belongs.
    pub(crate) fn quadrant_of(&self, scope: Scope, instance: usize) -> usize {
        quadrant_of(self.geometry, scope, instance)
    }
}

fn quadrant_of(geometry: ArrayGeometry, scope: Scope, instance: usize) -> usize {
    let per_hemisphere = scope.per_hemisphere(geometry);
    let (hemisphere, index) = (instance / per_hemisphere, instance % per_hemisphere);
    // A channel belongs where its column does.
    let (index, size) = match scope {
        Scope::Channel => (index % geometry.columns(), geometry.columns()),
        Scope::Quadrant | Scope::Driver | Scope::Column => (index, per_hemisphere),
    };
    let quadrants = Scope::QUADRANTS_PER_HEMISPHERE;
    hemisphere * quadrants + index * quadrants / size
}

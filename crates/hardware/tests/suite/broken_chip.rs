//! Every law of chips is seen to be broken by a chip that breaks it.

use bss2_core::testing::{CONTROL_LAWS, ChipSubject, Law, PROBE_LAWS, hold_all};
use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, CadcChannel, Chip, ChipControl, ChipIdentity, ChipProbe,
    ControlError, MacArray, Metered, PulseRequest, Region, Register, RunReport, RunRequest,
    TraceRequest,
};
use bss2_hardware::{ChipConfig, Fidelity, SimulatedChip};
use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2};

use crate::support::{chip, copy_of, geometry};

/// What is wrong with a chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Defect {
    None,
    SwitchesReadHigh,
    LastInstanceIsLost,
    ValuesAreClamped,
    WritesSettle,
    SettlesDoNothing,
    SettlesShow,
    ResetLeavesOffsets,
    ModesKeepWeights,
    ModesReset,
    NameTellsTheMode,
    CodesAreHigh,
    VectorsCountFromZero,
    ProbesCount,
    PulsesLeaveOffsets,
    TracesEndInZero,
    ActivationsAreClamped,
}

/// Which law each of them breaks at least.
const BREAKS: &[(Defect, &str)] = &[
    (Defect::SwitchesReadHigh, "a fresh chip holds reset values"),
    (Defect::LastInstanceIsLost, "what is written is read"),
    (Defect::ValuesAreClamped, "bad writes change nothing"),
    (Defect::WritesSettle, "CapMem cells wait until they settle"),
    (
        Defect::SettlesDoNothing,
        "CapMem cells wait until they settle",
    ),
    (Defect::SettlesShow, "writing again changes nothing"),
    (Defect::ResetLeavesOffsets, "a reset undoes every write"),
    (Defect::ModesKeepWeights, "a mode begins without weights"),
    (Defect::ModesReset, "a mode begins without weights"),
    (Defect::NameTellsTheMode, "a chip keeps its name"),
    (
        Defect::CodesAreHigh,
        "codes are results before the baseline is subtracted",
    ),
    (
        Defect::VectorsCountFromZero,
        "a probed batch may be split anywhere",
    ),
    (Defect::ProbesCount, "equal probes give equal codes"),
    (Defect::PulsesLeaveOffsets, "probing leaves no trace"),
    (
        Defect::TracesEndInZero,
        "a longer trace begins like a shorter one",
    ),
    (Defect::ActivationsAreClamped, "bad probes change nothing"),
];

/// A good chip with a defect.
struct Broken {
    inner: SimulatedChip,
    defect: Defect,
    settles: u8,
    probes: u8,
    loaded: Option<(Region, Array2<i8>)>,
}

impl MacArray for Broken {
    fn geometry(&self) -> ArrayGeometry {
        self.inner.geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.inner.load_weights(region, weights)?;
        self.loaded = Some((region, weights.to_owned()));
        Ok(())
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        self.inner.run(request, activations, outputs)
    }
}

impl ChipProbe for Broken {
    fn read_cadc(
        &mut self,
        request: &RunRequest,
        channel: CadcChannel,
        activations: ArrayView2<'_, u8>,
        mut codes: ArrayViewMut2<'_, u8>,
    ) -> Result<RunReport, ArrayError> {
        let (mut request, mut given) = (*request, copy_of(activations));
        match self.defect {
            Defect::VectorsCountFromZero => request.trial.first_vector = 0,
            Defect::ActivationsAreClamped => given.mapv_inplace(|x| x.min(31)),
            _ => {}
        }
        let report = self
            .inner
            .read_cadc(&request, channel, given.view(), codes.view_mut())?;
        self.probes += 1;
        let higher = match self.defect {
            Defect::CodesAreHigh => 1,
            Defect::SettlesShow => self.settles,
            Defect::ProbesCount => self.probes,
            _ => 0,
        };
        codes.mapv_inplace(|code| code.wrapping_add(higher));
        Ok(report)
    }

    fn read_pulses(
        &mut self,
        request: &PulseRequest,
        codes: [ArrayViewMut2<'_, u8>; 2],
    ) -> Result<(), ArrayError> {
        self.inner.read_pulses(request, codes)?;
        if self.defect == Defect::PulsesLeaveOffsets {
            let count = Register::CadcOffset.instances(self.control_geometry());
            self.write_register(Register::CadcOffset, &vec![5; count])
                .expect("a good write");
        }
        Ok(())
    }

    fn record_trace(
        &mut self,
        request: &TraceRequest,
        activations: ArrayView1<'_, u8>,
        samples_lsb: &mut [f32],
    ) -> Result<(), ArrayError> {
        self.inner.record_trace(request, activations, samples_lsb)?;
        if self.defect == Defect::TracesEndInZero
            && let Some(last) = samples_lsb.last_mut()
        {
            *last = 0.0;
        }
        Ok(())
    }
}

impl ChipControl for Broken {
    fn identity(&self) -> ChipIdentity {
        match self.defect {
            Defect::NameTellsTheMode => ChipIdentity::new(format!("{:?}", self.mode())),
            _ => self.inner.identity(),
        }
    }

    fn control_geometry(&self) -> ArrayGeometry {
        self.inner.control_geometry()
    }

    fn mode(&self) -> ArrayMode {
        self.inner.mode()
    }

    fn set_mode(&mut self, mode: ArrayMode) -> Result<(), ControlError> {
        self.inner.set_mode(mode)?;
        if self.defect == Defect::ModesReset {
            self.inner.reset_registers()?;
        }
        if self.defect == Defect::ModesKeepWeights
            && let Some((region, weights)) = self.loaded.take()
        {
            // As far as the mode has room for them.
            let _ = self.inner.load_weights(region, weights.view());
        }
        Ok(())
    }

    fn write_register(&mut self, register: Register, values: &[i32]) -> Result<(), ControlError> {
        let (spec, mut values) = (register.spec(), values.to_vec());
        if self.defect == Defect::ValuesAreClamped {
            for value in &mut values {
                *value = (*value).clamp(spec.min, spec.max);
            }
        }
        if self.defect == Defect::LastInstanceIsLost
            && let Some(last) = values.last_mut()
        {
            *last = spec.reset;
        }
        self.inner.write_register(register, &values)?;
        if self.defect == Defect::WritesSettle {
            self.inner.settle()?;
        }
        Ok(())
    }

    fn read_register(
        &mut self,
        register: Register,
        values: &mut [i32],
    ) -> Result<(), ControlError> {
        self.inner.read_register(register, values)?;
        if self.defect == Defect::SwitchesReadHigh && register == Register::ReducedCapacitance {
            values.fill(1);
        }
        Ok(())
    }

    fn settle(&mut self) -> Result<(), ControlError> {
        self.settles += 1;
        match self.defect {
            Defect::SettlesDoNothing => Ok(()),
            _ => self.inner.settle(),
        }
    }

    fn reset_registers(&mut self) -> Result<(), ControlError> {
        let offsets = self.inner.register_values(Register::CadcOffset)?;
        self.inner.reset_registers()?;
        if self.defect == Defect::ResetLeavesOffsets {
            self.inner.write_register(Register::CadcOffset, &offsets)?;
        }
        Ok(())
    }
}

fn small_chip() -> SimulatedChip {
    let config = ChipConfig {
        geometry: geometry(2, 6, 8),
        ..ChipConfig::typical()
    };
    chip(config, 3)
}

/// The laws that a chip with a defect breaks.
fn broken_laws(defect: Defect) -> Vec<&'static str> {
    let make = move || -> Box<dyn Chip> {
        Box::new(Broken {
            inner: small_chip(),
            defect,
            settles: 0,
            probes: 0,
            loaded: None,
        })
    };
    let subject = ChipSubject {
        make: Box::new(make),
    };
    let broken = all_laws().filter(|law| law.hold(&subject).is_err());
    broken.map(|law| law.name).collect()
}

fn all_laws() -> impl Iterator<Item = &'static Law<ChipSubject>> {
    CONTROL_LAWS.iter().chain(PROBE_LAWS)
}

#[test]
fn a_good_chip_breaks_none() {
    assert_eq!(broken_laws(Defect::None), [""; 0]);
}

#[test]
fn each_law_is_broken_by_a_chip_that_breaks_it() {
    for (defect, law) in BREAKS {
        let broken = broken_laws(*defect);
        assert!(broken.contains(law), "{defect:?} breaks {broken:?}");
    }
    for law in all_laws() {
        let breaks = BREAKS.iter().filter(|(_, name)| *name == law.name);
        assert!(breaks.count() > 0, "{}", law.name);
    }
}

macro_rules! conforms {
    ($($name:ident: $make:expr;)*) => {$(
        #[test]
        fn $name() {
            let subject = ChipSubject {
                make: Box::new(|| -> Box<dyn Chip> { Box::new($make) }),
            };
            for laws in [CONTROL_LAWS, PROBE_LAWS] {
                if let Err(violations) = hold_all(laws, &subject) {
                    panic!("{violations:#?}");
                }
            }
        }
    )*};
}

conforms! {
    typical: chip(ChipConfig::typical(), 5);
    of_odd_size: small_chip();
    transient: small_chip().with_fidelity(Fidelity::Transient);
    metered: Metered::new(small_chip());
}

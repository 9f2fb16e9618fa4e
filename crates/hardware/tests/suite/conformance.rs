//! Every array obeys the laws of arrays.

use std::collections::VecDeque;
use std::num::NonZero;
use std::sync::{Arc, Mutex};

use bss2_core::testing::{
    ARRAY_LAWS, Agreement, ArraySubject, ExactArray, KnownSettings, hold_all,
};
use bss2_core::{
    ArrayError, ArrayGeometry, ArrayMode, ChipControl, Chips, MacArray, Metered, Recorder, Region,
    Register, Replay, RunReport, RunRequest, WeightCache,
};
use bss2_hardware::{ChipConfig, Fidelity, IdealArray, MockArray, NOMINAL_GAIN_LSB, SimulatedChip};
use ndarray::{ArrayView2, ArrayViewMut2};

use crate::support::{BSS2, chip, geometry, write_all};

macro_rules! conforms {
    ($($array:ident in $mode:ident, $agreement:ident, $equal:literal: $make:expr;)*) => {$(
        #[test]
        fn $array() {
            let subject = ArraySubject {
                make: Box::new(|| -> Box<dyn MacArray> { Box::new($make) }),
                mode: ArrayMode::$mode,
                settings: KnownSettings::All,
                agreement: Agreement::$agreement,
                columns_are_equal: $equal,
            };
            if let Err(violations) = hold_all(ARRAY_LAWS, &subject) {
                panic!("{violations:#?}");
            }
        }
    )*};
}

// The lumped model on membranes estimates small losses from the weights of neighbouring columns.
conforms! {
    exact in Membrane, Exact, true: ExactArray::new(geometry(2, 12, 16), NonZero::new(100).expect("is not 0"));
    ideal in Membrane, Exact, true: IdealArray::new(BSS2, 0.01).expect("gain in range");
    mock in Membrane, Exact, false:
        MockArray::new(BSS2, NOMINAL_GAIN_LSB, MockArray::PUBLISHED_NOISE_LSB)
            .expect("parameters in range");
    mock_without_noise in Membrane, Exact, true:
        MockArray::new(geometry(2, 40, 50), 0.01, 0.0).expect("parameters in range");
    typical_chip in Membrane, Nearly, false: chip(ChipConfig::typical(), 3);
    chip_of_odd_size in Membrane, Nearly, false: chip_of(3, 37, 41);
    unsigned_chip in Unsigned, Nearly, false: in_mode(ArrayMode::Unsigned, chip_of(2, 33, 48));
    synaptic_line_chip in SynapticLine, Exact, false:
        in_mode(ArrayMode::SynapticLine, chip_of(2, 33, 97));
    transient_chip in Membrane, Exact, false:
        chip_of(2, 12, 24).with_fidelity(Fidelity::Transient);
    transient_synaptic_line_chip in SynapticLine, Exact, false:
        in_mode(ArrayMode::SynapticLine, chip_of(2, 6, 48)).with_fidelity(Fidelity::Transient);
    metered in Membrane, Nearly, false: Metered::new(chip_of(2, 16, 32));
    recorder in Membrane, Nearly, false: Recorder::new(chip_of(2, 16, 32));
    weight_cache in Membrane, Nearly, false: WeightCache::new(chip_of(2, 16, 32));
    weight_cache_of_an_ideal_array in Membrane, Exact, true: WeightCache::new(small_ideal());
    chips in Membrane, Nearly, false: Chips::new(vec![chip_of(1, 16, 32); 3]).expect("equal chips");
    box_of_an_array in Membrane, Exact, true: Box::new(small_ideal()) as Box<dyn MacArray>;
    reference_to_an_array in Membrane, Exact, true: Box::leak(Box::new(small_ideal()));
}

fn small_ideal() -> IdealArray {
    IdealArray::new(geometry(2, 12, 16), 0.01).expect("gain in range")
}

fn chip_of(hemispheres: usize, inputs: usize, columns: usize) -> SimulatedChip {
    let geometry = geometry(hemispheres, inputs, columns);
    let config = ChipConfig {
        geometry,
        ..ChipConfig::typical()
    };
    chip(config, 3)
}

/// A chip whose lines, moreover, keep their charge until they are read.
fn in_mode(mode: ArrayMode, mut chip: SimulatedChip) -> SimulatedChip {
    chip.set_mode(mode).unwrap();
    if mode == ArrayMode::SynapticLine {
        write_all(&mut chip, Register::IBiasSyninExcTau, 50);
        chip.settle().unwrap();
    }
    chip
}

type Recorders = Arc<Mutex<VecDeque<Lent>>>;

/// An array that is recorded, of which another handle stays behind.
#[derive(Clone)]
struct Lent(Arc<Mutex<Recorder<IdealArray>>>);

impl MacArray for Lent {
    fn geometry(&self) -> ArrayGeometry {
        self.0.lock().unwrap().geometry()
    }

    fn load_weights(
        &mut self,
        region: Region,
        weights: ArrayView2<'_, i8>,
    ) -> Result<(), ArrayError> {
        self.0.lock().unwrap().load_weights(region, weights)
    }

    fn run(
        &mut self,
        request: &RunRequest,
        activations: ArrayView2<'_, u8>,
        outputs: ArrayViewMut2<'_, i8>,
    ) -> Result<RunReport, ArrayError> {
        let mut recorder = self.0.lock().unwrap();
        recorder.run(request, activations, outputs)
    }
}

fn equal_columns(make: Box<dyn Fn() -> Box<dyn MacArray>>) -> ArraySubject {
    ArraySubject {
        make,
        mode: ArrayMode::Membrane,
        settings: KnownSettings::All,
        agreement: Agreement::Exact,
        columns_are_equal: true,
    }
}

/// Laws ask the same in the same order each time.
#[test]
fn what_was_recorded_of_a_law_obeys_it() {
    for law in ARRAY_LAWS {
        let recorders = Recorders::default();
        let lent = Arc::clone(&recorders);
        let recorded = equal_columns(Box::new(move || {
            let recorder = Lent(Arc::new(Mutex::new(Recorder::new(small_ideal()))));
            lent.lock().unwrap().push_back(recorder.clone());
            Box::new(recorder)
        }));
        assert_eq!(law.hold(&recorded), Ok(()));
        let played_back = equal_columns(Box::new(move || {
            let recorder = recorders.lock().unwrap().pop_front();
            let Lent(recorder) = recorder.expect("as many as were recorded");
            let recorder = recorder.lock().unwrap().clone();
            Box::new(Replay::new(recorder.into_recording()))
        }));
        assert_eq!(law.hold(&played_back), Ok(()));
    }
}

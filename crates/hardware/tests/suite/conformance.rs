//! Every array obeys the laws of arrays.

use bss2_core::testing::{ARRAY_LAWS, Agreement, ArraySubject, hold_all};
use bss2_core::{
    ArrayMode, ChipControl, Chips, MacArray, Metered, Recorder, Register, WeightCache,
};
use bss2_hardware::{ChipConfig, Fidelity, IdealArray, MockArray, NOMINAL_GAIN_LSB, SimulatedChip};

use crate::support::{BSS2, chip, geometry, write_all};

macro_rules! conforms {
    ($($array:ident in $mode:ident, $agreement:ident, $equal:literal: $make:expr;)*) => {$(
        #[test]
        fn $array() {
            let subject = ArraySubject {
                make: Box::new(|| -> Box<dyn MacArray> { Box::new($make) }),
                mode: ArrayMode::$mode,
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
    chips in Membrane, Nearly, false: Chips::new(vec![chip_of(1, 16, 32); 3]).expect("equal chips");
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

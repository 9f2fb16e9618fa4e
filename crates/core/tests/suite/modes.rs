//! The modes' sizes and ranges.

use bss2_core::{ArrayError, ArrayGeometry, ArrayMode, ReadoutSource, Region};
use ndarray::Array2;

/// Inputs and columns of a geometry.
fn sides(geometry: ArrayGeometry) -> (usize, usize) {
    (geometry.inputs(), geometry.columns())
}

#[test]
fn the_chip_has_the_published_sizes_in_every_mode() {
    let chip = ArrayGeometry::BSS2;
    let expected = [
        (ArrayMode::Membrane, (128, 256), (128, 256)),
        (ArrayMode::SynapticLine, (256, 128), (256, 256)),
        (ArrayMode::Unsigned, (256, 256), (256, 256)),
    ];
    assert_eq!(expected.map(|(mode, ..)| mode), ArrayMode::ALL);
    for (mode, array, probe) in expected {
        assert_eq!(sides(mode.geometry(chip)), array, "{mode:?}");
        assert_eq!(sides(mode.probe_geometry(chip)), probe, "{mode:?}");
        assert_eq!(mode.geometry(chip).hemispheres(), 2);
        assert_eq!(mode.probe_geometry(chip).hemispheres(), 2);
    }
}

#[test]
fn an_odd_last_column_has_no_partner() {
    let chip = ArrayGeometry::new(1, 3, 7).unwrap();
    assert_eq!(sides(ArrayMode::SynapticLine.geometry(chip)), (6, 3));
    assert_eq!(sides(ArrayMode::SynapticLine.probe_geometry(chip)), (6, 7));
}

#[test]
fn only_weights_of_the_mode_are_accepted() {
    let geometry = ArrayGeometry::new(1, 2, 2).unwrap();
    let region = Region::whole(geometry, 0);
    for mode in ArrayMode::ALL {
        let smallest = match mode {
            ArrayMode::Membrane | ArrayMode::SynapticLine => -63,
            ArrayMode::Unsigned => 0,
        };
        let check = |value| {
            let mut weights = Array2::zeros((2, 2));
            weights[[1, 0]] = value;
            region.check_weights_within(geometry, weights.view(), mode.weights())
        };
        for value in [smallest, 63] {
            assert_eq!(check(value), Ok(()), "{mode:?}");
        }
        for value in [i8::MIN, smallest - 1, 64, i8::MAX] {
            assert_eq!(
                check(value),
                Err(ArrayError::WeightOutOfRange {
                    value,
                    min: smallest,
                    max: 63,
                    input: 1,
                    column: 0
                }),
                "{mode:?}"
            );
        }
    }
}

#[test]
fn sources_are_numbered_in_their_order_and_modes_select_one() {
    for (number, source) in ReadoutSource::ALL.into_iter().enumerate() {
        assert_eq!(source.register_value(), number as i32);
    }
    let sources = ArrayMode::ALL.map(ArrayMode::readout_source);
    let expected = [
        ReadoutSource::Membrane,
        ReadoutSource::ExcitatoryLine,
        ReadoutSource::Membrane,
    ];
    assert_eq!(sources, expected);
}

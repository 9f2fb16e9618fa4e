//! References and boxes of an array are arrays, and wrappers compose in any order.

use bss2_core::{Chip, ChipIdentity, MacArray, Metered, Recorder, Region, Register};
use ndarray::{Array2, array};

use crate::double::{COLUMNS, ExactChip, INPUTS, geometry, request};

/// Loads a one for the first input, sends 5 through it.
fn use_array(mut array: impl MacArray) {
    assert_eq!(array.geometry(), geometry());
    let region = Region::whole(geometry(), 0);
    let mut weights = Array2::zeros((INPUTS, COLUMNS));
    weights.row_mut(0).fill(1_i8);
    array
        .load_weights(region, weights.view())
        .expect("a good call");
    let mut outputs = Array2::zeros((1, COLUMNS));
    let activations = array![[5_u8, 9, 0, 0]];
    array
        .run(&request(2, 5), activations.view(), outputs.view_mut())
        .expect("a good call");
    assert_eq!(outputs, Array2::from_elem((1, COLUMNS), 10));
}

/// Everything a chip can do.
fn use_chip(mut chip: impl Chip) {
    use_array(&mut chip);
    let mut codes = Array2::zeros((1, COLUMNS));
    let activations = array![[5_u8, 9, 0, 0]];
    chip.read_cadc(&request(2, 5), activations.view(), codes.view_mut())
        .expect("a good call");
    assert_eq!(codes, Array2::from_elem((1, COLUMNS), 138));

    assert_eq!(chip.identity(), ChipIdentity::new("double"));
    assert_eq!(chip.control_geometry(), geometry());
    chip.write_register(Register::StpIRamp, &[1, 2, 3, 4])
        .expect("a good call");
    assert_eq!(
        chip.register_values(Register::StpIRamp).unwrap(),
        [1, 2, 3, 4]
    );
    chip.settle().unwrap();
    chip.reset_registers().unwrap();
    assert_eq!(chip.register_values(Register::StpIRamp).unwrap(), [500; 4]);
}

#[test]
fn mutable_references_forward() {
    let mut chip = ExactChip::new();
    use_chip(&mut chip);
    assert_eq!(chip.settles, 2, "the chip itself was settled");
    use_array(&mut &mut chip);
}

#[test]
fn boxes_of_trait_objects_forward() {
    let mut boxed: Box<dyn MacArray> = Box::new(ExactChip::new());
    use_array(&mut boxed);
    use_array(boxed);
    let boxed: Box<dyn Chip> = Box::new(ExactChip::new());
    use_chip(boxed);
}

#[test]
fn references_to_trait_objects_forward() {
    let mut chip = ExactChip::new();
    let array: &mut dyn MacArray = &mut chip;
    use_array(array);
    let chip: &mut dyn Chip = &mut chip;
    use_chip(chip);
}

#[test]
fn wrappers_compose_with_trait_objects_and_each_other() {
    let boxed: Box<dyn Chip> = Box::new(ExactChip::new());
    let mut metered = Metered::new(boxed);
    use_chip(&mut metered);
    assert_eq!(metered.ledger().runs, 2);

    let mut recorder = Recorder::new(&mut metered);
    use_array(&mut recorder);
    assert_eq!(recorder.into_recording().len(), 2);
    assert_eq!(metered.ledger().runs, 3);
}

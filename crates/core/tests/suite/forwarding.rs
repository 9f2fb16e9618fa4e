//! References and boxes of an array are arrays, and wrappers compose in any order.

use bss2_core::{
    ArrayMode, CadcChannel, Chip, ChipIdentity, MacArray, Metered, ReadoutSource, Recorder, Region,
    Register, RunReport, TraceRequest,
};
use ndarray::{Array2, array};

use crate::double::{COLUMNS, ExactChip, INPUTS, geometry, pulses, request};

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
    let report = array
        .run(&request(2, 5), activations.view(), outputs.view_mut())
        .expect("a good call");
    assert_eq!(outputs, Array2::from_elem((1, COLUMNS), 10));
    assert_eq!(report, RunReport::default());
    let loud = array
        .run(&request(26, 5), activations.view(), outputs.view_mut())
        .expect("a good call");
    assert_eq!(loud.doubtful_outputs, COLUMNS as u64, "130 is beyond 127");
}

/// Everything a chip can do.
fn use_chip(mut chip: impl Chip) {
    use_array(&mut chip);
    let mut codes = Array2::zeros((1, COLUMNS));
    let activations = array![[5_u8, 9, 0, 0]];
    for (channel, code) in [(CadcChannel::Causal, 138), (CadcChannel::Acausal, 139)] {
        let report = chip
            .read_cadc(
                &request(2, 5),
                channel,
                activations.view(),
                codes.view_mut(),
            )
            .expect("a good call");
        assert_eq!(codes, Array2::from_elem((1, COLUMNS), code));
        assert_eq!(report, RunReport::default());
    }
    let loud = chip
        .read_cadc(
            &request(26, 5),
            CadcChannel::Causal,
            activations.view(),
            codes.view_mut(),
        )
        .expect("a good call");
    assert_eq!(loud.doubtful_outputs, COLUMNS as u64);

    let [mut causal, mut acausal] = [(); 2].map(|()| Array2::zeros((2, COLUMNS)));
    chip.read_pulses(&pulses(), [causal.view_mut(), acausal.view_mut()])
        .expect("a good call");
    assert_eq!(
        causal.column(0).to_vec(),
        [131, 132],
        "3 events of one input"
    );
    assert_eq!(acausal.column(0).to_vec(), [132, 133]);
    assert_eq!(chip.temperature_celsius(), Some(21.5));

    let trace = TraceRequest {
        run: request(2, 5),
        column: 3,
        source: ReadoutSource::InhibitoryLine,
        sample_interval_cycles: 4,
    };
    let mut samples = [0.0; 3];
    chip.record_trace(&trace, activations.row(0), &mut samples)
        .expect("a good call");
    assert_eq!(samples, [2010.0, 2014.0, 2018.0]);

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

    assert_eq!(chip.mode(), ArrayMode::Membrane);
    chip.set_mode(ArrayMode::Unsigned).unwrap();
    assert_eq!(chip.mode(), ArrayMode::Unsigned);
    assert_eq!(chip.geometry().inputs(), 2 * INPUTS);
    assert_eq!(chip.control_geometry(), geometry(), "whatever the mode");
    chip.set_mode(ArrayMode::Membrane).unwrap();
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
    assert_eq!(metered.ledger().runs, 7, "2 runs, 4 readings, 1 trace");

    let mut recorder = Recorder::new(&mut metered);
    use_array(&mut recorder);
    assert_eq!(recorder.into_recording().len(), 3);
    assert_eq!(metered.ledger().runs, 9);
}

//! Procedures as text.

use bss2_calibration::{CadcRange, MembraneTargets, Procedure};

use crate::support::{every_procedure, for_membranes};

#[test]
fn procedures_go_through_toml() {
    for procedure in every_procedure() {
        let text = toml::to_string(&procedure).unwrap();
        assert_eq!(
            toml::from_str::<Procedure>(&text).unwrap(),
            procedure,
            "{text}"
        );
    }
    let targets = MembraneTargets {
        target_noise_lsb: Some(1.75),
        tau_syn_us: 0.1 + 0.2,
        cadc: CadcRange::FULL,
        ..MembraneTargets::default()
    };
    for procedure in for_membranes(targets) {
        let text = toml::to_string(&procedure).unwrap();
        assert_eq!(
            toml::from_str::<Procedure>(&text).unwrap(),
            procedure,
            "{text}"
        );
    }
}

#[test]
fn missing_keys_take_their_default_and_unknown_ones_are_refused() {
    let read = toml::from_str::<Procedure>;
    let text = "[joint.targets]\nleak_lsb = 110.0\n[joint.options]\nrounds = 6\n";
    let Procedure::Joint(joint) = read(text).unwrap() else {
        panic!("not the joint procedure");
    };
    let targets = MembraneTargets {
        leak_lsb: 110.0,
        ..MembraneTargets::default()
    };
    assert_eq!(joint.targets, targets);
    assert_eq!((joint.options.rounds, joint.options.gain_runs), (6, 24));
    assert_eq!(read("[membrane]\n").unwrap(), Procedure::default());
    assert_eq!(read("[joint]\n").unwrap(), Procedure::joint());
    assert_eq!(
        read("[synaptic_line]\n").unwrap(),
        Procedure::synaptic_line()
    );

    for text in [
        "[other]\n",
        "[membrane]\nleak_lsb = 110.0\n",
        "[membrane.targets]\nleak = 110.0\n",
        "[joint.targets]\nleak = 110.0\n",
        "[joint.options]\nround = 6\n",
        "[membrane.options]\nrounds = 6\n",
        "[synaptic_line.options]\nbaseline = true\n",
        "[synaptic_line.targets]\ntau_syn_us = 1.0\n",
        "[cadc]\n",
        "[cadc.range]\nlower = 70\nupper = 550\n",
        "[cadc.range]\nlower = 70\nupper = 550\nlower_lsb = 20.0\nupper_lsb = 220.0\nmiddle = 1\n",
        "[membrane.targets]\ni_synin_gm = 450.5\n",
    ] {
        assert!(read(text).is_err(), "{text}");
    }
}

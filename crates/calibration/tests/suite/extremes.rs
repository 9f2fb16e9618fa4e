//! Chips at the ends of what there is: a result or a typed error, and never a panic.

use bss2_calibration::Procedure;
use bss2_core::ArrayGeometry;
use bss2_hardware::{ChipConfig, SimulatedChip};

#[test]
fn tiny_and_broken_chips() {
    let procedures = || {
        [
            Procedure::default(),
            Procedure::joint(),
            Procedure::synaptic_line(),
        ]
    };
    let mut broken = [(); 4].map(|()| ChipConfig::typical());
    broken[1].driver.failure_rate = 1.0;
    broken[2].cadc.failure_rate = 1.0;
    broken[3].synapse.stuck_rate = 1.0;
    for (hemispheres, inputs, columns) in [(1, 1, 1), (1, 1, 4), (2, 4, 1), (1, 3, 8)] {
        for config in &broken {
            let config = ChipConfig {
                geometry: ArrayGeometry::new(hemispheres, inputs, columns).unwrap(),
                ..config.clone()
            };
            for procedure in procedures() {
                let mut chip = SimulatedChip::new(&config.clone().check().unwrap(), 1);
                let before = procedure.run(&mut chip, 1, &mut |_| {});
                let mut again = SimulatedChip::new(&config.clone().check().unwrap(), 1);
                assert_eq!(procedure.run(&mut again, 1, &mut |_| {}), before);
            }
        }
    }
}

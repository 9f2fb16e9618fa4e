use bss2_calibration::*;
use bss2_core::*;
use bss2_hardware::*;
fn main() {
    let preset = std::env::args().nth(2).unwrap_or("typical".into());
    let seed: u64 = std::env::args().nth(3).map_or(1, |s| s.parse().unwrap());
    let cfg = ChipConfig::preset(&preset).unwrap().check().unwrap();
    let which = std::env::args().nth(1).unwrap();
    let p = match which.as_str() {
        "joint" => Procedure::joint(),
        "line" => Procedure::synaptic_line(),
        _ => Procedure::default(),
    };
    let mut chip = SimulatedChip::new(&cfg, seed);
    let t = std::time::Instant::now();
    let m = CostModel::default();
    let r = p.run(&mut chip, 1, &mut |r| {
        println!("{:28} {:3} before {:8.3} after {:8.4} {:4} ok {:5.1}% meas {:5} settles {:4} readouts {:6} time {:8.1} ms  real {:.2}", r.name, r.values.len(), r.spread_before(), r.spread_after(), r.unit, 100.0*r.success_rate(), r.measurements, r.cost.settles, r.cost.readouts, m.chip_time_us(&r.cost)/1e3, t.elapsed().as_secs_f64());
    }).unwrap();
    let meas: u64 = r.routines.iter().map(|r| r.measurements).sum();
    println!(
        "total meas {meas} settles {} readouts {} runs {} chip {:.3} s real {:.2} s working {} {} doubt {:?}",
        r.cost.settles,
        r.cost.readouts,
        r.cost.runs,
        m.chip_time_us(&r.cost) / 1e6,
        t.elapsed().as_secs_f64(),
        r.working_columns.iter().filter(|w| **w).count(),
        r.working_drivers.iter().filter(|w| **w).count(),
        r.report
    );
    for reg in Register::ALL {
        let v = r.values(*reg);
        let n = v.len() as f64;
        let mean = v.iter().map(|v| f64::from(*v)).sum::<f64>() / n;
        let sd = (v
            .iter()
            .map(|v| (f64::from(*v) - mean).powi(2))
            .sum::<f64>()
            / n)
            .sqrt();
        println!(
            "{reg:26} mean {mean:8.1} sd {sd:6.1} min {} max {}",
            v.iter().min().unwrap(),
            v.iter().max().unwrap()
        );
    }
}

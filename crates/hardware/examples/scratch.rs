use bss2_core::random::keyed_stream;
use bss2_core::*;
use bss2_hardware::*;
use ndarray::*;
use rand::RngExt;
fn main() {
    let t = std::time::Instant::now();
    let config = ChipConfig::typical().without_noise().check().unwrap();
    let chip0 = SimulatedChip::new(&config, 3);
    println!("draw {:?}", t.elapsed());
    let g = chip0.geometry();
    for (wmax, xmax, sends, wait) in [
        (63, 31, 1, 5),
        (20, 31, 1, 5),
        (63, 31, 1, 1),
        (63, 31, 1, 2),
        (63, 31, 4, 5),
        (63, 31, 1, 25),
        (63, 31, 2, 1),
        (63, 31, 1, 100),
    ] {
        for bias in [0.0f64, 0.5, 1.0] {
            let mut rng = keyed_stream(5, 1);
            let w = Array2::from_shape_fn((128, 256), |_| {
                let m = rng.random_range(0..=wmax) as i8;
                if rng.random::<f64>() < 0.5 + bias / 2.0 {
                    m
                } else {
                    -m
                }
            });
            let x = Array2::from_shape_fn((64, 128), |_| {
                if rng.random::<f64>() < 0.2 {
                    0
                } else {
                    rng.random_range(0..=xmax) as u8
                }
            });
            let mut outs = vec![];
            for f in [Fidelity::Lumped, Fidelity::Transient] {
                let mut chip = chip0.clone().with_fidelity(f);
                chip.load_weights(Region::whole(g, 0), w.view()).unwrap();
                let req = RunRequest {
                    region: Region::whole(g, 0),
                    settings: RunSettings::new(sends, wait).unwrap(),
                    trial: Trial::new(1),
                };
                let mut codes = Array2::zeros((64, 256));
                let t = std::time::Instant::now();
                let rep = chip
                    .read_cadc(&req, CadcChannel::Causal, x.view(), codes.view_mut())
                    .unwrap();
                outs.push((codes, rep, t.elapsed()));
            }
            let d: Vec<i32> = outs[0]
                .0
                .iter()
                .zip(outs[1].0.iter())
                .map(|(&a, &b)| a as i32 - b as i32)
                .collect();
            let n = d.len() as f64;
            let le = |k: i32| d.iter().filter(|v| v.abs() <= k).count() as f64 / n * 100.0;
            let sat = outs[1].0.iter().filter(|&&c| c < 25 || c > 240).count() as f64 / n * 100.0;
            let mean = d.iter().sum::<i32>() as f64 / n;
            println!(
                "w{wmax} sends{sends} wait{wait} bias{bias}: mean {mean:.2} =0 {:.1}% <=1 {:.2}% <=2 {:.2}% <=3 {:.2}% max {} ends {sat:.0}% doubt {:.1}% t {:?} {:?}",
                le(0),
                le(1),
                le(2),
                le(3),
                d.iter().map(|v| v.abs()).max().unwrap(),
                outs[0].1.doubtful_outputs as f64 / n * 100.,
                outs[0].2,
                outs[1].2
            );
        }
    }
}

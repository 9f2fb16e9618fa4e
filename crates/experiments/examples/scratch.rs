use bss2_calibration::Procedure;
use bss2_core::*;
use bss2_data::{Dataset, Digits};
use bss2_hardware::*;
use bss2_mapping::*;
use bss2_training::*;
use std::sync::Arc;
fn main() {
    let data = Digits::new(1).split().unwrap();
    let training = Examples::new(data.train.inputs().view(), data.train.labels()).unwrap();
    let mut float = float_mlp(&[64, 128, 10], 1).unwrap();
    let schedule = Schedule {
        epochs: 20,
        batch: 32,
        seed: 1,
    };
    train(
        &mut float,
        &mut Session::digital(),
        training,
        schedule,
        CrossEntropy {
            logits_per_unit: 1.0,
        },
        &mut Adam::new(0.002).unwrap(),
        &mut |_| {},
    )
    .unwrap();
    let w: Vec<ndarray::Array2<i8>> = float
        .weights()
        .iter()
        .map(|w| {
            let m = w.iter().fold(0f32, |a, b| a.max(b.abs()));
            w.mapv(|x| (x / m * 63.0).round() as i8)
        })
        .collect();
    let x0 = data
        .train
        .inputs()
        .slice(ndarray::s![..200, ..])
        .mapv(|x| (x * 31.0).round() as u8);
    let y0 = x0.mapv(f32::from).dot(&w[0].mapv(f32::from));
    let top = y0.iter().copied().fold(0f32, f32::max);
    let x1 = y0.mapv(|y| (y.max(0.0) / top * 31.0) as u8);
    let settings = RunSettings::new(2, 5).unwrap();
    let config = ChipConfig::typical().check().unwrap();
    for seed in 1..6 {
        let mut chip = SimulatedChip::new(&config, seed);
        Procedure::joint()
            .run(&mut chip, seed, &mut |_| {})
            .unwrap();
        let t = std::time::Instant::now();
        let mut metered = Metered::new(&mut chip);
        let profile = Arc::new(
            ProfileProtocol::default()
                .measure(&mut metered, settings, seed)
                .unwrap(),
        );
        let time = CostModel::default().chip_time_us(metered.ledger());
        let c = &profile.hemispheres()[0].columns;
        let rms = |f: &dyn Fn(&ColumnProfile) -> f32| {
            (c.iter().map(|c| f(c).powi(2)).sum::<f32>() / c.len() as f32).sqrt()
        };
        let d = &profile.hemispheres()[0].drivers;
        println!(
            "chip {seed} gain {:.5} dgain {:.3} imb {:.3} off {:.2} noise {:.2} common {:.2} resid {:.3} lin {:.2} drv {:.3} works {} {} ({:?}, chip {:.1} ms)",
            profile.gain_lsb(),
            rms(&|c| c.gain() - 1.0),
            rms(&|c| c.imbalance()),
            rms(&|c| c.offset_lsb),
            rms(&|c| c.noise_lsb),
            profile.hemispheres()[0].common_noise_lsb,
            rms(&|c| c.residual),
            rms(&|c| c.linearity_lsb),
            (d.iter().map(|d| (d.gain - 1.0).powi(2)).sum::<f32>() / 128.0).sqrt(),
            c.iter().filter(|c| c.works).count(),
            d.iter().filter(|d| d.works).count(),
            t.elapsed(),
            time * 1e-3
        );
        for (w, x) in w.iter().zip([&x0, &x1]) {
            let shape = LayerShape::dense(w.nrows(), w.ncols()).unwrap();
            let sample = LayerSample {
                weights: w.view(),
                activations: x.view().into(),
            };
            let layer = Layer::with_sample(shape, sample).unwrap();
            let in_order = Tiling::in_order().with_settings(settings);
            let copies = |n| {
                in_order.with_coding(Coding {
                    column_copies: n,
                    ..Coding::PLAIN
                })
            };
            let most = 256 / w.ncols();
            let mut plans: Vec<(String, Plan)> = vec![
                (
                    "in order".into(),
                    in_order.plan(&layer, ArrayGeometry::BSS2).unwrap(),
                ),
                (
                    "placed".into(),
                    Placed::new(profile.clone(), in_order)
                        .plan(&layer, ArrayGeometry::BSS2)
                        .unwrap(),
                ),
                (
                    format!("copies {most}"),
                    copies(most).plan(&layer, ArrayGeometry::BSS2).unwrap(),
                ),
                (
                    format!("copies {most} placed"),
                    Placed::new(profile.clone(), copies(most))
                        .plan(&layer, ArrayGeometry::BSS2)
                        .unwrap(),
                ),
            ];
            let balanced = Tiling::balanced().with_settings(settings);
            plans.push((
                "balanced".into(),
                balanced.plan(&layer, ArrayGeometry::BSS2).unwrap(),
            ));
            if w.ncols() == 10 {
                for (what, noise, resid, drv, col) in [
                    ("all", 1., 1., 1., 1.),
                    ("no noise", 0., 1., 1., 1.),
                    ("drivers only", 0., 0., 1., 0.),
                    ("columns only", 0., 0., 0., 1.),
                    ("resid only", 0., 1., 0., 0.),
                    ("none", 0., 0., 0., 0.),
                ] {
                    let hs = profile
                        .hemispheres()
                        .iter()
                        .map(|h| {
                            let mut h = h.clone();
                            h.common_noise_lsb *= noise as f32;
                            for c in &mut h.columns {
                                c.noise_lsb *= noise as f32;
                                c.residual *= resid as f32;
                                c.gain_positive = 1.0 + (c.gain_positive - 1.0) * col as f32;
                                c.gain_negative = 1.0 + (c.gain_negative - 1.0) * col as f32;
                                c.offset_lsb *= col as f32;
                                c.linearity_lsb *= col as f32;
                            }
                            for d in &mut h.drivers {
                                d.gain = 1.0 + (d.gain - 1.0) * drv as f32;
                            }
                            h
                        })
                        .collect();
                    let p2 = Arc::new(
                        ArrayProfile::new(
                            profile.geometry(),
                            profile.settings(),
                            profile.gain_lsb(),
                            hs,
                        )
                        .unwrap(),
                    );
                    let e = |plan: &Plan| {
                        OutputError::of(
                            plan,
                            &mut ProfiledArray::new(p2.clone(), 0),
                            sample,
                            profile.gain_per_send_lsb(),
                            &mut Trial::new(seed),
                        )
                        .unwrap()
                        .error_lsb
                    };
                    println!(
                        "{what:14} in order {:.3} placed {:.3} | copies {:.3} placed {:.3}",
                        e(&plans[0].1),
                        e(&plans[1].1),
                        e(&plans[2].1),
                        e(&plans[3].1)
                    );
                }
            }
            for (name, plan) in plans {
                let g = profile.gain_per_send_lsb();
                let e =
                    OutputError::of(&plan, &mut chip, sample, g, &mut Trial::new(seed)).unwrap();
                let p = OutputError::of(
                    &plan,
                    &mut ProfiledArray::new(profile.clone(), 0),
                    sample,
                    g,
                    &mut Trial::new(seed),
                )
                .unwrap();
                println!(
                    "   {}x{} {name:20} measured {:.3} predicted {:.3} signal {:.2}",
                    w.nrows(),
                    w.ncols(),
                    e.error_lsb,
                    p.error_lsb,
                    e.signal_lsb
                );
            }
        }
    }
}

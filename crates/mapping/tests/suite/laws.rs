//! Strategies obey their laws, and each law is seen to be broken by one that breaks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bss2_core::testing::hold_all;
use bss2_core::{ArrayGeometry, CostModel};
use bss2_mapping::testing::{STRATEGY_LAWS, StrategySubject};
use bss2_mapping::{
    ArrayProfile, Coding, InputCoding, Layer, LayerShape, MappingError, MappingStrategy, Objective,
    Placed, Plan, Tiling, Tuned, WeightCoding,
};

use crate::support::uneven;

fn assert_conforms(what: &str, subject: &StrategySubject) {
    if let Err(violations) = hold_all(STRATEGY_LAWS, subject) {
        panic!("{what}: {violations:#?}");
    }
}

fn some_tilings() -> [Tiling; 5] {
    let twice = Coding {
        row_repetition: 2,
        column_copies: 2,
        ..Coding::default()
    };
    let signed = Coding {
        weights: WeightCoding::ColumnPair,
        inputs: InputCoding::TwoPasses,
        ..Coding::default()
    };
    [
        Tiling::in_order(),
        Tiling::balanced(),
        Tiling::packed(),
        Tiling::packed().with_coding(twice),
        Tiling::balanced().with_coding(signed),
    ]
}

#[test]
fn every_tiling_obeys_them() {
    for tiling in some_tilings() {
        assert_conforms(&format!("{tiling:?}"), &StrategySubject::new(tiling));
    }
}

fn geometries() -> [ArrayGeometry; 3] {
    let sizes = [(2, 8, 12), (1, 5, 9), (3, 16, 7)];
    sizes.map(|(hemispheres, inputs, columns)| {
        ArrayGeometry::new(hemispheres, inputs, columns).unwrap()
    })
}

/// A profile of an array on which a row and a column of each hemisphere fail.
fn failing(geometry: ArrayGeometry) -> ArrayProfile {
    let whole = uneven(geometry, 2);
    let mut hemispheres = whole.hemispheres().to_vec();
    for (number, hemisphere) in hemispheres.iter_mut().enumerate() {
        hemisphere.drivers[number].works = false;
        hemisphere.columns[3 + number].works = false;
    }
    ArrayProfile::new(geometry, whole.settings(), whole.gain_lsb(), hemispheres).unwrap()
}

#[test]
fn every_placed_tiling_obeys_them() {
    for geometry in geometries() {
        for profile in [uneven(geometry, 1), failing(geometry)] {
            let profile = Arc::new(profile);
            for tiling in some_tilings() {
                let placed = Placed::new(Arc::clone(&profile), tiling);
                let subject = StrategySubject::for_arrays(placed, vec![geometry]);
                assert_conforms(&format!("{tiling:?} on {geometry}"), &subject);
            }
        }
    }
}

#[test]
fn every_tuned_tiling_obeys_them() {
    let unlimited = f64::INFINITY;
    for geometry in geometries() {
        let profiles = [uneven(geometry, 1), uneven(geometry, 4), failing(geometry)];
        let profiles = profiles.map(Arc::new);
        let tuned = |tiling, objective| Tuned {
            profiles: profiles.to_vec(),
            tiling,
            row_repetitions: vec![1, 2],
            column_copies: vec![1, 2, 300],
            vectors: 100,
            cost_model: CostModel::default(),
            objective,
        };
        for tiling in some_tilings() {
            for objective in [
                Objective::LeastError {
                    chip_time_us: unlimited,
                },
                Objective::LeastTime {
                    error_lsb: unlimited,
                },
                Objective::NoSlowerThan(tiling),
            ] {
                let subject = StrategySubject::for_arrays(tuned(tiling, objective), vec![geometry]);
                assert_conforms(&format!("{objective:?} on {geometry}"), &subject);
            }
        }
    }
}

/// What is wrong with a strategy.
#[derive(Clone, Debug)]
enum Defect {
    /// It plans a layer of one output more.
    OtherLayer,
    /// It plans in another way each time.
    Moody(Arc<AtomicBool>),
    /// It plans a part of what does not fit.
    RefusesNothing,
}

impl MappingStrategy for Defect {
    fn plan(&self, layer: &Layer<'_>, geometry: ArrayGeometry) -> Result<Plan, MappingError> {
        let shape = layer.shape();
        match self {
            Self::OtherLayer => {
                let larger = LayerShape::dense(shape.inputs(), shape.outputs() + 1)?;
                Tiling::in_order().plan(&larger.into(), geometry)
            }
            Self::Moody(mood) => {
                let tiling = if mood.fetch_not(Ordering::Relaxed) {
                    Tiling::in_order()
                } else {
                    Tiling::packed()
                };
                tiling.plan(layer, geometry)
            }
            Self::RefusesNothing => {
                let plan = Tiling::in_order().plan(layer, geometry);
                plan.or_else(|_| {
                    Tiling::in_order().plan(&LayerShape::dense(1, 1)?.into(), geometry)
                })
            }
        }
    }
}

#[test]
fn each_law_is_broken_by_a_strategy_that_breaks_it() {
    let broken = |defect: &Defect| {
        let subject = StrategySubject::new(defect.clone());
        let laws = STRATEGY_LAWS.iter();
        let broken = laws.filter(|law| law.hold(&subject).is_err());
        broken.map(|law| law.name).collect::<Vec<_>>()
    };
    let cases = [
        (Defect::OtherLayer, "a plan is for what was asked"),
        (Defect::OtherLayer, "plans are exact on an exact array"),
        (Defect::Moody(Arc::default()), "plans are repeatable"),
        (Defect::RefusesNothing, "what does not fit is refused"),
    ];
    for (defect, law) in &cases {
        let found = broken(defect);
        assert!(found.contains(law), "{defect:?} breaks {found:?}");
    }
    for law in STRATEGY_LAWS {
        assert!(
            cases.iter().any(|(_, name)| *name == law.name),
            "{}",
            law.name
        );
    }
}

//! Strategies obey their laws, and each law is seen to be broken by one that breaks it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bss2_core::ArrayGeometry;
use bss2_core::testing::hold_all;
use bss2_mapping::testing::{STRATEGY_LAWS, StrategySubject};
use bss2_mapping::{
    Coding, InputCoding, Layer, LayerShape, MappingError, MappingStrategy, Plan, Tiling,
    WeightCoding,
};

#[test]
fn every_tiling_obeys_them() {
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
    for tiling in [
        Tiling::in_order(),
        Tiling::balanced(),
        Tiling::packed(),
        Tiling::packed().with_coding(twice),
        Tiling::balanced().with_coding(signed),
    ] {
        if let Err(violations) = hold_all(STRATEGY_LAWS, &StrategySubject::new(tiling)) {
            panic!("{tiling:?}: {violations:#?}");
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

//! The strategies that are compared.

use std::sync::Arc;

use bss2_mapping::{
    Coding, Hemispheres, InputCoding, MappingStrategy, Objective, Order, Packing, Placed, ScalePer,
    ScalingRule, Tiling, Tuned, WeightCoding,
};

use super::Parameters;
use super::bench::Bench;
use super::resident::Resident;
use super::tuned_time::AsGoodInLessTime;
use crate::ExperimentError;

/// What a strategy changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Order,
    Hemispheres,
    Timing,
    Redundancy,
    Coding,
    Scaling,
    Knowledge,
}

impl Family {
    pub(super) const ALL: [Self; 7] = [
        Self::Order,
        Self::Hemispheres,
        Self::Timing,
        Self::Redundancy,
        Self::Coding,
        Self::Scaling,
        Self::Knowledge,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Order => "partition and order",
            Self::Hemispheres => "hemispheres and packing",
            Self::Timing => "sends and wait",
            Self::Redundancy => "redundancy",
            Self::Coding => "coding",
            Self::Scaling => "scaling",
            Self::Knowledge => "knowing the chip",
        }
    }
}

/// How plans come about.
#[derive(Clone, Copy, Debug)]
enum Method {
    Tiling(Tiling),
    /// All layers at once on the array.
    Resident(Tiling),
    Placed(Tiling),
    TunedNoSlower,
    TunedLeastTime,
}

/// One way of bringing the network onto chips.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    /// Name in tables and result files; without commas, which divide the fields of some of these.
    pub(super) name: String,
    pub(super) family: Family,
    pub(super) scaling: ScalingRule,
    /// Whether a second chip works beside the first.
    pub(super) is_on_two_chips: bool,
    method: Method,
}

/// Names of strategies that the findings speak of.
pub(super) const IN_ORDER: &str = "in order";
pub(super) const PLACED: &str = "placed";
pub(super) const PACKED: &str = "packed";
pub(super) const PACKED_AND_PLACED: &str = "packed and placed";
pub(super) const RESIDENT: &str = "sharing the chip";
pub(super) const TUNED_NO_SLOWER: &str = "tuned: no slower";
pub(super) const TUNED_LEAST_TIME: &str = "tuned: least time";

impl Choice {
    /// All strategies, the existing stack's first.
    pub(super) fn all(parameters: &Parameters) -> Result<Vec<Self>, ExperimentError> {
        let base = parameters.base;
        let in_order = Tiling::in_order().with_settings(base);
        let packed = Tiling::packed().with_settings(base);
        let coded = |coding: Coding| Method::Tiling(in_order.with_coding(coding));
        let mut list = List {
            scaling: parameters.scaling,
            choices: Vec::new(),
        };

        list.add(IN_ORDER, Family::Order, Method::Tiling(in_order));
        let balanced = Tiling::balanced().with_settings(base);
        list.add("balanced", Family::Order, Method::Tiling(balanced));
        let output_major = Tiling {
            order: Order::OutputMajor,
            ..in_order
        };
        list.add("output-major", Family::Order, Method::Tiling(output_major));

        let together = Tiling {
            hemispheres: Hemispheres::Together,
            ..in_order
        };
        let family = Family::Hemispheres;
        list.add("both hemispheres", family, Method::Tiling(together));
        list.add(PACKED, family, Method::Tiling(packed));
        list.add("packed on 2 chips", family, Method::Tiling(packed));
        list.change_last(|choice| choice.is_on_two_chips = true);
        list.add(RESIDENT, family, Method::Resident(together));

        for &sends in &parameters.sends {
            if sends != base.num_sends() {
                let tiling = in_order.with_settings(parameters.with_sends(sends)?);
                let name = format!("{sends} send{}", if sends == 1 { "" } else { "s" });
                list.add(name, Family::Timing, Method::Tiling(tiling));
            }
        }
        let hasty = in_order.with_settings(parameters.with_short_wait()?);
        let name = format!("wait {}", parameters.short_wait);
        list.add(name, Family::Timing, Method::Tiling(hasty));

        let twice = Coding {
            row_repetition: 2,
            ..Coding::PLAIN
        };
        let half = parameters.with_sends((base.num_sends() / 2).max(1))?;
        let twice = in_order.with_coding(twice).with_settings(half);
        let name = "2 rows at half the sends";
        list.add(name, Family::Redundancy, Method::Tiling(twice));
        for &column_copies in &parameters.column_copies {
            let coding = Coding {
                column_copies,
                ..Coding::PLAIN
            };
            let name = format!("{column_copies} columns");
            list.add(name, Family::Redundancy, coded(coding));
        }

        let pairs = Coding {
            weights: WeightCoding::ColumnPair,
            ..Coding::PLAIN
        };
        list.add("column pairs", Family::Coding, coded(pairs));
        let two_passes = Coding {
            inputs: InputCoding::TwoPasses,
            ..Coding::PLAIN
        };
        list.add("two passes", Family::Coding, coded(two_passes));

        let method = Method::Tiling(in_order);
        list.add("scale per output", Family::Scaling, method);
        list.change_last(|choice| choice.scaling.per = ScalePer::Output);
        for &weight_quantile in &parameters.weight_quantiles {
            let name = if weight_quantile == 1.0 {
                "all weights in range".to_owned()
            } else {
                format!("{} % of weights in range", 100.0 * weight_quantile)
            };
            list.add(name, Family::Scaling, method);
            list.change_last(|choice| choice.scaling.weight_quantile = weight_quantile);
        }

        let family = Family::Knowledge;
        list.add(PLACED, family, Method::Placed(in_order));
        list.add(PACKED_AND_PLACED, family, Method::Placed(packed));
        list.add(TUNED_NO_SLOWER, family, Method::TunedNoSlower);
        list.add(TUNED_LEAST_TIME, family, Method::TunedLeastTime);
        Ok(list.choices)
    }

    /// Whether all layers stay on the array.
    pub(super) const fn is_resident(&self) -> bool {
        matches!(self.method, Method::Resident(_))
    }

    /// What plans the layers on a chip; `None` where the array has no room for them.
    pub(super) fn strategy(
        &self,
        bench: &Bench<'_>,
    ) -> Result<Option<Box<dyn MappingStrategy>>, ExperimentError> {
        let profile = || Arc::clone(&bench.profiles.base);
        Ok(Some(match self.method {
            Method::Tiling(tiling) => Box::new(tiling),
            Method::Resident(tiling) => {
                return Ok(
                    match Resident::new(bench.network, tiling, bench.geometry())? {
                        Some(resident) => Some(Box::new(resident)),
                        None => None,
                    },
                );
            }
            Method::Placed(tiling) => Box::new(Placed::new(profile(), tiling)),
            Method::TunedNoSlower => Box::new(tuned(bench)),
            Method::TunedLeastTime => Box::new(AsGoodInLessTime::new(
                in_order(bench.parameters),
                profile(),
                tuned(bench),
            )),
        }))
    }
}

/// How the existing stack maps layers.
pub(super) fn in_order(parameters: &Parameters) -> Tiling {
    Tiling::in_order().with_settings(parameters.base)
}

/// Tuning to the least error in no more time than in order.
fn tuned(bench: &Bench<'_>) -> Tuned {
    let parameters = bench.parameters;
    Tuned {
        profiles: bench.profiles.all.clone(),
        tiling: Tiling {
            hemispheres: Hemispheres::Together,
            packing: Packing::SideBySide,
            ..in_order(parameters)
        },
        row_repetitions: parameters.tuned_row_repetitions.clone(),
        column_copies: parameters.tuned_column_copies.clone(),
        vectors: bench.batch(),
        cost_model: parameters.cost_model,
        objective: Objective::NoSlowerThan(in_order(parameters)),
    }
}

struct List {
    scaling: ScalingRule,
    choices: Vec<Choice>,
}

impl List {
    fn add(&mut self, name: impl Into<String>, family: Family, method: Method) {
        self.choices.push(Choice {
            name: name.into(),
            family,
            scaling: self.scaling,
            is_on_two_chips: false,
            method,
        });
    }

    fn change_last(&mut self, change: impl FnOnce(&mut Choice)) {
        if let Some(last) = self.choices.last_mut() {
            change(last);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;

    #[test]
    fn names_are_plain_and_different() {
        let parameters = Parameters::resolve(&Settings::default()).unwrap();
        let choices = Choice::all(&parameters).unwrap();
        let mut names: Vec<&str> = choices.iter().map(|choice| choice.name.as_str()).collect();
        assert_eq!(names[0], IN_ORDER);
        assert!(names.iter().all(|name| !name.contains([',', '"', '\n'])));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), choices.len());
        for family in Family::ALL {
            assert!(choices.iter().any(|choice| choice.family == family));
        }
    }
}

//! What is turned.

use bss2_calibration::{CadcRange, JointProcedure, MembraneProcedure, Procedure};
use serde::{Deserialize, Serialize};

use super::{Layout, OperatingPoint};

/// What is turned, everything else as usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Knob {
    /// Bias of the OTAs, in CapMem codes.
    OtaBias,
    /// Bias of the synapses, in CapMem codes.
    DacBias,
    /// Width of the CADC's range, in CapMem codes.
    CadcRange,
    /// Noise of the resting code that the leak may bring, in LSB; 0 without leak.
    TargetNoise,
    /// Cycles from one event to the next.
    Wait,
    /// Sends of each vector.
    NumSends,
    /// Rows that each input drives.
    RowRepetition,
    /// Columns over which each output is averaged.
    ColumnCopies,
    /// Share of a layer's weights that fit the range of ±63.
    WeightQuantile,
    /// Share of a layer's outputs that fit the next one's range.
    OutputQuantile,
    /// How layers are cut and placed: 0 in order, 1 balanced, 2 packed.
    Layout,
    /// Effort of the calibration: 0 none, 1 little, 2 usual, 3 much, 4 the reference procedure.
    Effort,
}

impl Knob {
    /// Every knob.
    pub const ALL: [Self; 12] = [
        Self::OtaBias,
        Self::DacBias,
        Self::CadcRange,
        Self::TargetNoise,
        Self::Wait,
        Self::NumSends,
        Self::RowRepetition,
        Self::ColumnCopies,
        Self::WeightQuantile,
        Self::OutputQuantile,
        Self::Layout,
        Self::Effort,
    ];

    /// Name in tables and result files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OtaBias => "i_synin_gm",
            Self::DacBias => "synapse_dac_bias",
            Self::CadcRange => "width of the CADC range",
            Self::TargetNoise => "target_noise_lsb",
            Self::Wait => "wait_between_events",
            Self::NumSends => "num_sends",
            Self::RowRepetition => "row repetition",
            Self::ColumnCopies => "column copies",
            Self::WeightQuantile => "weight quantile",
            Self::OutputQuantile => "output quantile",
            Self::Layout => "layout",
            Self::Effort => "effort of the calibration",
        }
    }

    /// Unit of its values.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::OtaBias | Self::DacBias | Self::CadcRange => "CapMem codes",
            Self::TargetNoise => "LSB",
            Self::Wait => "cycles",
            Self::NumSends
            | Self::RowRepetition
            | Self::ColumnCopies
            | Self::WeightQuantile
            | Self::OutputQuantile
            | Self::Layout
            | Self::Effort => "",
        }
    }

    /// A value as text.
    pub(crate) fn text(self, value: f64) -> String {
        match self {
            Self::Layout => Layout::of(value).name().to_owned(),
            Self::Effort => Effort::of(value).name().to_owned(),
            Self::TargetNoise if value == 0.0 => "no leak".to_owned(),
            _ => value.to_string(),
        }
    }

    /// Its value as usual.
    pub(crate) fn usual(self) -> f64 {
        let usual = OperatingPoint::usual();
        let targets = JointProcedure::default().targets;
        match self {
            Self::OtaBias => targets.i_synin_gm.into(),
            Self::DacBias => targets.synapse_dac_bias.into(),
            Self::CadcRange => (targets.cadc.upper - targets.cadc.lower).into(),
            Self::TargetNoise => targets.target_noise_lsb.unwrap_or(0.0),
            Self::Wait => usual.wait_between_events.into(),
            Self::NumSends => usual.num_sends.into(),
            Self::RowRepetition => usual.row_repetition as f64,
            Self::ColumnCopies => usual.column_copies as f64,
            Self::WeightQuantile => usual.weight_quantile,
            Self::OutputQuantile => usual.output_quantile,
            Self::Layout => 0.0,
            Self::Effort => 2.0,
        }
    }

    /// Turns it. Targets change nothing where the chip is not calibrated by the joint procedure.
    pub(crate) fn turn(self, point: &mut OperatingPoint, value: f64) {
        let whole = value.round();
        match self {
            Self::Wait => point.wait_between_events = whole as u32,
            Self::NumSends => point.num_sends = whole as u32,
            Self::RowRepetition => point.row_repetition = whole as usize,
            Self::ColumnCopies => point.column_copies = whole as usize,
            Self::WeightQuantile => point.weight_quantile = value,
            Self::OutputQuantile => point.output_quantile = value,
            Self::Layout => point.layout = Layout::of(value),
            Self::Effort => point.calibration = Effort::of(value).procedure(point),
            Self::OtaBias | Self::DacBias | Self::CadcRange | Self::TargetNoise => {
                if let Some(Procedure::Joint(JointProcedure { targets, .. })) =
                    &mut point.calibration
                {
                    match self {
                        Self::OtaBias => targets.i_synin_gm = whole as i32,
                        Self::DacBias => targets.synapse_dac_bias = whole as i32,
                        Self::CadcRange => targets.cadc = cadc_range(whole as i32, targets.cadc),
                        _ => targets.target_noise_lsb = (value > 0.0).then_some(value),
                    }
                }
            }
        }
    }
}

/// A range of a width around the middle of another.
const fn cadc_range(width: i32, usual: CadcRange) -> CadcRange {
    let ends = usual.lower.saturating_add(usual.upper);
    let lower = ends.saturating_sub(width) / 2;
    CadcRange {
        lower,
        upper: lower.saturating_add(width),
        ..usual
    }
}

/// How much is done for a calibration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    None,
    Little,
    Usual,
    Much,
    Reference,
}

impl Effort {
    const ALL: [Self; 5] = [
        Self::None,
        Self::Little,
        Self::Usual,
        Self::Much,
        Self::Reference,
    ];

    fn of(value: f64) -> Self {
        let place = value.round().clamp(0.0, 4.0) as usize;
        Self::ALL[place]
    }

    const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Little => "joint, few runs",
            Self::Usual => "joint",
            Self::Much => "joint, many runs",
            Self::Reference => "nested",
        }
    }

    /// The procedure, with the targets that the point has.
    fn procedure(self, point: &OperatingPoint) -> Option<Procedure> {
        let joint = match &point.calibration {
            Some(Procedure::Joint(joint)) => *joint,
            _ => JointProcedure::default(),
        };
        let with = |driver_runs, gain_runs, rounds| {
            let mut procedure = joint;
            procedure.options.driver_runs = driver_runs;
            procedure.options.gain_runs = gain_runs;
            procedure.options.rounds = rounds;
            Some(Procedure::Joint(procedure))
        };
        match self {
            Self::None => None,
            Self::Little => with(1, 4, 4),
            Self::Usual => Some(Procedure::Joint(joint)),
            Self::Much => with(20, 100, 8),
            Self::Reference => Some(Procedure::Membrane(MembraneProcedure {
                targets: joint.targets,
                ..MembraneProcedure::default()
            })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knob_turns_something() {
        for knob in Knob::ALL {
            let mut point = OperatingPoint::usual();
            let value = if knob == Knob::Layout { 2.0 } else { 3.0 };
            knob.turn(&mut point, value);
            assert_ne!(point, OperatingPoint::usual(), "{knob:?}");
        }
        let mut point = OperatingPoint::usual();
        Knob::CadcRange.turn(&mut point, 200.0);
        let Some(Procedure::Joint(joint)) = point.calibration else {
            panic!("{point:?}");
        };
        assert_eq!(joint.targets.cadc.upper - joint.targets.cadc.lower, 200);
    }

    #[test]
    fn every_knob_can_be_turned_to_any_number() {
        let ends = [f64::NEG_INFINITY, -3e9, -1.0, 0.0, 3e9, f64::INFINITY];
        for knob in Knob::ALL {
            for value in ends.into_iter().chain([f64::NAN]) {
                knob.turn(&mut OperatingPoint::usual(), value);
                assert!(!knob.text(value).is_empty(), "{knob:?} {value}");
            }
        }
    }

    #[test]
    fn at_the_usual_value_nothing_changes() {
        for knob in Knob::ALL {
            let mut point = OperatingPoint::usual();
            knob.turn(&mut point, knob.usual());
            assert_eq!(point, OperatingPoint::usual(), "{knob:?}");
        }
    }

    #[test]
    fn effort_keeps_targets() {
        let mut point = OperatingPoint::usual();
        Knob::OtaBias.turn(&mut point, 300.0);
        let usual = point.clone();
        Knob::Effort.turn(&mut point, 2.0);
        assert_eq!(point, usual);
        Knob::Effort.turn(&mut point, 4.0);
        let Some(Procedure::Membrane(nested)) = point.calibration else {
            panic!("{point:?}");
        };
        assert_eq!(nested.targets.i_synin_gm, 300);
    }
}

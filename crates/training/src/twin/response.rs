//! A twin's numbers in the order in which they are computed with.

use bss2_core::ACTIVATION_MAX;

use super::curve::Curves;
use super::{DriverTwin, HemisphereTwin, Twin};

/// A hemisphere's response: sums of amplitudes and weights, where negative weights count
/// [`negative`](Self::negative) times as much, times the [`gain`](Self::gain) of the column.
#[derive(Clone, Debug)]
pub(super) struct Response {
    /// None where every amplitude is the activation itself.
    drivers: Option<Vec<[f32; DriverTwin::CODES]>>,
    /// By column, in LSB per activation and weight unit.
    pub(super) gain: Vec<f32>,
    /// By column: by how much negative and positive weights count.
    pub(super) negative: Vec<f32>,
    pub(super) positive: Vec<f32>,
    /// By column, in LSB per event; none where events add nothing.
    pub(super) event: Option<Vec<f32>>,
    pub(super) curves: Curves,
}

/// Most that one sign's weights count relative to the other's if the column's gain is that of the other: with
/// more of it, the other sign is next to nothing, and sums would grow without bound.
const LARGEST_SHARE: f32 = 1e6;

impl Response {
    pub(super) fn of(twin: &Twin) -> Vec<Self> {
        let hemispheres = twin.hemispheres().iter();
        hemispheres
            .map(|hemisphere| Self::new(hemisphere, Curves::new(twin.knots(), hemisphere)))
            .collect()
    }

    fn new(hemisphere: &HemisphereTwin, curves: Curves) -> Self {
        let HemisphereTwin { drivers, columns } = hemisphere;
        let ideal = DriverTwin::ideal();
        let are_ideal = drivers.iter().all(|d| d.amplitudes == ideal.amplitudes);
        let tables = || drivers.iter().map(|driver| driver.amplitudes).collect();
        // A common gain for both signs leaves the sums whole numbers: exact where the array's are.
        let gain = |(positive, negative): (f32, f32)| {
            let is_enough = negative.abs() <= LARGEST_SHARE * positive.abs();
            if is_enough { positive } else { negative }
        };
        let gains = columns.iter().map(|c| (c.excitatory_lsb, c.inhibitory_lsb));
        let share = |part: f32, whole: f32| if whole == 0.0 { 0.0 } else { part / whole };
        let events = columns.iter().map(|c| c.event_lsb);
        Self {
            drivers: (!are_ideal).then(tables),
            gain: gains.clone().map(gain).collect(),
            positive: gains.clone().map(|g| share(g.0, gain(g))).collect(),
            negative: gains.map(|g| share(g.1, gain(g))).collect(),
            event: events.clone().any(|e| e != 0.0).then(|| events.collect()),
            curves,
        }
    }

    /// What one unit of a weight counts in a column's sum, before its gain; a weight of zero counts
    /// as both signs' mean.
    #[inline(always)]
    pub(super) fn share(&self, column: usize, weight: f32) -> f32 {
        if weight > 0.0 {
            self.positive[column]
        } else if weight < 0.0 {
            self.negative[column]
        } else {
            0.5 * (self.positive[column] + self.negative[column])
        }
    }

    /// Amplitudes of a vector's activations on the drivers from `first`; says how many events they
    /// make.
    pub(super) fn amplitudes(
        &self,
        first: usize,
        activations: impl ExactSizeIterator<Item = u8>,
        amplitudes: &mut [f32],
    ) -> f32 {
        let mut events = 0_u32;
        let activations = activations.inspect(|&x| events += u32::from(x > 0));
        match &self.drivers {
            None => {
                for (to, x) in amplitudes.iter_mut().zip(activations) {
                    *to = f32::from(x);
                }
            }
            Some(tables) => {
                let drivers = tables[first..].iter().zip(activations);
                for (to, (table, x)) in amplitudes.iter_mut().zip(drivers) {
                    *to = table[usize::from(x.min(ACTIVATION_MAX))];
                }
            }
        }
        events as f32
    }

    /// Amplitude of an activation that need not be whole, straight between whole ones, and its
    /// derivative: the slope across one activation to either side, which takes no notice of steps
    /// between codes.
    pub(super) fn amplitude(&self, driver: usize, activation: f32) -> (f32, f32) {
        let Some(tables) = &self.drivers else {
            return (activation, 1.0);
        };
        let table = &tables[driver];
        let last = DriverTwin::CODES - 1;
        let at = |place: f32| {
            let place = place.clamp(0.0, last as f32);
            let below = (place as usize).min(last - 1);
            table[below] + (place - below as f32) * (table[below + 1] - table[below])
        };
        let ends = [
            (activation - 1.0).max(0.0),
            (activation + 1.0).min(last as f32),
        ];
        let slope = (at(ends[1]) - at(ends[0])) / (ends[1] - ends[0]).max(1.0);
        (at(activation), slope)
    }
}

//! From voltages to codes in as few operations as it takes: what the readout amplifier and the CADC
//! do to each column, folded into a few numbers.
//!
//! Half the distance below the [amplifier](crate::membrane)'s ceiling C is a quarter of d + √(d² + 4s²)
//! with d = 2C − F − v − √((v − F)² + s²), F its floor, s the widths of both knees. The code of the
//! [CADC](crate::cadc), its non-linearity apart, then is x = offset + noise − ¼·gain·(d + √…), and its
//! non-linearity a polynomial in x.

use bss2_core::Scope;

use crate::cadc::Converter;
use crate::membrane::{Ends, soft_ends};
use crate::side_by_side::{SideBySide, block};

/// The conversion by the channels of one kind, by column of the chip.
#[derive(Clone, Debug)]
pub(crate) struct Conversion {
    floor_softness: f32,
    /// Four times that of the ceiling.
    ceiling_softness: f32,
    floor: Vec<f32>,
    /// 2C − F.
    reach: Vec<f32>,
    /// Codes per LSB of voltage.
    pub(crate) gain: Vec<f32>,
    /// Code at the ceiling.
    offset: Vec<f32>,
    /// Coefficients of what the non-linearity and the digital offset add, by power of the code.
    bend: [Vec<f32>; 4],
}

impl Conversion {
    /// Folds the amplifiers' ends and squared widths of their knees, and the converters, of all
    /// columns.
    pub(crate) fn fold(
        ends: &[Ends],
        floor_softness: f32,
        ceiling_softness: f32,
        converters: &[Converter],
    ) -> Self {
        let columns = || ends.iter().zip(converters);
        let bends: Vec<[f32; 4]> = converters.iter().map(bend).collect();
        Self {
            floor_softness,
            ceiling_softness: 4.0 * ceiling_softness,
            floor: ends.iter().map(|ends| ends.floor).collect(),
            reach: ends.iter().map(|e| 2.0 * e.ceiling - e.floor).collect(),
            gain: converters.iter().map(|converter| converter.gain).collect(),
            offset: columns()
                .map(|(ends, converter)| {
                    let at_reset = soft_ends(0.0, *ends, floor_softness, ceiling_softness);
                    converter.baseline + converter.gain * (ends.ceiling - at_reset)
                })
                .collect(),
            bend: std::array::from_fn(|power| bends.iter().map(|bend| bend[power]).collect()),
        }
    }
}

/// The terms of a converter's non-linearity, whose polynomials are those of a code from −1 to 1, and
/// its digital offset, as coefficients of the powers of the code.
fn bend(converter: &Converter) -> [f32; 4] {
    let Converter {
        bow,
        s_shape,
        digital_offset,
        ..
    } = *converter;
    let per_code = 1.0 / 127.5;
    [
        bow - s_shape + digital_offset,
        (6.0 * s_shape - 3.0 * bow) * per_code,
        (1.5 * bow - 7.5 * s_shape) * per_code * per_code,
        2.5 * s_shape * per_code * per_code * per_code,
    ]
}

/// The conversion of those columns of some vectors that belong to one quadrant, for code that is
/// compiled for the processor at hand.
pub(crate) struct Convert<'a> {
    pub(crate) conversion: &'a Conversion,
    /// The first column among those of the chip.
    pub(crate) first_of_chip: usize,
    /// The first column among those of the rows of what follows.
    pub(crate) first: usize,
    /// Columns of those rows.
    pub(crate) columns: usize,
    /// Places of the vectors among the rows.
    pub(crate) vectors: &'a [usize],
    /// Voltages of the columns.
    pub(crate) voltages: &'a [f32],
    /// Standard deviation of the noise that a quadrant has in common, in LSB of voltage.
    pub(crate) ramp_lsb: f32,
    /// Standard normals of each row by quadrant.
    pub(crate) ramps: &'a [[f32; Scope::QUADRANTS_PER_HEMISPHERE]],
    pub(crate) quadrant: usize,
    /// Standard normals.
    pub(crate) normals: &'a [f32],
    /// The noise's standard deviations in codes, by column.
    pub(crate) deviations: &'a [f32],
    pub(crate) codes: &'a mut [u8],
}

impl SideBySide for Convert<'_> {
    #[inline(always)]
    fn block<const COUNT: usize>(&mut self, first: usize) {
        let Conversion {
            floor_softness,
            ceiling_softness,
            floor,
            reach,
            gain,
            offset,
            bend: [bend_0, bend_1, bend_2, bend_3],
        } = self.conversion;
        let of_chip = self.first_of_chip + first;
        let floor = block::<_, COUNT>(floor, of_chip);
        let reach = block::<_, COUNT>(reach, of_chip);
        let gain = block::<_, COUNT>(gain, of_chip);
        let quarter_gain = gain.map(|gain| 0.25 * gain);
        let offset = block::<_, COUNT>(offset, of_chip);
        let bend_0 = block::<_, COUNT>(bend_0, of_chip);
        let bend_1 = block::<_, COUNT>(bend_1, of_chip);
        let bend_2 = block::<_, COUNT>(bend_2, of_chip);
        let bend_3 = block::<_, COUNT>(bend_3, of_chip);
        let deviations = block::<_, COUNT>(self.deviations, self.first + first);
        for &v in self.vectors {
            let at = v * self.columns + self.first + first;
            let voltages = block::<_, COUNT>(self.voltages, at);
            let normals = block::<_, COUNT>(self.normals, at);
            let common = 4.0 * self.ramp_lsb * self.ramps[v][self.quadrant];
            let mut codes = [0; COUNT];
            for c in 0..COUNT {
                let above = voltages[c] - floor[c];
                let knee = above.mul_add(above, *floor_softness).sqrt();
                let below = reach[c] - voltages[c] - knee;
                let distance = below + below.mul_add(below, *ceiling_softness).sqrt();
                let noisy = deviations[c].mul_add(normals[c], offset[c]);
                let linear = (-quarter_gain[c]).mul_add(distance - common, noisy);
                let x = linear.clamp(0.0, 255.0);
                let slope = x.mul_add(x.mul_add(bend_3[c], bend_2[c]), bend_1[c]);
                let bend = x.mul_add(slope, bend_0[c]);
                codes[c] = rounded((linear + bend).clamp(0.0, 255.0));
            }
            self.codes[at..at + COUNT].copy_from_slice(&codes);
        }
    }
}

/// The code next to a number in 0…255, the even one if there are two.
///
/// Adding 1.5·2²³ leaves no bit for a fraction, and the integer in the lowest bits. Unlike a cast, that
/// works on many columns at once.
#[inline(always)]
fn rounded(code: f32) -> u8 {
    (code + 12_582_912.0).to_bits() as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOFTNESS: [f32; 2] = [24.0 * 24.0, 20.0 * 20.0];

    /// The code before it is rounded, term by term.
    fn plainly(v: f32, ends: Ends, converter: &Converter, noise: f32) -> f64 {
        let [floor, ceiling] = SOFTNESS;
        let amplified = soft_ends(v, ends, floor, ceiling) - soft_ends(0.0, ends, floor, ceiling);
        let gain = f64::from(converter.gain);
        let linear = f64::from(converter.baseline) + gain * f64::from(amplified + noise);
        let t = ((linear - 127.5) / 127.5).clamp(-1.0, 1.0);
        let bend = f64::from(converter.bow) * (1.5 * t * t - 0.5)
            + f64::from(converter.s_shape) * (2.5 * t * t - 1.5) * t;
        (linear + bend + f64::from(converter.digital_offset)).clamp(0.0, 255.0)
    }

    /// Of some columns in the middle of a chip, for vectors out of order.
    #[test]
    fn codes_are_those_of_amplifier_and_converter() {
        const CHIP: usize = 90;
        const FIRST_OF_CHIP: usize = 9;
        const FIRST: usize = 4;
        const COLUMNS: usize = 81;
        let at = |column: usize, step: usize| ((column * step) % 31) as f32 / 15.0 - 1.0;
        let ends: Vec<_> = (0..CHIP)
            .map(|c| match c % 7 {
                0 => Ends::FAR,
                _ => Ends {
                    floor: -118.0 + 20.0 * at(c, 5),
                    ceiling: 134.0 + 20.0 * at(c, 7),
                },
            })
            .collect();
        let converters: Vec<_> = (0..CHIP)
            .map(|c| Converter {
                gain: 1.0 + 0.2 * at(c, 3),
                baseline: 128.0 + 30.0 * at(c, 11),
                bow: 2.0 * at(c, 13),
                s_shape: 2.0 * at(c, 17),
                digital_offset: (10.0 * at(c, 19)).round(),
            })
            .collect();
        let conversion = Conversion::fold(&ends, SOFTNESS[0], SOFTNESS[1], &converters);
        let of_chip = |c: usize| FIRST_OF_CHIP - FIRST + c;
        let normals: Vec<f32> = (0..3 * COLUMNS).map(|i| at(i, 23)).collect();
        let deviations: Vec<f32> = (0..COLUMNS).map(|c| 1.5 + at(c, 5)).collect();
        let ramps = [[0.0, 1.0], [0.5, -1.0], [0.0, 0.25]];
        for step in -300_i16..300 {
            let voltages: Vec<f32> = (0..3 * COLUMNS)
                .map(|i| f32::from(step) + at(i, 29))
                .collect();
            let mut codes = vec![77; 3 * COLUMNS];
            Convert {
                conversion: &conversion,
                first_of_chip: FIRST_OF_CHIP,
                first: FIRST,
                columns: COLUMNS,
                vectors: &[2, 0],
                voltages: &voltages,
                ramp_lsb: 0.4,
                ramps: &ramps,
                quadrant: 1,
                normals: &normals,
                deviations: &deviations,
                codes: &mut codes,
            }
            .all(COLUMNS - FIRST);
            for (i, code) in codes.into_iter().enumerate() {
                let (v, c) = (i / COLUMNS, i % COLUMNS);
                if v == 1 || c < FIRST {
                    assert_eq!(code, 77, "{v}, {c}");
                    continue;
                }
                let converter = &converters[of_chip(c)];
                // Deviations are in codes, what is common in LSB of voltage.
                let noise = deviations[c] * normals[i] / converter.gain + 0.4 * ramps[v][1];
                let exact = plainly(voltages[i], ends[of_chip(c)], converter, noise);
                let error = (f64::from(code) - exact).abs();
                assert!(error < 0.502, "{step}, {v}, {c}: {code}, {exact}");
            }
        }
    }

    #[test]
    fn halves_are_rounded_to_even() {
        for (code, expected) in [(0.0, 0), (0.5, 0), (1.5, 2), (127.49, 127), (254.6, 255)] {
            assert_eq!(rounded(code), expected);
        }
    }
}

//! From a convolution to a linear layer.

use ndarray::{ArrayView2, ArrayViewMut2};
use rayon::iter::{IndexedParallelIterator, ParallelIterator};
use rayon::slice::{ParallelSlice, ParallelSliceMut};
use serde::{Deserialize, Serialize};

use super::check_count;
use super::window::Window;
use crate::error::check_option;
use crate::strategy::check_shape;
use crate::{Convolution, LayerShape, MappingError};

/// How a convolution becomes a linear layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lowering {
    /// A vector per output position: what this position sees. The layer's weights are the kernel.
    #[default]
    Im2col,
    /// A vector per tile of so many neighbouring output positions: what any of them sees. The
    /// layer's weights are the kernel once per position, and zeros. Fewer vectors for more synapses.
    ///
    /// Tiles are no larger than the output; those at its lower and right border may reach beyond,
    /// which is dropped.
    Unrolled {
        /// Rows of a tile, 1…2²⁰.
        height: usize,
        /// Columns of a tile, 1…2²⁰.
        width: usize,
    },
}

/// A convolution as a linear layer, with a group for each of its groups.
///
/// A sample becomes [`vectors_per_sample`](Self::vectors_per_sample) vectors: its tiles of output
/// positions, row by row. Vectors are (channel, row, column), their outputs (group, position of the
/// tile, channel of the group).
#[derive(Clone, Debug)]
pub struct LoweredConvolution {
    convolution: Convolution,
    shape: LayerShape,
    rows: Window,
    columns: Window,
    /// What a vector is made of, in its order.
    pixels: Vec<Pixels>,
    /// Where each output of a vector stands in the output, from the tile's first position.
    outputs: Vec<Place>,
    tiles: Vec<Tile>,
    /// What a sample's vectors are made of, unless it is very much.
    pieces: Option<Vec<Piece>>,
}

/// Neighbouring pixels of a row of the padded input, from the tile's first pixel.
#[derive(Clone, Copy, Debug)]
struct Pixels {
    channel: usize,
    row: usize,
    first_column: usize,
    count: usize,
}

/// A place in a sample's outputs.
#[derive(Clone, Copy, Debug)]
struct Place {
    channel: usize,
    row: usize,
    column: usize,
    /// Its index for the first tile.
    index: usize,
}

/// Neighbouring output positions that are computed at once, by the first of them.
#[derive(Clone, Copy, Debug)]
struct Tile {
    row: usize,
    column: usize,
}

/// Neighbouring numbers of a sample's vectors that are neighbours in the sample, too.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// Where they begin in the vectors.
    at: usize,
    /// Where they begin in the sample.
    source: usize,
    count: usize,
}

impl LoweredConvolution {
    /// Largest accepted number of weights of the linear layer: 2²⁸, 256 MiB.
    pub const WEIGHTS_MAX: usize = 1 << 28;

    /// Lays out the linear layer.
    ///
    /// # Errors
    /// [`MappingError::OptionOutOfRange`] for tiles of another size than 1…2²⁰;
    /// [`MappingError::ConvolutionTooLarge`] beyond [`WEIGHTS_MAX`](Self::WEIGHTS_MAX);
    /// [`MappingError::LayerTooLarge`] for a vector of more than [`LayerShape::SIDE_MAX`] numbers.
    pub fn new(convolution: Convolution, lowering: Lowering) -> Result<Self, MappingError> {
        let tile = tile_size(&convolution, lowering)?;
        let options = *convolution.options();
        check_weights(&convolution, tile)?;
        let [rows, columns] = [
            (
                tile.0,
                options.kernel.0,
                options.stride.0,
                options.dilation.0,
            ),
            (
                tile.1,
                options.kernel.1,
                options.stride.1,
                options.dilation.1,
            ),
        ]
        .map(|(outputs, kernel, stride, dilation)| Window::new(outputs, kernel, stride, dilation));

        let seen = rows.pixels().len().saturating_mul(columns.pixels().len());
        let shape = LayerShape::grouped(
            options.input_channels.saturating_mul(seen),
            options.output_channels.saturating_mul(tile.0 * tile.1),
            options.groups,
        )?;
        let weights = shape.group_inputs().saturating_mul(shape.outputs());
        check_count(LOWERED_WEIGHTS, weights, Self::WEIGHTS_MAX)?;
        let mut lowered = Self {
            pixels: pixels(&convolution, &rows, &columns),
            outputs: output_places(&convolution, tile),
            tiles: tiles(&convolution, tile),
            convolution,
            shape,
            rows,
            columns,
            pieces: None,
        };
        if lowered.tiles.len().saturating_mul(lowered.pixels.len()) <= PIECES_KEPT {
            let mut pieces = Vec::new();
            lowered.each_piece(|piece| pieces.push(piece));
            lowered.pieces = Some(pieces);
        }
        Ok(lowered)
    }

    /// The convolution.
    pub const fn convolution(&self) -> &Convolution {
        &self.convolution
    }

    /// Sizes of the linear layer.
    pub const fn shape(&self) -> LayerShape {
        self.shape
    }

    /// Vectors that a sample becomes.
    pub fn vectors_per_sample(&self) -> usize {
        self.tiles.len()
    }

    /// Writes the linear layer's weights (inputs of one group × outputs) for a kernel (of
    /// [its shape](Convolution::kernel_shape)).
    ///
    /// # Errors
    /// [`MappingError::Shape`].
    pub fn expand<T: Copy + Default>(
        &self,
        kernel: ArrayView2<'_, T>,
        mut weights: ArrayViewMut2<'_, T>,
    ) -> Result<(), MappingError> {
        check_shape("kernel", self.convolution.kernel_shape(), kernel.dim())?;
        check_shape("weights", self.shape.weights(), weights.dim())?;
        weights.fill(T::default());
        self.each_weight(|weight, tap| weights[weight] = kernel[tap]);
        Ok(())
    }

    /// The transpose of [`expand`](Self::expand): adds each number of the linear layer's weights to
    /// that of the kernel which it is expanded from.
    ///
    /// # Errors
    /// [`MappingError::Shape`].
    pub fn contract(
        &self,
        weights: ArrayView2<'_, f32>,
        mut kernel: ArrayViewMut2<'_, f32>,
    ) -> Result<(), MappingError> {
        check_shape("kernel", self.convolution.kernel_shape(), kernel.dim())?;
        check_shape("weights", self.shape.weights(), weights.dim())?;
        self.each_weight(|weight, tap| kernel[tap] += weights[weight]);
        Ok(())
    }

    /// Visits the places of all weights that stand for a number of the kernel, with its place.
    fn each_weight(&self, mut visit: impl FnMut([usize; 2], [usize; 2])) {
        let (height, width) = self.convolution.options().kernel;
        let (rows, columns) = (self.rows.pixels().len(), self.columns.pixels().len());
        for channel in 0..self.convolution.channels_per_group() {
            for (tap_row, tap_column) in pairs(height, width) {
                let tap = (channel * height + tap_row) * width + tap_column;
                for (output, place) in self.outputs.iter().enumerate() {
                    let row = self.rows.index(place.row, tap_row);
                    let column = self.columns.index(place.column, tap_column);
                    let input = (channel * rows + row) * columns + column;
                    visit([input, output], [tap, place.channel]);
                }
            }
        }
    }

    /// Turns samples (samples × inputs of the convolution) into vectors (samples ·
    /// [`vectors_per_sample`](Self::vectors_per_sample) × inputs of the layer); the default, zero,
    /// stands where they reach beyond the input.
    ///
    /// # Errors
    /// [`MappingError::Shape`].
    pub fn gather<T: Copy + Default + Send + Sync>(
        &self,
        samples: ArrayView2<'_, T>,
        vectors: ArrayViewMut2<'_, T>,
    ) -> Result<(), MappingError> {
        self.check_inputs(samples.dim(), vectors.dim())?;
        each_sample(samples, vectors, |sample, vectors| {
            vectors.fill(T::default());
            self.each_piece(|Piece { at, source, count }| {
                vectors[at..at + count].copy_from_slice(&sample[source..source + count]);
            });
        });
        Ok(())
    }

    /// The transpose of [`gather`](Self::gather): adds each number of the vectors to where it would
    /// be gathered from.
    ///
    /// # Errors
    /// [`MappingError::Shape`].
    pub fn scatter_add(
        &self,
        vectors: ArrayView2<'_, f32>,
        samples: ArrayViewMut2<'_, f32>,
    ) -> Result<(), MappingError> {
        self.check_inputs(samples.dim(), vectors.dim())?;
        each_sample(vectors, samples, |vectors, sample| {
            self.each_piece(|Piece { at, source, count }| {
                let values = &vectors[at..at + count];
                for (sum, &value) in sample[source..source + count].iter_mut().zip(values) {
                    *sum += value;
                }
            });
        });
        Ok(())
    }

    /// Turns the layer's outputs (samples · [`vectors_per_sample`](Self::vectors_per_sample) ×
    /// outputs of the layer) into those of the convolution (samples × outputs), each of which is
    /// written.
    ///
    /// # Errors
    /// [`MappingError::Shape`].
    pub fn scatter<T: Copy + Send + Sync>(
        &self,
        vectors: ArrayView2<'_, T>,
        outputs: ArrayViewMut2<'_, T>,
    ) -> Result<(), MappingError> {
        self.check_outputs(outputs.dim(), vectors.dim())?;
        each_sample(vectors, outputs, |vectors, outputs| {
            for (vector, &tile) in vectors.chunks(self.shape.outputs()).zip(&self.tiles) {
                self.each_target(tile, vector.iter(), |&value, target| {
                    if let Some(target) = target {
                        outputs[target] = value;
                    }
                });
            }
        });
        Ok(())
    }

    /// The transpose of [`scatter`](Self::scatter): turns outputs of the convolution into those of
    /// the layer; the default, zero, stands where tiles reach beyond the output.
    ///
    /// # Errors
    /// [`MappingError::Shape`].
    pub fn gather_outputs<T: Copy + Default + Send + Sync>(
        &self,
        outputs: ArrayView2<'_, T>,
        vectors: ArrayViewMut2<'_, T>,
    ) -> Result<(), MappingError> {
        self.check_outputs(outputs.dim(), vectors.dim())?;
        each_sample(outputs, vectors, |outputs, vectors| {
            let vectors = vectors.chunks_mut(self.shape.outputs());
            for (vector, &tile) in vectors.zip(&self.tiles) {
                self.each_target(tile, vector.iter_mut(), |to, target| {
                    *to = target.map_or(T::default(), |target| outputs[target]);
                });
            }
        });
        Ok(())
    }

    /// Visits the parts of a sample's vectors that lie side by side in the sample; others lie beyond
    /// the input.
    #[inline(always)]
    fn each_piece(&self, mut visit: impl FnMut(Piece)) {
        if let Some(pieces) = &self.pieces {
            return pieces.iter().copied().for_each(visit);
        }
        let mut first = 0;
        for &tile in &self.tiles {
            self.each_piece_of(tile, |piece| {
                visit(Piece {
                    at: first + piece.at,
                    ..piece
                });
            });
            first += self.shape.inputs();
        }
    }

    /// The same of one tile, with places within its vector.
    fn each_piece_of(&self, tile: Tile, mut visit: impl FnMut(Piece)) {
        let options = self.convolution.options();
        let ((height, width), (above, left)) = (options.input, options.padding);
        let (first_row, first_column) =
            (tile.row * options.stride.0, tile.column * options.stride.1);
        let mut at = 0;
        for pixels in &self.pixels {
            // What lies before the input wraps to a number that is too large.
            let row = (first_row + pixels.row).wrapping_sub(above);
            let column = first_column + pixels.first_column;
            let before = left.saturating_sub(column).min(pixels.count);
            let end = (left + width).saturating_sub(column).min(pixels.count);
            if row < height && before < end {
                visit(Piece {
                    at: at + before,
                    source: (pixels.channel * height + row) * width + column + before - left,
                    count: end - before,
                });
            }
            at += pixels.count;
        }
    }

    /// Visits items, one for each output of a tile's vector, with the place of the output in a sample;
    /// `None` beyond the output.
    #[inline(always)]
    fn each_target<T>(
        &self,
        tile: Tile,
        items: impl Iterator<Item = T>,
        mut visit: impl FnMut(T, Option<usize>),
    ) {
        let (height, width) = self.convolution.output();
        let first = tile.row * width + tile.column;
        let (rows, columns) = (height - tile.row, width - tile.column);
        for (item, place) in items.zip(&self.outputs) {
            let inside = place.row < rows && place.column < columns;
            visit(item, inside.then_some(first + place.index));
        }
    }

    fn check_inputs(
        &self,
        samples: (usize, usize),
        vectors: (usize, usize),
    ) -> Result<(), MappingError> {
        let expected = (samples.0, self.convolution.inputs());
        check_shape("samples", expected, samples)?;
        let expected = (self.vectors(samples.0), self.shape.inputs());
        check_shape("vectors", expected, vectors)
    }

    fn check_outputs(
        &self,
        outputs: (usize, usize),
        vectors: (usize, usize),
    ) -> Result<(), MappingError> {
        let expected = (outputs.0, self.convolution.outputs());
        check_shape("outputs", expected, outputs)?;
        let expected = (self.vectors(outputs.0), self.shape.outputs());
        check_shape("outputs of vectors", expected, vectors)
    }

    /// Vectors of so many samples.
    fn vectors(&self, samples: usize) -> usize {
        samples.saturating_mul(self.tiles.len())
    }
}

/// Pieces of a sample's vectors beyond which they are found anew each time.
const PIECES_KEPT: usize = 1 << 16;

/// Numbers that are worth a thread of their own.
const NUMBERS_AT_ONCE: usize = 1 << 15;

const LOWERED_WEIGHTS: &str = "weights of the linear layer";

fn tile_size(
    convolution: &Convolution,
    lowering: Lowering,
) -> Result<(usize, usize), MappingError> {
    let Lowering::Unrolled { height, width } = lowering else {
        return Ok((1, 1));
    };
    let max = LayerShape::SIDE_MAX as u64;
    check_option("unrolled height", height as u64, 1, max)?;
    check_option("unrolled width", width as u64, 1, max)?;
    let (rows, columns) = convolution.output();
    Ok((height.min(rows), width.min(columns)))
}

/// Refuses too many weights by those that are not zero, before anything is laid out.
fn check_weights(convolution: &Convolution, tile: (usize, usize)) -> Result<(), MappingError> {
    let (rows, columns) = convolution.kernel_shape();
    let count = rows
        .saturating_mul(columns)
        .saturating_mul(tile.0)
        .saturating_mul(tile.1);
    check_count(LOWERED_WEIGHTS, count, LoweredConvolution::WEIGHTS_MAX)
}

fn pixels(convolution: &Convolution, rows: &Window, columns: &Window) -> Vec<Pixels> {
    let mut all = Vec::new();
    for channel in 0..convolution.options().input_channels {
        for &row in rows.pixels() {
            let neighbours = columns.pixels().chunk_by(|left, right| left + 1 == *right);
            all.extend(neighbours.map(|columns| Pixels {
                channel,
                row,
                first_column: columns[0],
                count: columns.len(),
            }));
        }
    }
    all
}

fn output_places(convolution: &Convolution, tile: (usize, usize)) -> Vec<Place> {
    let options = convolution.options();
    let channels = options.output_channels / options.groups;
    let (height, width) = convolution.output();
    let mut places = Vec::new();
    for group in 0..options.groups {
        for (row, column) in pairs(tile.0, tile.1) {
            let place = |channel| Place {
                channel,
                row,
                column,
                index: (channel * height + row) * width + column,
            };
            places.extend((group * channels..(group + 1) * channels).map(place));
        }
    }
    places
}

fn tiles(convolution: &Convolution, tile: (usize, usize)) -> Vec<Tile> {
    let (height, width) = convolution.output();
    pairs(height.div_ceil(tile.0), width.div_ceil(tile.1))
        .map(|(row, column)| Tile {
            row: row * tile.0,
            column: column * tile.1,
        })
        .collect()
}

/// Does something with the numbers of each sample in two arrays, on several threads.
fn each_sample<T: Copy + Send + Sync>(
    from: ArrayView2<'_, T>,
    to: ArrayViewMut2<'_, T>,
    work: impl Fn(&[T], &mut [T]) + Sync,
) {
    // One of both has several vectors for a sample.
    let samples = (from.nrows().min(to.nrows())).max(1);
    let numbers = |array: (usize, usize)| (array.0 / samples * array.1).max(1);
    let (of_from, of_to) = (numbers(from.dim()), numbers(to.dim()));
    let at_once = NUMBERS_AT_ONCE.div_ceil(of_from.max(of_to));
    let from = from.as_standard_layout();
    let Some(from) = from.as_slice() else {
        unreachable!("arrays in standard layout are slices");
    };
    in_standard_layout(to, |to| {
        from.par_chunks(of_from)
            .zip(to.par_chunks_mut(of_to))
            .with_min_len(at_once)
            .for_each(|(from, to)| work(from, to));
    });
}

/// Does something with an array's numbers in standard layout, by way of a copy unless that is theirs.
fn in_standard_layout<T: Copy>(mut array: ArrayViewMut2<'_, T>, work: impl FnOnce(&mut [T])) {
    if let Some(values) = array.as_slice_mut() {
        return work(values);
    }
    let mut copy: Vec<T> = array.iter().copied().collect();
    work(&mut copy);
    array.iter_mut().zip(copy).for_each(|(to, from)| *to = from);
}

/// All pairs of two numbers below these, row by row.
fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests may panic")]
mod tests {
    use ndarray::Array2;

    use super::*;
    use crate::ConvolutionOptions;

    #[test]
    fn pieces_are_the_same_whether_they_are_kept_or_not() {
        let options = ConvolutionOptions {
            padding: (2, 3),
            stride: (2, 1),
            dilation: (1, 2),
            ..ConvolutionOptions::two_d(3, (9, 7), 4, (3, 2))
        };
        let lowering = Lowering::Unrolled {
            height: 2,
            width: 3,
        };
        let convolution = Convolution::new(options).unwrap();
        let kept = LoweredConvolution::new(convolution, lowering).unwrap();
        let found_anew = LoweredConvolution {
            pieces: None,
            ..kept.clone()
        };
        assert!(kept.pieces.is_some());
        let samples =
            Array2::from_shape_fn((2, convolution.inputs()), |(v, i)| (v * 300 + i) as u16);
        let vectors = [kept, found_anew].map(|lowered| {
            let shape = (2 * lowered.vectors_per_sample(), lowered.shape().inputs());
            let mut vectors = Array2::zeros(shape);
            lowered.gather(samples.view(), vectors.view_mut()).unwrap();
            vectors
        });
        assert_eq!(vectors[0], vectors[1]);
        assert!(vectors[0].iter().any(|&x| x > 0));
    }
}

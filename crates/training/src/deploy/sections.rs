//! A network's steps, linear layer by linear layer.

use crate::{Affine, LinearLayer, Pool, Step, TrainingError};

/// What is done digitally between two linear layers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Between {
    /// Negative values become zero; on the chip, the conversion to activations.
    Rectify,
    /// Neighbouring values become one.
    Pool(Pool),
}

/// Inputs, as they come, on their way to the first linear layer, and what follows.
#[derive(Debug)]
pub(super) struct Sections {
    /// What is done with the inputs.
    pub(super) before: Vec<Pool>,
    pub(super) sections: Vec<Section>,
}

/// A linear layer and what follows up to the next.
#[derive(Debug)]
pub(super) struct Section {
    /// Which step it is.
    pub(super) step: usize,
    pub(super) linear: LinearLayer,
    /// What is added to each output channel, digitally; empty if nothing is.
    pub(super) bias: Vec<f32>,
    pub(super) after: Vec<Between>,
}

impl Sections {
    /// Puts steps together: factors of channels become part of the weights before them.
    pub(super) fn new(steps: &[Step]) -> Result<Self, TrainingError> {
        let mut sections = Self {
            before: Vec::new(),
            sections: Vec::new(),
        };
        for (index, step) in steps.iter().enumerate() {
            sections
                .add(index, step)
                .map_err(|reason| TrainingError::NotDeployable {
                    layer: index.into(),
                    reason,
                })?;
        }
        if sections.sections.is_empty() {
            return Err(TrainingError::Widths { widths: Vec::new() });
        }
        Ok(sections)
    }

    fn add(&mut self, index: usize, step: &Step) -> Result<(), &'static str> {
        let last = self.sections.last_mut();
        match (step, last) {
            (Step::Linear(linear), last) => {
                if last.is_some_and(|section| !section.is_rectified()) {
                    return Err(
                        "a linear layer before it has no rectifier: activations have no sign",
                    );
                }
                self.sections.push(Section {
                    step: index,
                    linear: linear.clone(),
                    bias: Vec::new(),
                    after: Vec::new(),
                });
            }
            (Step::Pool(pool), None) => self.before.push(*pool),
            (Step::Pool(pool), Some(section)) => section.after.push(Between::Pool(*pool)),
            (Step::Rectify, Some(section)) if !section.is_rectified() => {
                section.after.push(Between::Rectify);
            }
            // What is rectified stays as it is.
            (Step::Rectify, Some(_)) | (Step::Nothing, _) => {}
            (Step::Rectify, None) => return Err("inputs are not rectified: they have no sign"),
            (Step::Affine(affine), Some(section)) if section.after.is_empty() => {
                section.fold(affine)?;
            }
            (Step::Affine(_), _) => {
                return Err("a bias or a normalisation must follow its linear layer at once");
            }
        }
        Ok(())
    }
}

impl Section {
    fn is_rectified(&self) -> bool {
        self.after.contains(&Between::Rectify)
    }

    /// Output channels that have a column of weights each.
    pub(super) fn channels(&self) -> usize {
        self.linear.weights().ncols()
    }

    /// Makes factors part of the weights, and offsets part of the bias.
    fn fold(&mut self, affine: &Affine) -> Result<(), &'static str> {
        let (channels, positions) = (self.channels(), self.linear.positions());
        if affine.factors.len() != channels || affine.positions != positions {
            return Err("its channels are not those of the linear layer before it");
        }
        if self.bias.is_empty() {
            self.bias = vec![0.0; channels];
        }
        for ((bias, &factor), &offset) in self
            .bias
            .iter_mut()
            .zip(&affine.factors)
            .zip(&affine.offsets)
        {
            *bias = *bias * factor + offset;
        }
        for mut row in self.linear.weights_mut().rows_mut() {
            for (weight, &factor) in row.iter_mut().zip(&affine.factors) {
                *weight *= factor;
            }
        }
        Ok(())
    }
}

//! Published figures that more than one experiment is compared with.

/// Deviation from the linear fit at a predicted result, both in LSB. Source: BrainScaleS-2 demos,
/// linearity figure, values read from it.
pub(crate) const SWING_DEVIATIONS: [(f64, f64); 7] = [
    (-144.0, 36.0),
    (-126.0, 19.0),
    (-108.0, 12.0),
    (-86.0, 4.5),
    (107.0, -2.4),
    (126.0, -5.9),
    (144.0, -19.0),
];

/// A published accuracy on MNIST of the network with one convolution (10 × 10, stride 5, 20
/// channels) and dense layers 500-128-10, in percent, by how it was run. Source: Weis et al. 2020,
/// arXiv:2006.13177, second-hand; the abstract confirms 98.0 in the loop.
pub(crate) const MNIST_ACCURACIES_PERCENT: [(&str, f64); 4] = [
    ("float", 98.29),
    ("quantised", 98.10),
    ("chip without retraining", 92.13),
    ("chip in the loop", 98.01),
];

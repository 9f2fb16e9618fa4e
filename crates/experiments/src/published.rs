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

/// Additive noise on all layers, probably midpoints, of networks on MNIST. Source: Borras, Klein and
/// Fröning, Walking Noise, arXiv:2212.10430, accompanying configurations, second-hand.
pub(crate) const WALKING_NOISE_MNIST_SIGMAS: [(&str, f64); 4] = [
    ("LeNet5", 0.607),
    ("LeNet5 BN", 0.238),
    ("MLP", 0.471),
    ("MLP BN", 0.350),
];

/// A layer on the chip as it was measured: how often vectors are sent, gain in LSB per activation and
/// weight unit, standard deviation of the noise in LSB. Source: Summ et al., Beyond Noise,
/// arXiv:2609.15527, table 1, a network of 2560-128-128-10.
pub(crate) const TEMPERATURE_LAYERS: [(u32, f64, f64); 3] =
    [(2, 0.003, 5.4), (4, 0.006, 1.5), (4, 0.006, 1.7)];

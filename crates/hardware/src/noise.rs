//! Trial-to-trial noise of a readout.
//!
//! Each multiplication begins with a noisy reset, integrates the OTAs' noise, and ends with a noisy
//! conversion, a part of which all channels of a quadrant share because they share a ramp. White
//! current noise on a leaking capacitor is Gaussian at the readout, with the variance
//! σ²·b/c²·(1 − exp(−2λT)) / 2λ after the integration time T at the OTAs' bias b and the relative
//! capacitance c, so that one draw per vector and column stands for all of it. The noise of the reset
//! has decayed to exp(−λT) by then; above a measured baseline, which holds all of it,
//! −(1 − exp(−λT)) remains. Where both channels of a column convert at the same time, they share the
//! noise of what they read and that of the ramp; each conversion has noise of its own. (The drivers'
//! comparator jitter acts on events; see [`driver`](crate::driver).)

use crate::parameter::section;

section! {
    /// Standard deviations of the noise sources. Together they make the published 1.2…2 LSB of a
    /// single pass.
    pub struct NoiseConfig in "noise" {
        /// CADC noise of each channel, in LSB.
        read_lsb: 1.0 in 0.0 to 50.0, PerTrial, "assumption";
        /// CADC noise common to a quadrant, in LSB.
        ramp_lsb: 0.3 in 0.0 to 50.0, PerTrial, "assumption";
        /// Noise of the membrane's reset potential at the reset value of `i_bias_reset`, in LSB.
        reset_lsb: 0.5 in 0.0 to 50.0, PerTrial, "assumption";
        /// OTA and membrane noise at the registers' reset values, in LSB per √µs of integration; its
        /// variance grows with the OTAs' bias.
        integration_lsb_per_sqrt_us: 0.35 in 0.0 to 50.0, PerTrial, "assumption";
        /// Noise of a synaptic line's voltage, in LSB.
        line_lsb: 0.5 in 0.0 to 50.0, PerTrial, "assumption";
        /// Noise of each sample of a recorded trace, in LSB.
        trace_lsb: 0.5 in 0.0 to 50.0, PerTrial, "assumption";
    }
}

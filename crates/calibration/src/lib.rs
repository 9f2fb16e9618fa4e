//! bss2-calibration

//! bss2-experiments

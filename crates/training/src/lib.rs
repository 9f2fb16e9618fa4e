//! bss2-training

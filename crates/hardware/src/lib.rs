//! bss2-hardware

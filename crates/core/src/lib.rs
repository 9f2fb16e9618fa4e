//! bss2-core

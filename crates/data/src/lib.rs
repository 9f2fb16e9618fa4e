//! bss2-data

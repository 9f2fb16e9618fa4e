//! bss2-mapping

//! What each stage of the circuit does, one by one.

mod cadc;
mod driver;
mod line;
mod membrane;
mod synapse;

//! How `Deployment` is written: it holds a trait object, which cannot be serialised.

use bss2_core::ArrayGeometry;
use bss2_training::Deployment;
use serde::{Serialize, Serializer};

#[derive(Serialize)]
struct Fields {
    geometry: ArrayGeometry,
    strategy: String,
    num_sends: u32,
    wait_between_events: u32,
    gain_lsb: f32,
    weight_quantile: f64,
    output_quantile: f64,
}

pub(super) fn serialize<S: Serializer>(
    deployment: &Deployment,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // Every field is named, so that a new one cannot be forgotten.
    let Deployment {
        geometry,
        strategy,
        num_sends,
        wait_between_events,
        gain_lsb,
        weight_quantile,
        output_quantile,
    } = *deployment;
    let fields = Fields {
        geometry,
        strategy: format!("{strategy:?}"),
        num_sends,
        wait_between_events,
        gain_lsb,
        weight_quantile,
        output_quantile,
    };
    fields.serialize(serializer)
}

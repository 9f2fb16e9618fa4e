//! A point's calibration in files. TOML has no null: a chip as it comes is `"none"`.

use std::fmt;

use bss2_calibration::Procedure;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const NONE: &str = "none";

#[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
pub(super) fn serialize<S: Serializer>(
    calibration: &Option<Procedure>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match calibration {
        None => serializer.serialize_str(NONE),
        Some(procedure) => procedure.serialize(serializer),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Procedure>, D::Error> {
    deserializer.deserialize_any(Calibration)
}

struct Calibration;

impl<'de> Visitor<'de> for Calibration {
    type Value = Option<Procedure>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{NONE}\" or a procedure")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if text == NONE {
            return Ok(None);
        }
        Err(E::invalid_value(Unexpected::Str(text), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Procedure::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

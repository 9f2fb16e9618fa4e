//! What the crate's documentation says of serde's attributes.

use bss2_file::{ContentError, decode, encode};
use serde::{Deserialize, Serialize};

use crate::sample::SAMPLE;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Inner {
    value: u32,
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Flattened {
    #[serde(flatten)]
    inner: Inner,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u32),
    Text(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
enum Tagged {
    One(Inner),
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Skipping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<u32>,
}

#[test]
fn attributes_that_need_names_or_types_in_the_file_fail() {
    let flattened = encode(SAMPLE, &Flattened::default()).unwrap_err();
    assert!(matches!(flattened, ContentError::Encode { .. }));

    for untagged in [Untagged::Number(1), Untagged::Text("1".into())] {
        let bytes = encode(SAMPLE, &untagged).unwrap();
        decode::<Untagged>(SAMPLE, &bytes).unwrap_err();
    }
    let bytes = encode(SAMPLE, &Tagged::One(Inner::default())).unwrap();
    decode::<Tagged>(SAMPLE, &bytes).unwrap_err();
    let bytes = encode(SAMPLE, &Skipping::default()).unwrap();
    decode::<Skipping>(SAMPLE, &bytes).unwrap_err();
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
struct Harmless {
    #[serde(rename = "x", alias = "y")]
    first_value: u32,
    #[serde(with = "minutes")]
    seconds: u32,
    converted: Converted,
}

impl Default for Harmless {
    fn default() -> Self {
        Self {
            first_value: 1,
            seconds: 120,
            converted: Converted(Inner { value: 3 }),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Inner", into = "Inner")]
struct Converted(Inner);

impl From<Inner> for Converted {
    fn from(inner: Inner) -> Self {
        Self(inner)
    }
}

impl From<Converted> for Inner {
    fn from(converted: Converted) -> Self {
        converted.0
    }
}

mod minutes {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub(crate) fn serialize<S: Serializer>(seconds: &u32, to: S) -> Result<S::Ok, S::Error> {
        (seconds / 60).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
        u32::deserialize(from).map(|minutes| minutes * 60)
    }
}

#[test]
fn attributes_that_do_not_are_harmless() {
    let harmless = Harmless {
        first_value: 10,
        seconds: 180,
        converted: Converted(Inner { value: 30 }),
    };
    let bytes = encode(SAMPLE, &harmless).unwrap();
    assert_eq!(decode::<Harmless>(SAMPLE, &bytes).unwrap(), harmless);
}

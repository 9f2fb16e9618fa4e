//! A value of every shape that serde knows, and types that write what they like.

use std::collections::BTreeMap;

use bss2_file::Format;
use proptest::prelude::*;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeTuple};

pub(crate) const SAMPLE: Format = Format::new("sample", 3);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Mode {
    Plain,
    Gain(f64),
    Window { from: u16, to: u16 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) codes: Vec<i32>,
    pub(crate) ok: [bool; 2],
    pub(crate) residual: Option<f64>,
    pub(crate) modes: Vec<Mode>,
    pub(crate) counts: BTreeMap<char, u64>,
}

pub(crate) fn small() -> Sample {
    Sample {
        name: "µ".into(),
        codes: vec![1, -2],
        ok: [true, false],
        residual: Some(0.5),
        modes: vec![
            Mode::Plain,
            Mode::Gain(-1.0),
            Mode::Window { from: 3, to: 400 },
        ],
        counts: BTreeMap::from([('a', 7)]),
    }
}

fn any_mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        Just(Mode::Plain),
        any::<f64>().prop_map(Mode::Gain),
        any::<(u16, u16)>().prop_map(|(from, to)| Mode::Window { from, to }),
    ]
}

pub(crate) fn any_sample() -> impl Strategy<Value = Sample> {
    let modes = prop::collection::vec(any_mode(), 0..5);
    let counts = prop::collection::btree_map(any::<char>(), any::<u64>(), 0..5);
    let plain = any::<(String, Vec<i32>, [bool; 2], Option<f64>)>();
    (plain, modes, counts).prop_map(|((name, codes, ok, residual), modes, counts)| Sample {
        name,
        codes,
        ok,
        residual,
        modes,
        counts,
    })
}

/// Content as it is: these bytes and nothing about them.
pub(crate) struct Raw(pub(crate) Vec<u8>);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        for byte in &self.0 {
            tuple.serialize_element(byte)?;
        }
        tuple.end()
    }
}

/// A byte string, its length first.
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

/// Cannot be stored, which shows only after some of it has been.
pub(crate) struct Stubborn;

impl Serialize for Stubborn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&1_u64)?;
        Err(serde::ser::Error::custom("out of tune"))
    }
}

//! Tables as files.

use serde::Serialize;

use crate::ExperimentError;

/// A table in a file of a result folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvFile {
    name: &'static str,
    content: Vec<u8>,
}

impl CsvFile {
    /// A table with one line per row, below the names of the rows' fields.
    ///
    /// # Errors
    /// [`ExperimentError::Encode`] for a row that is not flat.
    pub fn of<R: Serialize>(
        name: &'static str,
        rows: impl IntoIterator<Item = R>,
    ) -> Result<Self, ExperimentError> {
        let encode = |error: csv::Error| ExperimentError::Encode {
            what: name,
            reason: error.to_string(),
        };
        let mut writer = csv::Writer::from_writer(Vec::new());
        for row in rows {
            writer.serialize(row).map_err(encode)?;
        }
        let content = writer
            .into_inner()
            .map_err(|error| encode(error.into_error().into()))?;
        Ok(Self { name, content })
    }

    /// The file's name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Its bytes.
    pub fn content(&self) -> &[u8] {
        &self.content
    }
}

//! How layers are cut and placed, by name.

use bss2_mapping::Tiling;
use serde::{Deserialize, Serialize};

/// How layers are cut and placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// [`Tiling::in_order`].
    InOrder,
    /// [`Tiling::balanced`].
    Balanced,
    /// [`Tiling::packed`].
    Packed,
}

impl Layout {
    const ALL: [Self; 3] = [Self::InOrder, Self::Balanced, Self::Packed];

    /// By its number, the nearest there is.
    pub(super) fn of(number: f64) -> Self {
        Self::ALL[number.round().clamp(0.0, 2.0) as usize]
    }

    /// For people.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::InOrder => "in order",
            Self::Balanced => "balanced",
            Self::Packed => "packed",
        }
    }
}

impl From<Layout> for Tiling {
    fn from(layout: Layout) -> Self {
        match layout {
            Layout::InOrder => Self::in_order(),
            Layout::Balanced => Self::balanced(),
            Layout::Packed => Self::packed(),
        }
    }
}

//! Ordered numbers of inputs, outputs, rows or columns.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Numbers of inputs, outputs, rows or columns, in an order that matters.
///
/// A run of consecutive numbers takes no more memory than its ends. Written as
/// `{"range": {"start": 0, "end": 128}}` or `{"list": [3, 1]}`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "Form", into = "Form")]
pub struct Indices(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Range(Range<u32>),
    List(Vec<u32>),
}

impl From<Form> for Indices {
    fn from(form: Form) -> Self {
        match form {
            Form::Range(range) if range.is_empty() => Self(Form::Range(0..0)),
            Form::Range(range) => Self(Form::Range(range)),
            Form::List(list) => list.into(),
        }
    }
}

impl From<Indices> for Form {
    fn from(indices: Indices) -> Self {
        indices.0
    }
}

/// Numbers beyond 2³² become 2³² − 1, which no layer and no array has; a range that ends before it
/// starts is empty.
impl From<Range<usize>> for Indices {
    fn from(range: Range<usize>) -> Self {
        let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
        Form::Range(number(range.start)..number(range.end)).into()
    }
}

/// Consecutive numbers become a range.
impl From<Vec<u32>> for Indices {
    fn from(list: Vec<u32>) -> Self {
        let consecutive = list
            .windows(2)
            .all(|pair| pair[0].checked_add(1) == Some(pair[1]));
        match list.first() {
            Some(&start) if consecutive && start.checked_add(list.len() as u32).is_some() => {
                Self(Form::Range(start..start + list.len() as u32))
            }
            _ => Self(Form::List(list)),
        }
    }
}

impl Indices {
    /// How many.
    pub fn len(&self) -> usize {
        match &self.0 {
            Form::Range(range) => range.len(),
            Form::List(list) => list.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = usize> + Clone + '_ {
        let (range, list) = match &self.0 {
            Form::Range(range) => (range.clone(), [].as_slice()),
            Form::List(list) => (0..list.len() as u32, list.as_slice()),
        };
        range.map(move |i| list.get(i as usize).map_or(i, |&number| number) as usize)
    }

    /// The number at a place.
    ///
    /// # Panics
    /// If there are not so many.
    pub(crate) fn at(&self, place: usize) -> usize {
        match &self.0 {
            Form::Range(range) => range.start as usize + place,
            Form::List(list) => list[place] as usize,
        }
    }

    /// Some of the numbers, by their places.
    ///
    /// # Panics
    /// If there are not so many.
    pub(crate) fn part(&self, places: Range<usize>) -> Self {
        match &self.0 {
            Form::Range(range) => {
                assert!(places.end <= range.len(), "{places:?} of {range:?}");
                let start = range.start as usize;
                (start + places.start..start + places.end).into()
            }
            Form::List(list) => list[places].to_vec().into(),
        }
    }

    /// The numbers as a range, if each is followed by the next.
    pub fn as_range(&self) -> Option<Range<usize>> {
        match &self.0 {
            Form::Range(range) => Some(range.start as usize..range.end as usize),
            Form::List(_) => None,
        }
    }

    /// The smallest range that holds all of them.
    pub fn span(&self) -> Range<usize> {
        match &self.0 {
            Form::Range(range) => range.start as usize..range.end as usize,
            Form::List(list) => {
                let (first, last) = (list.iter().min(), list.iter().max());
                let end = last.map_or(0, |&last| last as usize + 1);
                first.map_or(0, |&first| first as usize)..end
            }
        }
    }
}

impl fmt::Display for Indices {
    /// "0…127", or "12 in 3…90" where they are not consecutive.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = self.span();
        if self.as_range().is_none() {
            write!(f, "{} in ", self.len())?;
        }
        match span.len() {
            0 => f.write_str("none"),
            1 => write!(f, "{}", span.start),
            _ => write!(f, "{}…{}", span.start, span.end - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consecutive_lists_are_ranges_and_others_keep_their_order() {
        let range = Indices::from(vec![4, 5, 6]);
        assert_eq!(range, Indices::from(4..7));
        assert_eq!(range.to_string(), "4…6");
        let list = Indices::from(vec![6, 4, 9]);
        assert_eq!(list.as_range(), None);
        assert_eq!(list.iter().collect::<Vec<_>>(), [6, 4, 9]);
        assert_eq!(
            (list.span(), list.to_string()),
            (4..10, "3 in 4…9".to_owned())
        );
        assert_eq!(Indices::from(vec![7]).to_string(), "7");
        assert!(Indices::from(Vec::new()).is_empty());
        let backwards = Range { start: 7, end: 3 };
        assert_eq!(Indices::from(backwards), Indices::from(0..0));
        let beyond = Indices::from((1 << 32) - 3..(1 << 32) + 4);
        assert_eq!(beyond.span().end, u32::MAX as usize, "never a small number");
        assert_eq!(Indices::from(vec![u32::MAX]).len(), 1);
    }

    #[test]
    fn both_forms_are_written_and_read_back() {
        for indices in [Indices::from(3..9), Indices::from(vec![3, 1])] {
            let text = serde_json::to_string(&indices).unwrap();
            assert_eq!(serde_json::from_str::<Indices>(&text).unwrap(), indices);
        }
        let text = serde_json::to_string(&Indices::from(3..9)).unwrap();
        assert_eq!(text, r#"{"range":{"start":3,"end":9}}"#);
    }
}

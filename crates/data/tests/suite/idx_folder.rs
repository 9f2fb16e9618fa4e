//! The four files of a data set in a folder.

use std::{fs, path::Path};

use bss2_data::{DataError, Dataset, Idx};
use tempfile::TempDir;

use crate::idx_bytes::{gzip, idx};

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

/// Three training and two test images of 1 × 2 pixels; the largest label is 4.
fn contents() -> [Vec<u8>; 4] {
    [
        idx(&[3, 1, 2], &[0, 51, 102, 153, 204, 255]),
        idx(&[3], &[0, 1, 2]),
        idx(&[2, 1, 2], &[255, 0, 255, 0]),
        idx(&[2], &[4, 0]),
    ]
}

fn folder_of<N: AsRef<Path>>(files: impl IntoIterator<Item = (N, Vec<u8>)>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// The folder of [`contents`] with one file replaced.
fn folder_with(file: usize, bytes: Vec<u8>) -> TempDir {
    let mut files = contents();
    files[file] = bytes;
    folder_of(FILES.into_iter().zip(files))
}

#[test]
fn content_is_scaled_and_described() {
    let folder = folder_of(FILES.into_iter().zip(contents()));
    let set = Idx::open("tiny", folder.path()).unwrap();
    assert_eq!((set.name(), set.num_classes()), ("tiny", 5));
    let shape = set.feature_shape();
    assert_eq!((shape.height(), shape.width(), shape.channels()), (1, 2, 1));

    let split = set.split().unwrap();
    assert_eq!(
        split.train.inputs(),
        &ndarray::array![[0.0, 0.2], [0.4, 0.6], [0.8, 1.0]]
    );
    assert_eq!(split.train.labels(), [0, 1, 2]);
    assert_eq!(
        split.test.inputs(),
        &ndarray::array![[1.0, 0.0], [1.0, 0.0]]
    );
    assert_eq!(split.test.labels(), [4, 0]);
}

#[test]
fn every_spelling_and_compression_is_found() {
    let expected = Idx::open("set", folder_of(FILES.into_iter().zip(contents())).path())
        .unwrap()
        .split()
        .unwrap();
    for dotted in [false, true] {
        for suffix in ["", ".gz"] {
            // The suffix promises nothing: compressed or not is told from the content.
            for compressed in [false, true] {
                let name = |name: &str| {
                    let name = if dotted {
                        name.replace("-idx", ".idx")
                    } else {
                        name.to_owned()
                    };
                    name + suffix
                };
                let files = FILES.into_iter().zip(contents()).map(|(file, bytes)| {
                    (name(file), if compressed { gzip(&bytes) } else { bytes })
                });
                let folder = folder_of(files);
                let split = Idx::open("set", folder.path()).unwrap().split().unwrap();
                assert_eq!(split, expected, "{dotted} {suffix:?} {compressed}");
            }
        }
    }
}

#[test]
fn the_plain_name_goes_first() {
    let folder = folder_of(FILES.into_iter().zip(contents()));
    fs::write(folder.path().join("train-images-idx3-ubyte.gz"), "junk").unwrap();
    fs::write(folder.path().join("train-images.idx3-ubyte"), "junk").unwrap();
    Idx::open("set", folder.path()).unwrap();
}

#[test]
fn a_missing_file_is_named() {
    for missing in FILES {
        let files = FILES.into_iter().zip(contents());
        let folder = folder_of(files.filter(|&(name, _)| name != missing));
        let error = Idx::open("set", folder.path()).unwrap_err();
        assert!(matches!(error, DataError::MissingFile { .. }));
        let message = error.to_string();
        assert!(message.contains(missing), "{message}");
        assert!(
            message.contains(&folder.path().display().to_string()),
            "{message}"
        );
    }
    assert!(matches!(
        Idx::open("set", "/no/such/folder"),
        Err(DataError::MissingFile { .. })
    ));
}

#[test]
fn a_folder_in_place_of_a_file_is_an_error() {
    let folder = folder_of(FILES.into_iter().zip(contents()).skip(1));
    fs::create_dir(folder.path().join(FILES[0])).unwrap();
    assert!(matches!(
        Idx::open("set", folder.path()),
        Err(DataError::Io { .. })
    ));
}

#[test]
fn errors_in_a_file_carry_its_path() {
    for (damaged, name) in FILES.into_iter().enumerate() {
        let folder = folder_with(damaged, b"<!DOCTYPE html>".to_vec());
        let message = Idx::open("set", folder.path()).unwrap_err().to_string();
        let path = folder.path().join(name);
        assert!(
            message.starts_with(&path.display().to_string()),
            "{message}"
        );
    }
}

#[test]
fn images_and_labels_must_be_equally_many() {
    for (file, labels) in [(1, vec![0, 1]), (1, vec![0; 4]), (3, vec![0])] {
        let bytes = idx(&[labels.len() as u32], &labels);
        let folder = folder_with(file, bytes);
        let error = Idx::open("set", folder.path()).unwrap_err();
        assert!(
            matches!(error, DataError::IdxCountMismatch { labels: found, .. } if found == labels.len()),
            "{error}"
        );
    }
}

#[test]
fn training_and_test_images_must_be_of_one_size() {
    // As many pixels, otherwise arranged.
    let folder = folder_with(2, idx(&[2, 2, 1], &[0; 4]));
    assert!(matches!(
        Idx::open("set", folder.path()),
        Err(DataError::IdxImageSize {
            train: [1, 2],
            test: [2, 1],
            ..
        })
    ));
}

#[test]
fn empty_sets_are_refused() {
    for (file, shape) in [(0, &[0, 1, 2][..]), (1, &[0]), (2, &[0, 1, 2]), (3, &[0])] {
        let folder = folder_with(file, idx(shape, &[]));
        let error = Idx::open("set", folder.path()).unwrap_err();
        assert!(matches!(error, DataError::IdxEmpty { .. }), "{error}");
    }
}

#[test]
fn the_number_of_classes_can_be_declared() {
    let folder = folder_of(FILES.into_iter().zip(contents()));
    let open = || Idx::open("set", folder.path()).unwrap();
    assert_eq!(open().with_classes(10).unwrap().num_classes(), 10);
    assert_eq!(open().with_classes(5).unwrap().num_classes(), 5);
    for (classes, part, position) in [(4, "t10k", 0), (2, "train", 2), (0, "train", 0)] {
        let error = open().with_classes(classes).unwrap_err();
        let DataError::IdxLabel { file, index, .. } = &error else {
            panic!("{error}");
        };
        assert!(file.contains(part), "{error}");
        assert_eq!(*index, position);
    }
}

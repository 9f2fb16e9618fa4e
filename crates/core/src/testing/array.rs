//! What every array obeys, whatever is inside.

use ndarray::{Array2, ArrayView2, s};
use rand::RngExt;

use super::array_subject::ArraySubject;
use super::law::{Law, ensure, ensure_done, ensure_equal, ensure_refused};
use super::samples::{activations, batch, load, load_random, middle, region, run, weights};
use crate::random::keyed_stream;
use crate::{
    ACTIVATION_MAX, ArrayError, ArrayGeometry, ArrayLoad, ArrayPass, ArrayRun, MacArray, Region,
    RunRequest, RunSettings, Trial,
};

/// The laws of arrays.
pub const ARRAY_LAWS: &[Law<ArraySubject>] = &[
    Law::new(
        "a fresh array ignores its inputs",
        "with zero weights, results do not depend on the size of activations",
        a_fresh_array_ignores_its_inputs,
    ),
    Law::new(
        "silence is the baseline",
        "vectors of zeros give the same results whatever the weights are",
        silence_is_the_baseline,
    ),
    Law::new(
        "weights decide the results",
        "results rise with the weights, in steps that no mismatch undoes",
        weights_decide_the_results,
    ),
    Law::new(
        "a batch may be split anywhere",
        "parts of a batch give the same bits as the whole, if vectors keep their numbers",
        a_batch_may_be_split_anywhere,
    ),
    Law::new(
        "threads change nothing",
        "any number of threads gives the same bits",
        threads_change_nothing,
    ),
    Law::new(
        "a part answers as within the whole",
        "a region gives what the whole array gives there if other inputs are silent",
        a_part_answers_as_within_the_whole,
    ),
    Law::new(
        "loading a region leaves the rest",
        "weights outside of what is loaded stay",
        loading_a_region_leaves_the_rest,
    ),
    Law::new(
        "loading in parts is loading at once",
        "weights may be loaded in parts of any shape",
        loading_in_parts_is_loading_at_once,
    ),
    Law::new(
        "equal requests give equal results",
        "again, and on another array that was made alike; noise, if any, depends on seed, pass and vector",
        equal_requests_give_equal_results,
    ),
    Law::new(
        "runs leave no trace",
        "what was run in between does not show",
        runs_leave_no_trace,
    ),
    Law::new(
        "hemispheres are independent",
        "weights of one do not show in another",
        hemispheres_are_independent,
    ),
    Law::new(
        "together is one after the other",
        "runs of all hemispheres together put out the same; two of one are refused and write nothing",
        together_is_one_after_the_other,
    ),
    Law::new(
        "passes are one after the other",
        "several passes at once put out what they do one by one; after one is refused, they do so again",
        passes_are_one_after_the_other,
    ),
    Law::new(
        "permuted columns permute the results",
        "of an array without noise whose columns are equal",
        permuted_columns_permute_the_results,
    ),
    Law::new(
        "bad weights change nothing",
        "they are refused, with what is wrong and where",
        bad_weights_change_nothing,
    ),
    Law::new(
        "bad runs change nothing",
        "they are refused, with what is wrong and where, and write nothing",
        bad_runs_change_nothing,
    ),
    Law::new(
        "settings are known or refused",
        "runs at settings that the array does not know are bad runs, all others are none",
        settings_are_known_or_refused,
    ),
    Law::new(
        "an empty batch is a run",
        "and no error",
        an_empty_batch_is_a_run,
    ),
    Law::new(
        "memory may lie anyhow",
        "weights, activations and results need not be in standard layout",
        memory_may_lie_anyhow,
    ),
];

type Found = Result<(), String>;

fn a_fresh_array_ignores_its_inputs(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    let mut request = subject.whole(geometry, 0);
    // The fewest events at the shortest wait: hardly any time for offsets to drift.
    let hasty = RunSettings::new(1, 1).map_err(|error| error.to_string())?;
    request.settings = subject.settings.instead_of(hasty);
    let [weak, strong] = [1, ACTIVATION_MAX].map(|x| {
        let mut one_event = Array2::zeros((8, geometry.inputs()));
        one_event.column_mut(0).fill(x);
        one_event
    });
    let found = run(array.as_mut(), &request, strong.view())?;
    let expected = run(array.as_mut(), &request, weak.view())?;
    ensure_equal("of strong activations", &found, &expected)
}

fn silence_is_the_baseline(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    let silence = Array2::zeros((8, geometry.inputs()));
    let fresh = run(array.as_mut(), &subject.whole(geometry, 0), silence.view())?;
    load_random(array.as_mut(), subject.mode, 3)?;
    let loaded = run(array.as_mut(), &subject.whole(geometry, 0), silence.view())?;
    ensure_equal("with weights", &loaded, &fresh)
}

fn weights_decide_the_results(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    let activations = Array2::from_elem((1, geometry.inputs()), 20_u8);
    let region = Region::whole(geometry, 0);
    let (least, most) = subject.mode.weights().into_inner();
    let mut last: Option<Array2<i8>> = None;
    for weight in [least, i8::midpoint(least, most), most] {
        let weights = Array2::from_elem((geometry.inputs(), geometry.columns()), weight);
        load(array.as_mut(), region, weights.view())?;
        let found = run(
            array.as_mut(),
            &subject.whole(geometry, 0),
            activations.view(),
        )?;
        if let Some(last) = last {
            let rise = |(before, after): (&i8, &i8)| before < after || *before == i8::MAX;
            let raised = last.iter().zip(&found).filter(|pair| rise(*pair)).count();
            // A few columns may be stuck.
            ensure(raised * 100 >= 97 * geometry.columns(), || {
                format!("weights of {weight}: {found:?} after {last:?}")
            })?;
        }
        last = Some(found);
    }
    Ok(())
}

fn a_batch_may_be_split_anywhere(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 1)?;
    let activations = batch(geometry);
    let vectors = activations.nrows();
    let mut rng = keyed_stream(1, 3);
    for case in 0..24 {
        // Vectors' numbers may wrap.
        let first_vector = match case % 3 {
            0 => 0,
            1 => rng.random(),
            _ => rng.random_range(u64::MAX - 200..=u64::MAX),
        };
        let mut request = subject.whole(geometry, geometry.hemispheres() - 1);
        request.trial = Trial {
            seed: rng.random(),
            pass: 3,
            first_vector,
        };
        let together = run(array.as_mut(), &request, activations.view())?;
        let cuts = rng.random_range(0..5);
        let mut ends: Vec<usize> = (0..cuts).map(|_| rng.random_range(0..=vectors)).collect();
        ends.push(0);
        ends.sort_unstable();
        ends.push(vectors);
        let mut start = 0;
        for end in ends {
            let mut part = request;
            part.trial.first_vector = first_vector.wrapping_add(start as u64);
            let rows = s![start..end, ..];
            let found = run(array.as_mut(), &part, activations.slice(rows))?;
            let what = format!("vectors {start}…{end} from number {first_vector}");
            ensure_equal(&what, &found.view(), &together.slice(rows))?;
            start = end;
        }
    }
    Ok(())
}

fn threads_change_nothing(subject: &ArraySubject) -> Found {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| error.to_string())?;
        let mut array = (subject.make)();
        let geometry = array.geometry();
        let (mode, request) = (subject.mode, subject.whole(geometry, 0));
        pool.install(move || {
            load_random(array.as_mut(), mode, 4)?;
            run(array.as_mut(), &request, batch(geometry).view())
        })
    };
    let expected = on(1)?;
    for threads in 2..=4 {
        ensure_equal(&format!("on {threads} threads"), &on(threads)?, &expected)?;
    }
    Ok(())
}

fn a_part_answers_as_within_the_whole(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 2)?;
    let mut rng = keyed_stream(2, 3);
    let mut tally = subject.agreement.tally();
    for _ in 0..24 {
        let region = region(geometry, &mut rng);
        let settings = RunSettings::new(rng.random_range(1..5), rng.random_range(1..20))
            .map_err(|error| error.to_string())?;
        let part = RunRequest {
            region,
            settings: subject.settings.instead_of(settings),
            trial: Trial::new(rng.random()),
        };
        let activations = activations((50, region.inputs), part.trial.seed);
        let mut padded = Array2::zeros((50, geometry.inputs()));
        let inputs = s![.., region.input_range()];
        padded.slice_mut(inputs).assign(&activations);
        let around = RunRequest {
            region: Region::whole(geometry, region.hemisphere),
            ..part
        };
        let found = run(array.as_mut(), &part, activations.view())?;
        let around = run(array.as_mut(), &around, padded.view())?;
        let expected = around.slice(s![.., region.column_range()]);
        tally.add(&format!("{region:?}"), found.view(), expected)?;
    }
    tally.ensure()
}

fn loading_a_region_leaves_the_rest(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 3)?;
    let region = middle(geometry);
    let request = subject.whole(geometry, 0);
    // Outside the region's columns with all inputs, and inside them with the inputs outside.
    let all = batch(geometry);
    let mut outside = all.clone();
    outside.slice_mut(s![.., region.input_range()]).fill(0);
    let mut results = |x: &Array2<u8>| run(array.as_mut(), &request, x.view());
    let before = [results(&all)?, results(&outside)?];

    let other = weights(subject.mode, (region.inputs, region.columns), 99);
    load(array.as_mut(), region, other.view())?;
    let mut results = |x: &Array2<u8>| run(array.as_mut(), &request, x.view());
    let after = [results(&all)?, results(&outside)?];

    let agreement = subject.agreement;
    agreement.ensure("inputs outside", after[1].view(), before[1].view())?;
    let columns = region.column_range();
    for rest in [
        s![.., ..columns.start],
        s![.., columns.end..geometry.columns()],
    ] {
        let (found, expected) = (after[0].slice(rest), before[0].slice(rest));
        agreement.ensure("columns outside", found, expected)?;
    }
    let inside = s![.., columns];
    ensure(before[0].slice(inside) != after[0].slice(inside), || {
        "weights inside show nowhere".to_owned()
    })
}

fn loading_in_parts_is_loading_at_once(subject: &ArraySubject) -> Found {
    let (mut at_once, mut in_parts) = ((subject.make)(), (subject.make)());
    let geometry = at_once.geometry();
    load_random(at_once.as_mut(), subject.mode, 4)?;
    let all = weights(subject.mode, (geometry.inputs(), geometry.columns()), 4);
    let halves = |count: usize| [0..count / 3, count / 3..count];
    for hemisphere in 0..geometry.hemispheres() {
        for columns in halves(geometry.columns()) {
            for inputs in halves(geometry.inputs()) {
                if columns.is_empty() || inputs.is_empty() {
                    continue;
                }
                let region = Region {
                    hemisphere,
                    first_input: inputs.start,
                    inputs: inputs.len(),
                    first_column: columns.start,
                    columns: columns.len(),
                };
                let part = all.slice(s![inputs, columns.clone()]);
                load(in_parts.as_mut(), region, part)?;
            }
        }
    }
    for hemisphere in 0..geometry.hemispheres() {
        let (request, activations) = (subject.whole(geometry, hemisphere), batch(geometry));
        let expected = run(at_once.as_mut(), &request, activations.view())?;
        let found = run(in_parts.as_mut(), &request, activations.view())?;
        ensure_equal("loaded in parts", &found, &expected)?;
    }
    Ok(())
}

/// The results of a batch in a trial.
fn in_trial(
    subject: &ArraySubject,
    array: &mut dyn MacArray,
    trial: Trial,
) -> Result<Array2<i8>, String> {
    let geometry = array.geometry();
    let request = RunRequest {
        trial,
        ..subject.whole(geometry, 0)
    };
    run(array, &request, batch(geometry).view())
}

fn equal_requests_give_equal_results(subject: &ArraySubject) -> Found {
    let (mut array, mut twin) = ((subject.make)(), (subject.make)());
    load_random(array.as_mut(), subject.mode, 5)?;
    load_random(twin.as_mut(), subject.mode, 5)?;
    let trial = Trial::new(1);
    let first = in_trial(subject, array.as_mut(), trial)?;
    ensure_equal("again", &in_trial(subject, array.as_mut(), trial)?, &first)?;
    ensure_equal(
        "on a twin",
        &in_trial(subject, twin.as_mut(), trial)?,
        &first,
    )?;

    // Noise, if there is any, depends on all parts of a trial.
    let others = [
        Trial { seed: 2, ..trial },
        Trial { pass: 1, ..trial },
        Trial {
            first_vector: 1,
            ..trial
        },
    ];
    let mut differ = Vec::new();
    for other in others {
        differ.push(in_trial(subject, array.as_mut(), other)? != first);
    }
    ensure(differ.iter().all(|&d| d == differ[0]), || {
        format!("seed, pass and first vector change the results: {differ:?}")
    })
}

fn runs_leave_no_trace(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 6)?;
    let activations_of_all = batch(geometry);
    let request = subject.whole(geometry, 0);
    let first = run(array.as_mut(), &request, activations_of_all.view())?;
    let settings = RunSettings::new(3, 1).map_err(|error| error.to_string())?;
    let between = RunRequest {
        region: middle(geometry),
        settings: subject.settings.instead_of(settings),
        trial: Trial::new(77),
    };
    let others = activations((70, between.region.inputs), 8);
    run(array.as_mut(), &between, others.view())?;
    let again = run(array.as_mut(), &request, activations_of_all.view())?;
    ensure_equal("after another run", &again, &first)
}

fn hemispheres_are_independent(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 7)?;
    let activations = batch(geometry);
    let last = geometry.hemispheres() - 1;
    if last == 0 {
        return Ok(());
    }
    let requests = [subject.whole(geometry, 0), subject.whole(geometry, last)];
    let results = |array: &mut dyn MacArray| -> Result<[Array2<i8>; 2], String> {
        Ok([
            run(array, &requests[0], activations.view())?,
            run(array, &requests[1], activations.view())?,
        ])
    };
    let before = results(array.as_mut())?;
    let other = weights(subject.mode, (geometry.inputs(), geometry.columns()), 8);
    load(array.as_mut(), requests[1].region, other.view())?;
    let after = results(array.as_mut())?;
    ensure_equal("the other hemisphere", &after[0], &before[0])?;
    ensure(before[1] != after[1], || {
        "weights of the last hemisphere show nowhere".to_owned()
    })
}

fn together_is_one_after_the_other(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 9)?;
    let activations = batch(geometry);
    let mut trial = Trial::new(5);
    let hemispheres = 0..geometry.hemispheres();
    let requests: Vec<RunRequest> = hemispheres
        .map(|hemisphere| RunRequest {
            trial: trial.next_pass(),
            ..subject.whole(geometry, hemisphere)
        })
        .collect();
    let each = requests
        .iter()
        .map(|request| run(array.as_mut(), request, activations.view()));
    let expected: Vec<Array2<i8>> = each.collect::<Result<_, _>>()?;

    let unset = Array2::from_elem((activations.nrows(), geometry.columns()), 77);
    let mut together = |requests: &[RunRequest]| {
        let mut outputs = vec![unset.clone(); requests.len()];
        let runs = requests.iter().zip(&mut outputs);
        let mut runs: Vec<ArrayRun<'_>> = runs
            .map(|(&request, outputs)| ArrayRun {
                request,
                activations: activations.view(),
                outputs: outputs.view_mut(),
            })
            .collect();
        let report = array.run_passes(&mut [ArrayPass::of_runs(&mut runs)]);
        (report, outputs)
    };
    let (report, outputs) = together(&requests);
    ensure_done("runs together", report)?;
    ensure_equal("runs together", &outputs, &expected)?;
    let (refused, outputs) = together(&[requests[0]; 2]);
    let is_twice = |error: &ArrayError| matches!(error, ArrayError::HemisphereTwice { .. });
    ensure_refused("two runs on one hemisphere", refused, is_twice)?;
    ensure_equal("after a refusal", &outputs, &vec![unset.clone(); 2])
}

/// Passes on all hemispheres, each with weights of its own.
struct Passes {
    geometry: ArrayGeometry,
    activations: Array2<u8>,
    weights: [Array2<i8>; 3],
    /// By pass, then hemisphere.
    requests: Vec<RunRequest>,
}

impl Passes {
    fn new(subject: &ArraySubject, geometry: ArrayGeometry) -> Self {
        let shape = (geometry.inputs(), geometry.columns());
        let weights = [9, 10, 11].map(|seed| weights(subject.mode, shape, seed));
        let mut trial = Trial::new(6);
        let requests = weights.iter().flat_map(|_| 0..geometry.hemispheres());
        let requests = requests.map(|hemisphere| RunRequest {
            trial: trial.next_pass(),
            ..subject.whole(geometry, hemisphere)
        });
        Self {
            geometry,
            activations: batch(geometry),
            requests: requests.collect(),
            weights,
        }
    }

    /// Outputs of the passes from a number on, done by loads and runs.
    fn one_by_one(&self, array: &mut dyn MacArray, from: usize) -> Result<Vec<Array2<i8>>, String> {
        let mut outputs = Vec::new();
        let requests = self.requests.chunks(self.geometry.hemispheres());
        for (weights, requests) in self.weights.iter().zip(requests).skip(from) {
            for request in requests {
                load(array, request.region, weights.view())?;
            }
            for request in requests {
                outputs.push(run(array, request, self.activations.view())?);
            }
        }
        Ok(outputs)
    }

    /// Outputs of all passes at once, of which the very first run may have other activations.
    fn at_once(
        &self,
        array: &mut dyn MacArray,
        first: &Array2<u8>,
    ) -> Result<Vec<Array2<i8>>, ArrayError> {
        let shape = (self.activations.nrows(), self.geometry.columns());
        let mut outputs = vec![Array2::from_elem(shape, 77); self.requests.len()];
        let runs = self.requests.iter().zip(&mut outputs).enumerate();
        let runs = runs.map(|(number, (&request, outputs))| ArrayRun {
            request,
            activations: if number == 0 {
                first
            } else {
                &self.activations
            }
            .view(),
            outputs: outputs.view_mut(),
        });
        let mut runs: Vec<ArrayRun<'_>> = runs.collect();
        let hemispheres = self.geometry.hemispheres();
        let loads = self.weights.iter().flat_map(|weights| {
            (0..hemispheres).map(|hemisphere| ArrayLoad {
                region: Region::whole(self.geometry, hemisphere),
                weights: weights.view(),
            })
        });
        let mut loads: Vec<ArrayLoad<'_>> = loads.collect();
        let passes = loads.chunks_mut(hemispheres);
        let passes = passes.zip(runs.chunks_mut(hemispheres));
        let passes = passes.map(|(loads, runs)| ArrayPass { loads, runs });
        array.run_passes(&mut passes.collect::<Vec<_>>())?;
        Ok(outputs)
    }
}

fn passes_are_one_after_the_other(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    let passes = Passes::new(subject, geometry);
    let expected = passes.one_by_one(array.as_mut(), 0)?;
    let found = passes.at_once(array.as_mut(), &passes.activations);
    ensure_equal("passes", &ensure_done("passes", found)?, &expected)?;

    let mut outside = Passes::new(subject, geometry);
    outside.requests[0].region.columns += 1;
    let mut too_large = passes.activations.clone();
    too_large.fill(ACTIVATION_MAX + 1);
    let is_outside: IsRight<'_> = &|e| matches!(e, ArrayError::RegionOutside { .. });
    let is_too_large: IsRight<'_> = &|e| matches!(e, ArrayError::ActivationOutOfRange { .. });
    for (passes, first, is_right) in [
        (&outside, &passes.activations, is_outside),
        (&passes, &too_large, is_too_large),
    ] {
        let refused = passes.at_once(array.as_mut(), first);
        ensure_refused("a first run that is none", refused, is_right)?;
        // Whatever was loaded of all passes by then.
        let last = 2;
        let expected = &expected[last * geometry.hemispheres()..];
        let found = passes.one_by_one(array.as_mut(), last)?;
        ensure_equal(
            "the last pass after a refusal",
            &found.as_slice(),
            &expected,
        )?;
    }
    let found = passes.at_once(array.as_mut(), &passes.activations);
    let found = ensure_done("passes after refusals", found)?;
    ensure_equal("passes after refusals", &found, &expected)
}

fn permuted_columns_permute_the_results(subject: &ArraySubject) -> Found {
    if !subject.columns_are_equal {
        return Ok(());
    }
    let mut array = (subject.make)();
    let geometry = array.geometry();
    let region = Region::whole(geometry, 0);
    let shape = (geometry.inputs(), geometry.columns());
    let (given, x) = (weights(subject.mode, shape, 9), batch(geometry));
    load(array.as_mut(), region, given.view())?;
    let expected = run(array.as_mut(), &subject.whole(geometry, 0), x.view())?;
    load(array.as_mut(), region, given.slice(s![.., ..;-1]))?;
    let found = run(array.as_mut(), &subject.whole(geometry, 0), x.view())?;
    let turned = expected.slice(s![.., ..;-1]);
    ensure_equal("columns in reverse", &found.view(), &turned)
}

/// Whether an error is the one to be expected.
type IsRight<'a> = &'a dyn Fn(&ArrayError) -> bool;

/// Regions of the same shape that do not lie on the array.
fn outside(region: Region, geometry: ArrayGeometry) -> [Region; 4] {
    [
        Region {
            hemisphere: geometry.hemispheres(),
            ..region
        },
        Region {
            first_input: geometry.inputs() - region.inputs + 1,
            ..region
        },
        Region {
            first_column: geometry.columns() - region.columns + 1,
            ..region
        },
        Region {
            first_column: usize::MAX,
            ..region
        },
    ]
}

fn bad_weights_change_nothing(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 9)?;
    let activations = batch(geometry);
    let request = subject.whole(geometry, 0);
    let before = run(array.as_mut(), &request, activations.view())?;

    let region = middle(geometry);
    let good = weights(subject.mode, (region.inputs, region.columns), 10);
    let (least, most) = subject.mode.weights().into_inner();
    let place = (region.inputs - 1, region.columns - 1);
    for bad in [most + 1, i8::MAX, least - 1, i8::MIN] {
        let mut weights = good.clone();
        weights[place] = bad;
        let expected = ArrayError::WeightOutOfRange {
            value: bad,
            min: least,
            max: most,
            input: place.0,
            column: place.1,
        };
        let found = array.load_weights(region, weights.view());
        ensure_refused(&format!("a weight of {bad}"), found, |e| *e == expected)?;
    }
    let wide = weights(subject.mode, (region.inputs + 1, region.columns), 10);
    let found = array.load_weights(region, wide.view());
    ensure_refused("a row too many", found, |error| {
        matches!(
            error,
            ArrayError::Shape {
                what: "weights",
                ..
            }
        )
    })?;
    for outside in outside(region, geometry) {
        let found = array.load_weights(outside, good.view());
        ensure_refused(&format!("{outside:?}"), found, |error| {
            matches!(error, ArrayError::RegionOutside { .. })
        })?;
    }
    let after = run(array.as_mut(), &request, activations.view())?;
    ensure_equal("after what was refused", &after, &before)
}

/// Asks for a run that should be refused and write nothing.
fn ensure_run_refused(
    what: &str,
    array: &mut dyn MacArray,
    request: &RunRequest,
    activations: ArrayView2<'_, u8>,
    shape: (usize, usize),
    is_right: IsRight<'_>,
) -> Found {
    const UNTOUCHED: i8 = 99;
    let mut outputs = Array2::from_elem(shape, UNTOUCHED);
    let found = array.run(request, activations, outputs.view_mut());
    ensure_refused(what, found, is_right)?;
    let untouched = outputs.iter().all(|&out| out == UNTOUCHED);
    ensure(untouched, || format!("{what}: results are written"))
}

fn bad_runs_change_nothing(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 11)?;
    let request = subject.whole(geometry, 0);
    let good = batch(geometry);
    let before = run(array.as_mut(), &request, good.view())?;
    let shape = before.dim();
    let mut refused = |what: &str,
                       request: &RunRequest,
                       x: ArrayView2<'_, u8>,
                       shape: (usize, usize),
                       is_right: IsRight<'_>| {
        let array = array.as_mut();
        ensure_run_refused(what, array, request, x, shape, is_right)
    };
    let place = (shape.0 - 1, geometry.inputs() - 1);
    for value in [ACTIVATION_MAX + 1, u8::MAX] {
        let mut x = good.clone();
        x[place] = value;
        let expected = ArrayError::ActivationOutOfRange {
            value,
            vector: place.0,
            input: place.1,
        };
        let what = format!("an activation of {value}");
        refused(&what, &request, x.view(), shape, &|e| *e == expected)?;
    }
    for shape in [(shape.0 - 1, shape.1), (shape.0, shape.1 + 1)] {
        let what = format!("results of {shape:?}");
        refused(&what, &request, good.view(), shape, &|error| {
            matches!(
                error,
                ArrayError::Shape {
                    what: "outputs",
                    ..
                }
            )
        })?;
    }
    let narrow = good.slice(s![.., 1..]);
    refused("an input less", &request, narrow, shape, &|error| {
        matches!(
            error,
            ArrayError::Shape {
                what: "activations",
                ..
            }
        )
    })?;
    for region in outside(middle(geometry), geometry) {
        let x = Array2::zeros((2, region.inputs));
        let request = RunRequest { region, ..request };
        let shape = (2, region.columns);
        refused(
            &format!("{region:?}"),
            &request,
            x.view(),
            shape,
            &|error| matches!(error, ArrayError::RegionOutside { .. }),
        )?;
    }
    let after = run(array.as_mut(), &request, good.view())?;
    ensure_equal("after what was refused", &after, &before)
}

fn settings_are_known_or_refused(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 14)?;
    let usual = subject.whole(geometry, 0);
    let activations = batch(geometry);
    let before = run(array.as_mut(), &usual, activations.view())?;
    let silence = Array2::zeros((2, geometry.inputs()));
    for settings in subject.settings.samples() {
        let request = RunRequest { settings, ..usual };
        if subject.settings.contain(settings) {
            run(array.as_mut(), &request, silence.view())?;
            continue;
        }
        let is_right = |error: &ArrayError| match error {
            ArrayError::OtherSettings { held, asked } => {
                subject.settings.contain(*held) && *asked == settings
            }
            _ => false,
        };
        let (what, shape) = (format!("{settings:?}"), (2, geometry.columns()));
        let (array, x) = (array.as_mut(), silence.view());
        ensure_run_refused(&what, array, &request, x, shape, &is_right)?;
    }
    let after = run(array.as_mut(), &usual, activations.view())?;
    ensure_equal("after other settings", &after, &before)
}

fn an_empty_batch_is_a_run(subject: &ArraySubject) -> Found {
    let mut array = (subject.make)();
    let geometry = array.geometry();
    load_random(array.as_mut(), subject.mode, 12)?;
    let request = subject.whole(geometry, 0);
    let activations = batch(geometry);
    let before = run(array.as_mut(), &request, activations.view())?;
    let none = Array2::zeros((0, geometry.inputs()));
    run(array.as_mut(), &request, none.view())?;
    let after = run(array.as_mut(), &request, activations.view())?;
    ensure_equal("after an empty batch", &after, &before)
}

fn memory_may_lie_anyhow(subject: &ArraySubject) -> Found {
    const VECTORS: usize = 70;
    let mut array = (subject.make)();
    let geometry = array.geometry();
    let (inputs, columns) = (geometry.inputs(), geometry.columns());
    let region = Region::whole(geometry, 0);
    // Weights, activations and results as transposed views of their memory.
    let turned = weights(subject.mode, (columns, inputs), 13);
    load(array.as_mut(), region, turned.t())?;
    let x = activations((inputs, VECTORS), 13);
    let request = subject.whole(geometry, 0);
    let mut found = Array2::zeros((columns, VECTORS));
    array
        .run(&request, x.t(), found.view_mut().reversed_axes())
        .map_err(|error| error.to_string())?;

    load(
        array.as_mut(),
        region,
        turned.t().as_standard_layout().view(),
    )?;
    let straight = x.t().as_standard_layout().into_owned();
    let expected = run(array.as_mut(), &request, straight.view())?;
    ensure_equal("transposed", &found.t(), &expected.view())
}

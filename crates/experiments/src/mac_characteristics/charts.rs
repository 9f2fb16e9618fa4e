//! The charts.

use super::chip_run::{ChipRun, StateRun};
use super::effects::{Effect, Knob, Load};
use super::fixed_stimulus::{PUBLISHED_MANY_ROWS, Stimulus};
use super::records::{COLUMNS_FILE, SETTINGS_FILE, TRANSFER_FILE};
use super::state::State;
use super::transfer::Point;
use crate::ExperimentError;
use crate::named_chart::NamedChart;
use crate::plot::{
    Axis, Bins, Chart, Distribution, Histogram, LineChart, LinePoint, LineSeries, Panels, Quantity,
    Reference,
};
use crate::statistics::mean;

/// Activations whose curves over the weight are drawn.
const ACTIVATIONS: [u8; 4] = [4, 12, 21, 31];
/// Weights whose curves over the activation are drawn.
const WEIGHTS: [i8; 4] = [-63, -21, 21, 63];
/// A quadrant's columns.
const QUADRANT: usize = 128;

pub(super) fn charts(runs: &[ChipRun]) -> Result<Vec<NamedChart>, ExperimentError> {
    let mut charts = vec![
        NamedChart::new(
            "mac-output-weight",
            by_state("Result against weight", |state| over_weights(runs, state))?,
            "Mean over the columns of all chips; bars are the standard deviation over the columns of \
             one chip. x is the activation of all driven rows.",
            TRANSFER_FILE,
        ),
        NamedChart::new(
            "mac-output-activation",
            by_state("Result against activation", |state| {
                over_activations(runs, state)
            })?,
            "As above; w is the weight of all driven rows. A zero sends no event.",
            TRANSFER_FILE,
        ),
        NamedChart::new(
            "mac-deviations",
            by_state("How far results lie apart", |state| deviations(runs, state))?,
            "Standard deviations at activation 31: over the columns of a chip, and over repeats of \
             the same multiplication on the same column (trial to trial).",
            TRANSFER_FILE,
        ),
    ];
    if let Some(first) = runs.first() {
        charts.push(NamedChart::new(
            "mac-columns",
            by_state(
                &format!("Every column of chip {} to one stimulus", first.seed),
                |state| columns(first, state),
            )?,
            "100 rows of activation 15 and weight 21, mean over repeats. The band is the range of \
             ten columns printed in the BrainScaleS-2 tutorial.",
            COLUMNS_FILE,
        ));
        charts.push(NamedChart::new(
            "mac-fixed-pattern",
            by_state(
                &format!("Fixed pattern of chip {} by quadrant", first.seed),
                |state| fixed_pattern(first, state),
            )?,
            "Distance of each column's mean from that of all columns, for the same stimulus. Each \
             quadrant has CADC ramps and biases of its own.",
            COLUMNS_FILE,
        ));
    }
    charts.extend([
        NamedChart::new(
            "mac-column-spread",
            column_spread(runs)?,
            "Distance of the columns' means from that of all columns of a chip, all chips. The \
             drawing leaves out what lies further than ±60 %.",
            COLUMNS_FILE,
        ),
        NamedChart::new(
            "mac-noise",
            noise(runs)?,
            "Distance of single results from their column's mean over the repeats: 100 rows of \
             activation 15 and weight 21, all columns of all chips.",
            COLUMNS_FILE,
        ),
    ]);
    charts.extend(effects(runs));
    Ok(charts)
}

/// What settings and biases change, one chart for each.
fn effects(runs: &[ChipRun]) -> [NamedChart; 4] {
    [
        NamedChart::new(
            "mac-sends",
            effect(
                runs,
                Knob::NumSends,
                "Number of sends",
                Axis::logarithmic("num_sends", ""),
                &[Load::Moderate],
            ),
            "Gain per send, and what of a result is not signal. Mean ± standard deviation over \
             chips.",
            SETTINGS_FILE,
        ),
        NamedChart::new(
            "mac-wait",
            effect(
                runs,
                Knob::Wait,
                "Wait between events",
                Axis::logarithmic("wait_between_events", "cycles of 8 ns"),
                &[Load::Moderate, Load::Strong],
            ),
            "As above, for moderate and for strong dense input. Short waits saturate the OTAs, long \
             ones leave time for leak and drift.",
            SETTINGS_FILE,
        ),
        NamedChart::new(
            "mac-ota-bias",
            effect(
                runs,
                Knob::OtaBias,
                "Bias of the OTAs",
                Axis::linear("i_bias_synin_*_gm, factor", ""),
                &[Load::Moderate],
            ),
            "Both OTAs of every column, relative to the values that the chip has in its state.",
            SETTINGS_FILE,
        ),
        NamedChart::new(
            "mac-synapse-bias",
            effect(
                runs,
                Knob::SynapseBias,
                "Bias of the synapses",
                Axis::linear("syn_i_bias_dac, factor", ""),
                &[Load::Moderate],
            ),
            "Relative to the reset value, the largest there is.",
            SETTINGS_FILE,
        ),
    ]
}

/// The same chart for both states, side by side.
fn by_state<C: Chart + 'static>(
    title: &str,
    chart: impl Fn(State) -> Result<C, ExperimentError>,
) -> Result<Panels, ExperimentError> {
    let [fresh, calibrated] = State::ALL.map(chart);
    Ok(Panels::new(
        title,
        vec![Box::new(fresh?), Box::new(calibrated?)],
    ))
}

/// The range of results.
fn result_axis() -> Result<Axis, ExperimentError> {
    Ok(Axis::linear("Result", "LSB").with_range(-140.0, 140.0)?)
}

/// Means over chips of one chip's mean and spread at each of the selected points.
fn curve(
    runs: &[ChipRun],
    state: State,
    selected: impl Fn(&Point) -> bool,
    x: impl Fn(&Point) -> f64,
    value: impl Fn(&Point) -> (f64, Option<f64>),
) -> Vec<LinePoint> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let points = first.at(state).transfer.points.iter().enumerate();
    let selected = points.filter(|(_, point)| selected(point));
    selected
        .map(|(index, point)| {
            let of_chips: Vec<_> = runs
                .iter()
                .map(|run| value(&run.at(state).transfer.points[index]))
                .collect();
            let y = mean(&of_chips.iter().map(|(y, _)| *y).collect::<Vec<_>>());
            let errors: Option<Vec<f64>> = of_chips.iter().map(|(_, error)| *error).collect();
            LinePoint {
                x: x(point),
                y,
                error: errors.map(|errors| mean(&errors)),
            }
        })
        .collect()
}

fn with_spread(point: &Point) -> (f64, Option<f64>) {
    (point.mean_lsb, Some(point.column_deviation_lsb))
}

fn over_weights(runs: &[ChipRun], state: State) -> Result<LineChart, ExperimentError> {
    let series = ACTIVATIONS.map(|activation| {
        let selected = |point: &Point| point.activation == activation;
        let points = curve(runs, state, selected, |p| f64::from(p.weight), with_spread);
        LineSeries::new(format!("x = {activation}"), points)
    });
    let x_axis = Axis::linear("Weight", "").with_range(-66.0, 66.0)?;
    Ok(LineChart::new(
        state.name(),
        x_axis,
        result_axis()?,
        series.into(),
    ))
}

fn over_activations(runs: &[ChipRun], state: State) -> Result<LineChart, ExperimentError> {
    let series = WEIGHTS.map(|weight| {
        let selected = |point: &Point| point.weight == weight;
        let points = curve(
            runs,
            state,
            selected,
            |p| f64::from(p.activation),
            with_spread,
        );
        LineSeries::new(format!("w = {weight}").replace('-', "−"), points)
    });
    let x_axis = Axis::linear("Activation", "").with_range(-1.0, 32.0)?;
    Ok(LineChart::new(
        state.name(),
        x_axis,
        result_axis()?,
        series.into(),
    ))
}

fn deviations(runs: &[ChipRun], state: State) -> Result<LineChart, ExperimentError> {
    let series = |name, value: fn(&Point) -> f64| {
        let selected = |point: &Point| point.activation == ACTIVATIONS[3];
        let points = curve(
            runs,
            state,
            selected,
            |p| f64::from(p.weight),
            |p| (value(p), None),
        );
        LineSeries::new(name, points)
    };
    let series = vec![
        series("over columns", |p| p.column_deviation_lsb),
        series("trial to trial", |p| p.trial_deviation_lsb),
    ];
    let x_axis = Axis::linear("Weight", "").with_range(-66.0, 66.0)?;
    let y_axis = Axis::logarithmic("Standard deviation", "LSB").with_range(0.5, 50.0)?;
    Ok(LineChart::new(state.name(), x_axis, y_axis, series))
}

fn columns(run: &ChipRun, state: State) -> Result<LineChart, ExperimentError> {
    let answers = &run.at(state).fixed(Stimulus::ManyRows).answers;
    let hemisphere = |number: usize| {
        let of_hemisphere = answers
            .iter()
            .filter(|a| a.column / (2 * QUADRANT) == number);
        let points = of_hemisphere.map(|a| LinePoint::new(a.column as f64, a.mean_lsb));
        LineSeries::new(format!("hemisphere {number}"), points.collect()).unjoined()
    };
    let [low, high] = [f64::min, f64::max].map(|of| {
        let published = PUBLISHED_MANY_ROWS.into_iter();
        published.reduce(of).unwrap_or(f64::NAN)
    });
    let x_axis = Axis::linear("Column", "").with_range(0.0, 4.0 * QUADRANT as f64)?;
    let y_axis = Axis::linear("Mean result", "LSB").with_range(-40.0, 130.0)?;
    Ok(LineChart::new(
        state.name(),
        x_axis,
        y_axis,
        vec![hemisphere(0), hemisphere(1)],
    )
    .with_y_reference(Reference::band(low, high, "published")))
}

fn fixed_pattern(run: &ChipRun, state: State) -> Result<Histogram, ExperimentError> {
    let fixed = run.at(state).fixed(Stimulus::ManyRows);
    let all = fixed.mean_lsb();
    let quadrant = |number: usize| {
        let of_quadrant = fixed
            .answers
            .iter()
            .filter(|a| a.column / QUADRANT == number);
        let distances = of_quadrant.map(|a| a.mean_lsb - all);
        Distribution::new(format!("quadrant {number}"), distances.collect())
    };
    let limit = match state {
        State::Fresh => 60.0,
        State::Calibrated => 6.0,
    };
    let axis = Axis::linear("Distance from the mean", "LSB").with_range(-limit, limit)?;
    Ok(
        Histogram::new(state.name(), axis, (0..4).map(quadrant).collect())
            .with_bins(Bins::About(20)),
    )
}

/// A distribution of both states over all chips.
fn both_states(runs: &[ChipRun], values: impl Fn(&StateRun) -> Vec<f64>) -> Vec<Distribution> {
    let of_state = |state: State| {
        let values = runs.iter().flat_map(|run| values(run.at(state)));
        Distribution::new(state.name(), values.collect())
    };
    State::ALL.map(of_state).into()
}

fn column_spread(runs: &[ChipRun]) -> Result<Panels, ExperimentError> {
    let panel = |stimulus: Stimulus| -> Result<Box<dyn Chart>, ExperimentError> {
        let axis = Axis::linear("Distance from the mean", "%").with_range(-60.0, 60.0)?;
        let values = both_states(runs, |run| run.fixed(stimulus).distances_percent());
        let chart = Histogram::new(stimulus.name(), axis, values);
        Ok(Box::new(
            chart
                .with_bins(Bins::About(40))
                .with_quantity(Quantity::Share),
        ))
    };
    let panels = Stimulus::ALL
        .map(panel)
        .into_iter()
        .collect::<Result<_, _>>()?;
    Ok(Panels::new("Spread of the columns", panels))
}

fn noise(runs: &[ChipRun]) -> Result<Histogram, ExperimentError> {
    let axis = Axis::linear("Distance from the column's mean", "LSB").with_range(-8.0, 8.0)?;
    let values = both_states(runs, |run| {
        run.fixed(Stimulus::ManyRows).trial_residuals_lsb.clone()
    });
    Ok(Histogram::new("Trial-to-trial noise", axis, values)
        .with_bins(Bins::About(64))
        .with_quantity(Quantity::Share))
}

/// Gain beside noise and offset spread, over the values of a knob.
fn effect(runs: &[ChipRun], knob: Knob, title: &str, x_axis: Axis, loads: &[Load]) -> Panels {
    let over = |value: fn(&Effect) -> f64, what: &str| -> Vec<LineSeries> {
        let pairs = State::ALL
            .into_iter()
            .flat_map(|s| loads.iter().map(move |l| (s, *l)));
        pairs
            .map(|(state, load)| {
                let load_name = if loads.len() > 1 {
                    format!(", {}", load.name())
                } else {
                    String::new()
                };
                let name = format!("{what}{}{load_name}", state.name());
                LineSeries::new(name, effect_curve(runs, state, knob, load, value))
            })
            .collect()
    };
    let gain = LineChart::new(
        "Gain",
        x_axis.clone(),
        Axis::linear("Gain per send", "10⁻³ LSB per activation·weight"),
        over(|effect| 1e3 * effect.gain_lsb, ""),
    );
    // The input's strength changes neither noise nor offsets.
    let only_moderate = |value: fn(&Effect) -> f64, what: &str| {
        State::ALL.map(|state| {
            let points = effect_curve(runs, state, knob, Load::Moderate, value);
            LineSeries::new(format!("{what}, {}", state.name()), points)
        })
    };
    let mut disturbances: Vec<LineSeries> =
        only_moderate(|e| e.offset_spread_lsb, "offsets").into();
    disturbances.extend(only_moderate(|e| e.noise_lsb, "noise"));
    let disturbances = LineChart::new(
        "Noise and spread of offsets",
        x_axis,
        Axis::logarithmic("Standard deviation", "LSB"),
        disturbances,
    );
    Panels::new(title, vec![Box::new(gain), Box::new(disturbances)])
}

fn effect_curve(
    runs: &[ChipRun],
    state: State,
    knob: Knob,
    load: Load,
    value: fn(&Effect) -> f64,
) -> Vec<LinePoint> {
    let Some(first) = runs.first() else {
        return Vec::new();
    };
    let effects = first.at(state).effects.iter().enumerate();
    let selected = effects.filter(|(_, e)| e.knob == knob && e.load == load);
    selected
        .filter_map(|(index, effect)| {
            let values: Vec<f64> = runs
                .iter()
                .map(|run| value(&run.at(state).effects[index]))
                .collect();
            LinePoint::over(effect.value, &values)
        })
        .collect()
}

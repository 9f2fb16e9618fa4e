//! Plans as pictures of the array that they occupy.

use std::collections::HashMap;
use std::ops::Range;

use bss2_core::ArrayGeometry;
use bss2_mapping::{Block, Indices, LayerShape, MappingError, Pass, Plan, are_apart};

use crate::plot::{ArrayBlock, ArrayChart, ArrayPanel};

/// A picture of a plan: its passes from top to bottom, the hemispheres side by side. Blocks of the
/// same outputs share a colour; where several vectors run at once, blocks of the same vector do.
pub fn plan_picture(plan: &Plan) -> ArrayChart {
    let vectors = plan.coding().vectors_at_once;
    let mut outputs = Kinds::default();
    let mut block = |block: &Block| {
        if vectors > 1 {
            return named(block, block.replica, &vector(block.replica));
        }
        let kind = outputs.number(format!("out {}", block.outputs));
        drawn(block, kind, labels(block))
    };
    let passes: Vec<Vec<ArrayPanel>> = numbered(plan)
        .take(ArrayChart::PASSES_MAX)
        .map(|(number, pass)| {
            let mut panels = free_panels(plan.geometry(), &format!("pass {number}, "));
            add(&mut panels, pass, &mut block);
            panels
        })
        .collect();
    let count = plan.passes().len();
    let kinds = match vectors {
        1 => outputs.names,
        vectors => (0..vectors).map(vector).collect(),
    };
    let title = format!("{}: {}", layer(plan.shape()), counted(count));
    let more = count - passes.len();
    ArrayChart::new(title, size(plan.geometry()), passes)
        .with_kinds(kinds)
        .with_more_passes(more)
}

/// A picture of named layers that share an array, each in a colour: all at once where their weights
/// can be held together, otherwise with the passes of one layer after those of another.
///
/// # Errors
/// [`MappingError::OtherGeometry`] unless all plans were made for the same array.
pub fn layers_picture(
    title: impl Into<String>,
    layers: &[(&str, &Plan)],
) -> Result<ArrayChart, MappingError> {
    let plans = || layers.iter().map(|(_, plan)| *plan);
    let geometry = plans().next().map_or(ArrayGeometry::BSS2, Plan::geometry);
    if let Some(other) = plans().find(|plan| plan.geometry() != geometry) {
        return Err(MappingError::OtherGeometry {
            planned: geometry,
            what: "that of another layer",
            found: other.geometry(),
        });
    }
    let (passes, count) = if are_apart(plans()) {
        (held_together(geometry, layers), 1)
    } else {
        let count = plans().map(|plan| plan.passes().len()).sum();
        (in_sequence(geometry, layers), count)
    };
    let names = layers.iter().map(|(name, _)| (*name).to_owned()).collect();
    let more = count - passes.len();
    let chart = ArrayChart::new(title, size(geometry), passes);
    Ok(chart.with_kinds(names).with_more_passes(more))
}

/// One picture of all passes.
fn held_together(geometry: ArrayGeometry, layers: &[(&str, &Plan)]) -> Vec<Vec<ArrayPanel>> {
    let mut panels = free_panels(geometry, "");
    for (kind, (name, plan)) in layers.iter().enumerate() {
        for pass in plan.passes() {
            add(&mut panels, pass, &mut |block| named(block, kind, name));
        }
    }
    vec![panels]
}

fn in_sequence(geometry: ArrayGeometry, layers: &[(&str, &Plan)]) -> Vec<Vec<ArrayPanel>> {
    let layers = layers.iter().enumerate();
    let passes = layers.flat_map(|(kind, (name, plan))| {
        numbered(plan).map(move |(number, pass)| {
            let mut panels = free_panels(geometry, &format!("{name}, pass {number}, "));
            add(&mut panels, pass, &mut |block| named(block, kind, name));
            panels
        })
    });
    passes.take(ArrayChart::PASSES_MAX).collect()
}

fn vector(replica: usize) -> String {
    format!("vector {replica}")
}

/// A block of something that has a name, which alone is its shortest label.
fn named(block: &Block, kind: usize, name: &str) -> ArrayBlock {
    let [full, lines] = labels(block);
    let full = vec![format!("{name}: {}", full.join(" "))];
    let name = vec![name.to_owned()];
    let lines = [name.clone(), lines].concat();
    drawn(block, kind, [full, lines, name])
}

/// Passes with their numbers as plans print them.
fn numbered(plan: &Plan) -> impl Iterator<Item = (usize, &Pass)> {
    (1..).zip(plan.passes())
}

fn free_panels(geometry: ArrayGeometry, prefix: &str) -> Vec<ArrayPanel> {
    let panel = |hemisphere| ArrayPanel {
        title: format!("{prefix}hemisphere {hemisphere}"),
        blocks: Vec::new(),
    };
    (0..geometry.hemispheres()).map(panel).collect()
}

/// Adds a pass's blocks to the panels of their hemispheres.
fn add(panels: &mut [ArrayPanel], pass: &Pass, drawn: &mut dyn FnMut(&Block) -> ArrayBlock) {
    for run in &pass.runs {
        if let Some(panel) = panels.get_mut(run.hemisphere) {
            panel.blocks.extend(run.blocks.iter().map(&mut *drawn));
        }
    }
}

/// In one line and in two.
fn labels(block: &Block) -> [Vec<String>; 2] {
    let lines = [
        format!("in {}", block.inputs),
        format!("out {}", block.outputs),
    ];
    [vec![lines.join(" → ")], lines.to_vec()]
}

fn drawn(block: &Block, kind: usize, labels: impl Into<Vec<Vec<String>>>) -> ArrayBlock {
    ArrayBlock {
        kind,
        labels: labels.into(),
        rows: neighbours(&block.rows),
        columns: neighbours(&block.columns),
    }
}

/// The runs of neighbouring numbers, from the smallest.
fn neighbours(indices: &Indices) -> Vec<Range<usize>> {
    if let Some(range) = indices.as_range() {
        return vec![range];
    }
    let mut sorted: Vec<usize> = indices.iter().collect();
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|one, next| next - one <= 1);
    runs.map(|run| run[0]..run[run.len() - 1] + 1).collect()
}

fn size(geometry: ArrayGeometry) -> (usize, usize) {
    (geometry.inputs(), geometry.columns())
}

fn layer(shape: LayerShape) -> String {
    let groups = match shape.groups() {
        1 => String::new(),
        groups => format!(" in {groups} groups"),
    };
    format!(
        "{} inputs → {} outputs{groups}",
        shape.inputs(),
        shape.outputs()
    )
}

fn counted(passes: usize) -> String {
    match passes {
        1 => "1 pass".to_owned(),
        count => format!("{count} passes"),
    }
}

/// Kinds of blocks in the order in which they come.
#[derive(Default)]
struct Kinds {
    names: Vec<String>,
    numbers: HashMap<String, usize>,
}

impl Kinds {
    fn number(&mut self, name: String) -> usize {
        if let Some(&number) = self.numbers.get(&name) {
            return number;
        }
        let number = self.names.len();
        self.names.push(name.clone());
        self.numbers.insert(name, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use bss2_core::RunSettings;
    use bss2_mapping::{Coding, MappingStrategy, Run, Tiling};

    use super::*;
    use crate::plot::Chart;

    fn planned(tiling: Tiling, inputs: usize, outputs: usize) -> Plan {
        let shape = LayerShape::dense(inputs, outputs).unwrap();
        tiling.plan(&shape.into(), ArrayGeometry::BSS2).unwrap()
    }

    fn count(svg: &str, part: &str) -> usize {
        svg.matches(part).count()
    }

    #[test]
    fn every_pass_shows_both_hemispheres_and_its_block() {
        let svg = plan_picture(&planned(Tiling::in_order(), 300, 10)).to_svg();
        assert!(svg.contains("300 inputs → 10 outputs: 3 passes"));
        assert_eq!(count(&svg, "class=\"synram\""), 6);
        assert_eq!(count(&svg, "class=\"block\""), 3);
        assert!(svg.contains(">pass 2, hemisphere 1</text>"));
        assert!(svg.contains(">in 128…255 → out 0…9</text>"));
    }

    #[test]
    fn vectors_at_once_and_outputs_have_their_colours() {
        let svg = plan_picture(&planned(Tiling::packed(), 64, 128)).to_svg();
        assert!(svg.contains(">vector 3</text>") && svg.contains("class=\"s4\""));
        let svg = plan_picture(&planned(Tiling::balanced(), 100, 600)).to_svg();
        assert!(svg.contains(">out 200…399</text>") && svg.contains("class=\"s3\""));
        let svg = plan_picture(&planned(Tiling::balanced(), 784, 128)).to_svg();
        assert!(
            !svg.contains("class=\"s2\""),
            "one colour for the same outputs"
        );
    }

    #[test]
    fn passes_beyond_the_first_are_counted() {
        let svg = plan_picture(&planned(Tiling::in_order(), 128 * 32, 10)).to_svg();
        assert!(svg.contains("… and 24 more passes"));
        assert!(!svg.contains("pass 9,"));
    }

    #[test]
    fn lists_are_drawn_in_parts() {
        let shape = LayerShape::dense(4, 2).unwrap();
        let block = Block {
            replica: 0,
            inputs: (0..4).into(),
            outputs: (0..2).into(),
            rows: vec![9, 3, 4, 100].into(),
            columns: vec![7, 5].into(),
        };
        assert_eq!(neighbours(&block.rows), [3..5, 9..10, 100..101]);
        let runs = vec![Run {
            hemisphere: 1,
            blocks: vec![block],
        }];
        let passes = vec![Pass { runs }];
        let plan = Plan::new(
            shape,
            ArrayGeometry::BSS2,
            Coding::PLAIN,
            RunSettings::USUAL,
            passes,
        );
        let svg = plan_picture(&plan.unwrap()).to_svg();
        assert_eq!(count(&svg, "class=\"block\""), 6);
    }

    #[test]
    fn layers_are_shown_at_once_if_they_can_be_held_and_in_sequence_otherwise() {
        let first = planned(Tiling::in_order(), 64, 40);
        let place = |hemisphere| {
            let block = Block {
                replica: 0,
                inputs: (0..40).into(),
                outputs: (0..10).into(),
                rows: (0..40).into(),
                columns: (0..10).into(),
            };
            let blocks = vec![block];
            let passes = vec![Pass {
                runs: vec![Run { hemisphere, blocks }],
            }];
            let shape = LayerShape::dense(40, 10).unwrap();
            let settings = RunSettings::USUAL;
            Plan::new(shape, ArrayGeometry::BSS2, Coding::PLAIN, settings, passes).unwrap()
        };
        let picture = |second: &Plan| {
            let layers = [("fc<1>", &first), ("fc2", second)];
            layers_picture("two layers", &layers).unwrap().to_svg()
        };
        let together = picture(&place(1));
        assert_eq!(count(&together, "class=\"synram\""), 2);
        assert!(together.contains(">hemisphere 1</text>"));
        let apart = picture(&place(0));
        assert_eq!(count(&apart, "class=\"synram\""), 4);
        assert!(apart.contains(">fc2, pass 1, hemisphere 0</text>"));
        for svg in [together, apart] {
            assert_eq!(count(&svg, "class=\"block\""), 4, "two in the legend");
            assert!(svg.contains(">fc&lt;1&gt;</text>") && svg.contains("class=\"s2\""));
        }
    }

    #[test]
    fn layers_for_different_arrays_have_no_picture() {
        let shape = LayerShape::dense(4, 4).unwrap();
        let small = ArrayGeometry::new(1, 8, 8).unwrap();
        let small = Tiling::in_order().plan(&shape.into(), small).unwrap();
        let large = planned(Tiling::in_order(), 4, 4);
        let refused = layers_picture("t", &[("a", &large), ("b", &small)]).unwrap_err();
        assert!(matches!(refused, MappingError::OtherGeometry { .. }));
        let nothing = layers_picture("t", &[]).unwrap();
        assert!(nothing.to_svg().contains("hemisphere 0"));
    }
}

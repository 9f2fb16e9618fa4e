//! Plans as data: written, read, checked, shown.

use bss2_core::{ArrayGeometry, RunSettings};
use bss2_mapping::{
    Block, Coding, LayerShape, MappingError, MappingStrategy, Pass, Plan, PlanFault, Run, Tiling,
};
use proptest::prelude::*;

use crate::support::{shapes, tilings};

proptest! {
    #[test]
    fn plans_are_written_and_read_back(shape in shapes(), tiling in tilings()) {
        let geometry = ArrayGeometry::new(2, 7, 13).unwrap();
        let plan = tiling.plan(&shape.into(), geometry).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        prop_assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
    }
}

fn block(inputs: std::ops::Range<usize>, outputs: std::ops::Range<usize>) -> Block {
    Block {
        replica: 0,
        rows: (0..inputs.len()).into(),
        columns: (0..outputs.len()).into(),
        inputs: inputs.into(),
        outputs: outputs.into(),
    }
}

fn passes(blocks: Vec<Block>) -> Vec<Pass> {
    let run = |block| Run {
        hemisphere: 0,
        blocks: vec![block],
    };
    let pass = |block| Pass {
        runs: vec![run(block)],
    };
    blocks.into_iter().map(pass).collect()
}

fn plan(passes: Vec<Pass>) -> Result<Plan, MappingError> {
    let shape = LayerShape::grouped(8, 4, 2).unwrap();
    let geometry = ArrayGeometry::new(2, 4, 4).unwrap();
    Plan::new(
        shape,
        geometry,
        Coding::default(),
        RunSettings::default(),
        passes,
    )
}

/// Two blocks, each the whole of a group.
fn good() -> Vec<Block> {
    vec![block(0..4, 0..2), block(4..8, 2..4)]
}

#[test]
fn a_plan_of_ones_own_is_accepted() {
    let plan = plan(passes(good())).unwrap();
    assert_eq!(plan.amplification(), 1);
    assert!(!plan.is_resident(), "both blocks lie on the same synapses");
}

#[test]
fn every_fault_is_named() {
    let with = |change: &dyn Fn(&mut Vec<Pass>)| {
        let mut passes = passes(good());
        change(&mut passes);
        plan(passes).unwrap_err().to_string()
    };
    let first =
        |change: &dyn Fn(&mut Block)| with(&|passes| change(&mut passes[0].runs[0].blocks[0]));
    let cases = [
        (with(&|p| p[0].runs.clear()), "plan: a pass has no runs"),
        (
            with(&|p| p[0].runs[0].blocks.clear()),
            "plan: a run has no blocks",
        ),
        (
            with(&|p| p[1].runs[0].hemisphere = 2),
            "plan: hemisphere 2 is outside 0…1",
        ),
        (
            with(&|p| {
                let other = p.pop().unwrap();
                p[0].runs.extend(other.runs);
            }),
            "plan: hemisphere 0 has two runs in one pass",
        ),
        (first(&|b| b.replica = 1), "plan: replica 1 is outside 0…0"),
        (
            first(&|b| b.inputs = (5..9).into()),
            "plan: input 8 is outside 0…7",
        ),
        (
            first(&|b| b.outputs = (3..5).into()),
            "plan: output 4 is outside 0…3",
        ),
        (
            first(&|b| b.rows = (1..5).into()),
            "plan: row 4 is outside 0…3",
        ),
        (
            first(&|b| b.columns = (3..5).into()),
            "plan: column 4 is outside 0…3",
        ),
        (
            first(&|b| b.rows = (0..3).into()),
            "plan: a block has 3 rows, its coding asks for 4",
        ),
        (
            first(&|b| b.columns = (0..4).into()),
            "plan: a block has 4 columns, its coding asks for 2",
        ),
        (
            first(&|b| b.inputs = Vec::new().into()),
            "plan: a block has no input",
        ),
        (
            first(&|b| b.inputs = (1..5).into()),
            "plan: a block has input 4, which is not of group 0",
        ),
        (
            first(&|b| b.outputs = (2..4).into()),
            "plan: a block has output 2, which is not of group 0",
        ),
        (
            first(&|b| b.rows = vec![0, 1, 1, 2].into()),
            "plan: row 1 would be driven by two inputs at once",
        ),
        (
            first(&|b| b.columns = vec![3, 3].into()),
            "plan: column 3 would hold two outputs at once",
        ),
        (
            first(&|b| b.inputs = vec![0, 1, 1, 2].into()),
            "plan: the weight from input 1 to output 0 has more than one place",
        ),
        (
            with(&|p| p.push(p[0].clone())),
            "plan: the weight from input 0 to output 0 has more than one place",
        ),
        (
            with(&|p| drop(p.pop())),
            "plan: the weight from input 4 to output 2 has no place",
        ),
    ];
    for (found, expected) in cases {
        assert_eq!(found, expected);
    }
}

#[test]
fn a_plan_that_was_tampered_with_is_not_read() {
    let text = serde_json::to_string(&plan(passes(good())).unwrap()).unwrap();
    let outside = text.replacen(
        r#""rows":{"range":{"start":0,"end":4}}"#,
        r#""rows":{"range":{"start":2,"end":6}}"#,
        1,
    );
    assert_ne!(text, outside);
    let refused = serde_json::from_str::<Plan>(&outside).unwrap_err();
    assert!(
        refused.to_string().contains("row 5 is outside 0…3"),
        "{refused}"
    );
    let backwards = text.replacen(
        r#""rows":{"range":{"start":0,"end":4}}"#,
        r#""rows":{"range":{"start":4,"end":0}}"#,
        1,
    );
    assert!(serde_json::from_str::<Plan>(&backwards).is_err());
}

/// Of layers too large for the check's memory in one go, too.
#[test]
fn a_missing_weight_is_found_in_a_large_layer() {
    let shape = LayerShape::dense(1 << 15, 1 << 14).unwrap();
    let plan = Tiling::in_order()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .unwrap();
    let mut passes = plan.passes().to_vec();
    passes.pop();
    let refused = Plan::new(
        shape,
        plan.geometry(),
        plan.coding(),
        plan.settings(),
        passes,
    );
    let fault = PlanFault::WeightMissing {
        input: (1 << 15) - 128,
        output: (1 << 14) - 256,
    };
    assert_eq!(refused, Err(MappingError::InvalidPlan(fault)));
}

#[test]
fn a_plan_is_shown_as_a_table() {
    let shape = LayerShape::dense(300, 10).unwrap();
    let plan = Tiling::in_order()
        .plan(&shape.into(), ArrayGeometry::BSS2)
        .unwrap();
    let expected = "\
300 inputs → 10 outputs on 2 × 128 inputs × 256 columns
weights: signed; inputs: unsigned; row repetition 1, column copies 1, vectors at once 1
num_sends 1, wait_between_events 5; passes 3, 1.5 % of the array used
pass  hemisphere  rows   columns  inputs   outputs  vector
1     0           0…127  0…9      0…127    0…9      0
2     1           0…127  0…9      128…255  0…9      0
3     0           0…43   0…9      256…299  0…9      0
";
    assert_eq!(plan.to_string(), expected);
    let many = LayerShape::dense(128 * 130, 1).unwrap();
    let plan = Tiling::in_order()
        .plan(&many.into(), ArrayGeometry::BSS2)
        .unwrap();
    assert!(plan.to_string().ends_with("\n… and 30 more blocks\n"));
}

#!/usr/bin/env bash
# Fuzzes every reader of files, each for some seconds (10, or the first argument), with libFuzzer, which watches what
# code it reaches. Begins with an intact file of each kind, what is kept in crates/experiments/tests/hostile/corpus,
# and what earlier runs found (fuzz/target/corpus). What breaks the law is left in fuzz/target/found: put it into
# the kept corpus once it is mended, where every run of the tests will read it.
#
# With "smoke" in place of seconds, only the harness itself is watched, and what tests were built of is used again:
# a minute, which shows that the fuzzer builds, runs, and finds nothing at once.
#
# Needs a compiler for C++ beside a stable Rust.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-10}
watched="-Cpasses=sancov-module -Ccodegen-units=1 --cfg fuzzing \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
if [ "$seconds" = smoke ]; then
    seconds=1
    built=$(realpath -m "${CARGO_TARGET_DIR:-../target}")
    # shellcheck disable=SC2086 # several flags
    cargo rustc --locked --bin files --target-dir "$built" -- $watched
    files=$built/debug/files
else
    host=$(rustc -vV | sed -n 's/^host: //p')
    RUSTFLAGS=$watched cargo build --release --locked --target "$host" --target-dir target
    files=target/$host/release/files
fi

mkdir -p target/found
for kind in $(sed -n '/^macro_rules! with_all_kinds/,$s/^            \([a-z_]*\),\?$/\1/p' ../crates/experiments/tests/hostile/kinds.rs); do
    kept=../crates/experiments/tests/hostile/corpus/$kind
    own=target/corpus/$kind
    mkdir -p "$own"
    echo "== $kind"
    export BSS2_FUZZ_KIND=$kind
    BSS2_FUZZ_SEEDS=$own "$files" -runs=0 2> "target/$kind.log" ||
        { tail -20 "target/$kind.log"; exit 1; }
    folders=("$own")
    test -d "$kept" && folders+=("$kept")
    "$files" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -max_len=65536 \
        -artifact_prefix="target/found/$kind-" -print_final_stats=1 "${folders[@]}" 2> "target/$kind.log" ||
        { tail -20 "target/$kind.log"; exit 1; }
    grep -E "stat::number_of_executed_units|INITED|DONE" "target/$kind.log" | sed 's/^/    /'
done

#!/usr/bin/env bash
# Runs all benchmarks on one thread and on two, counts instructions where valgrind is there, and writes all
# tables with a note on the machine to benches/runs/DATE.md.
set -euo pipefail
cd "$(dirname "$0")/.."

out=benches/runs/$(date +%F).md
log=$(mktemp)
draft=$(mktemp)
trap 'rm -f "$draft"' EXIT
echo "what cargo says: $log"
{
    echo "# Benchmarks of $(date +%F)"
    echo
    echo "Commit $(git describe --always --dirty), $(rustc --version | cut -d' ' -f1,2)."
    echo
    echo "Machine: $(grep -m1 'model name' /proc/cpuinfo | cut -d: -f2 | xargs), family" \
        "$(grep -m1 'cpu family' /proc/cpuinfo | cut -d: -f2 | xargs), $(nproc) threads;" \
        "$(grep -m1 flags /proc/cpuinfo | tr ' ' '\n' | grep -xE 'fma|avx2|avx512f|avx512_vnni' | xargs)."
    echo
    echo 'Median of each. "of the limit" is the speed in units of the row "limit: …" of the same group and size:'
    echo "ndarray's product in f32 (hardware), bare runs without a plan (mapping), training without a chip"
    echo '(training). It may exceed 1.'
} > "$draft"

for threads in 1 2; do
    for layer in core hardware mapping calibration training; do
        RAYON_NUM_THREADS=$threads cargo bench --package bss2-benches --bench "bench_$layer" -- \
            --warm-up-time 1 --measurement-time 2 "$@" 2>> "$log" | sed -n '/^### /,$p' >> "$draft"
    done
done

if command -v valgrind > /dev/null; then
    {
        echo "### Instructions, by callgrind"
        echo
        echo "Of one piece of work more, on one thread; valgrind knows AVX2, not AVX-512."
        echo
        echo "| work | instructions |"
        echo "|---|---:|"
    } >> "$draft"
    cargo build --release --package bss2-benches --example workload 2>> "$log"
    for work in noise batch load training calibration; do
        counts=()
        for times in 2 4; do
            counts+=("$(RAYON_NUM_THREADS=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
                target/release/examples/workload "$work" "$times" 2>&1 |
                sed -n 's/.*Collected : \([0-9]*\).*/\1/p')")
        done
        echo "| $work | $(((counts[1] - counts[0]) / 2)) |" >> "$draft"
    done
fi
cp "$draft" "$out"
echo "$out"

#!/usr/bin/env bash
# All benchmarks, as Markdown on standard output and as JSON beside the build: what was measured, the bound where there is
# one, and whether it holds. Ends with 1 if one does not.
#
#   bench/run.sh BUILD-DIR           under ten minutes on 2 cores, on a machine that does nothing else
#   bench/run.sh BUILD-DIR --short   sizes for the tests: it shows that they run, not how fast
set -euo pipefail
bench="$(dirname "$(readlink -f "$0")")"
build="${1-}"
if [ ! -x "$build/bench/bodies" ] || [ $# -gt 2 ] || { [ $# -eq 2 ] && [ "$2" != --short ]; }; then
    echo "usage: bench/run.sh BUILD-DIR [--short]; BUILD-DIR is built with -Dtests=true" >&2
    exit 2
fi
RELEVE_BIN="$(readlink -f "$build")/adapters/cli/releve"
export RELEVE_BIN

# Those that were named, one after the other; 1 if a bound was missed, or one failed.
missed=0
run() {
    "$@" || missed=1
}

short() {
    run "$build/bench/core" 5
    run "$build/bench/bodies" 5
    run "$bench/pipeline.py" --quick --json "$build/bench/pipeline.json"
    run "$bench/ledger.py" --permits 50
    run "$build/tests/simulation/simulate" --backfill 100
    run "$bench/throughput.py" --requests 400 --quota 100/1s,1000/20s --latency 0:100 --processes 4
    run "$bench/worker.py" --jobs 20 --queued 5000 --backlog 3000
    run "$bench/growth.py" --points 20
    run "$bench/idle.py" --seconds 2 --starts 3
    run "$bench/bytes.py" --points 2
    run "$bench/serve.py" --requests 2000
    return $missed
}

whole() {
    run "$build/bench/core"
    run "$build/bench/bodies"
    run "$bench/pipeline.py" --json "$build/bench/pipeline.json"
    run "$bench/ledger.py"
    run "$build/tests/simulation/simulate" --throughput
    run "$build/tests/simulation/simulate" --backfill 10000
    run "$bench/throughput.py"
    run "$bench/throughput.py" --quota 5/1s --latency 200:0 --requests 220 --processes 4
    run "$bench/worker.py"
    run "$bench/growth.py"
    run "$bench/idle.py"
    run "$bench/bytes.py"
    run "$bench/serve.py"
    return $missed
}

if [ $# -eq 2 ]; then
    short | "$bench/table.py" "$build/bench/figures.json"
else
    . "$bench/../tools/machine.sh"
    # Without them the Python peer is left out, and pipeline.py says so.
    # shellcheck disable=SC2086
    (install_packages $BENCH_PACKAGES) >&2 || true
    whole | "$bench/table.py" "$build/bench/figures.json"
fi

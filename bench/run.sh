#!/usr/bin/env bash
# All benchmarks, one table: what was measured, the bound where there is one, and whether it holds. Ends with 1 if one
# does not.
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
missed=0

run() {
    "$@" || missed=1
}

if [ $# -eq 2 ]; then
    run "$build/bench/core" 5
    run "$build/bench/bodies" 5
    run /usr/bin/python3 "$bench/pipeline.py" --quick
    run /usr/bin/python3 "$bench/ledger.py" --permits 50
    run /usr/bin/python3 "$bench/throughput.py" --requests 400 --quota 100/1s,1000/20s --latency 0:100
    run /usr/bin/python3 "$bench/worker.py" --jobs 20 --queued 5000
else
    . "$bench/../tools/machine.sh"
    # shellcheck disable=SC2086
    (install_packages $BENCH_PACKAGES) || true # without them the Python peer is left out, and pipeline.py says so
    echo "$(nproc) cores, $(uname -m), $(redis-server --version | grep -o 'v=[0-9.]*' | sed 's/v=/Redis /')"
    run "$build/bench/core"
    run "$build/bench/bodies"
    run /usr/bin/python3 "$bench/pipeline.py" --json "$build/bench/pipeline.json"
    run /usr/bin/python3 "$bench/ledger.py"
    run /usr/bin/python3 "$bench/throughput.py"
    run /usr/bin/python3 "$bench/throughput.py" --quota 5/1s --latency 200:0 --requests 220
    run /usr/bin/python3 "$bench/worker.py"
fi
exit $missed

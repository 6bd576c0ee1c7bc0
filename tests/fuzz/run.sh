#!/usr/bin/env bash
# Fuzzes targets (all of them) for SECONDS, one after another, ROUNDS times (1), and prints a table of all that was run
# so far.
#
#   tests/fuzz/run.sh SECONDS [ROUNDS [TARGET]...]
#
# What was found to be interesting is kept in build/fuzz/corpus and used again by the next run; an input that breaks
# something is in build/fuzz/findings, and the program takes it as its argument to show it again. Ends with 1 if there is one.
# After build/fuzz is removed everything begins anew. The turn that is interrupted does not count.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.."
. tools/machine.sh

seconds="${1-}" rounds="${2-1}"
[[ "$seconds" =~ ^[1-9][0-9]*$ && "$rounds" =~ ^[1-9][0-9]*$ ]] || { echo "usage: $0 SECONDS [ROUNDS [TARGET]...]" >&2; exit 2; }

child=""
clean_up() {
    [ -z "$child" ] || { kill "$child" 2>/dev/null || true; wait "$child" 2>/dev/null || true; }
}
at_end clean_up

build_fuzz
dir=build/fuzz findings=build/fuzz/findings totals=build/fuzz/totals
mkdir -p "$findings" "$totals"
export ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=print_stacktrace=1
TIMEFORMAT='%R %U %S'

# The words of a mutation and the examples of a target, as meson.build names them for the short run.
arguments_of() {
    meson introspect --tests "$dir" | /usr/bin/python3 -c '
import json, sys
for test in json.load(sys.stdin):
    if test["name"] == sys.argv[1]:
        print("\n".join(a for a in test["cmd"][1:] if a.startswith(("-dict=", "-seed_inputs="))))' "$1"
}

# fuzz TARGET: one turn. Adds a line "runs seconds cpu-seconds edges" to its totals.
fuzz() {
    local target="$1" corpus="$dir/corpus/$1" log="$totals/$1.log" arguments
    mkdir -p "$corpus"
    mapfile -t arguments < <(arguments_of "$target")
    { time {
        "$dir/tests/fuzz/$target" "$corpus" "${arguments[@]}" -max_total_time="$seconds" -print_final_stats=1 \
            -error_exitcode=1 -report_slow_units=60 -artifact_prefix="$findings/$target-" >"$log" 2>&1 &
        child=$!
        wait "$child" || true
        child=""
    }; } 2>"$log.time"
    /usr/bin/python3 - "$log" "$log.time" >>"$totals/$target" <<'PYTHON'
import re, sys
log, taken = (open(path, errors="replace").read() for path in sys.argv[1:])
edges = re.findall(r" cov: (\d+)", log)
runs = re.findall(r"number_of_executed_units: (\d+)", log) or re.findall(r"^#(\d+)\t", log, re.M)
real, user, system = map(float, taken.split()[-3:])
print(runs[-1] if runs else 0, real, user + system, edges[-1] if edges else 0)
PYTHON
}

print_table() {
    printf '%-20s %14s %9s %9s %7s %8s\n' target runs seconds "CPU s" edges findings
    local target
    for target in "${targets[@]}"; do
        [ -f "$totals/$target" ] || continue
        awk -v target="$target" -v findings="$(find "$findings" -name "$target-*" | wc -l)" '
            { runs += $1; seconds += $2; cpu += $3; edges = $4 > edges ? $4 : edges }
            END { printf "%-20s %14d %9d %9d %7d %8d\n", target, runs, seconds, cpu, edges, findings }' "$totals/$target"
    done
}

mapfile -t targets < <(meson introspect --tests "$dir" | /usr/bin/python3 -c '
import json, sys
print("\n".join(sorted(test["name"] for test in json.load(sys.stdin))))')
if [ $# -gt 2 ]; then
    for target in "${@:3}"; do
        [[ " ${targets[*]} " == *" $target "* ]] || { echo "no target $target; there are: ${targets[*]}" >&2; exit 2; }
    done
    targets=("${@:3}")
fi
for round in $(seq "$rounds"); do
    for target in "${targets[@]}"; do
        fuzz "$target"
    done
    echo "== $(date -u '+%F %H:%M:%S') UTC, round $round of $rounds, $seconds s a target"
    print_table
done
[ -z "$(ls "$findings")" ]

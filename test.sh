#!/usr/bin/env bash
# Every test, twice: as released, at one Redis, and under AddressSanitizer and UndefinedBehaviorSanitizer, at a Redis Cluster;
# and a short run of libFuzzer.
# Warnings of gcc and clang are errors here. The last line counts.
#
#   ./test.sh                              everything: some 24 minutes on 2 cores
#   ./test.sh --quick                      release build only, without the slow tests: some 2 minutes
#   ./test.sh [--quick] --at "2026-07-02 22:30"
#                                          release build only, and every process of it believes that it is this moment
#                                          (UTC) and that time runs on: the hour must not matter
#
# Just after midnight in Paris, in UTC it is the day before: there the tests marked `hour` run once more. (In winter, that
# is 23:00 to 24:00 UTC, in summer 22:00 to 24:00, and 22:00 to 23:00 also for a day in winter that RELEVE_TODAY pretends.)
#
# Needs a Debian 12 and root or sudo for missing packages. Ends every process that it started, also when interrupted.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tools/machine.sh

usage() {
    echo 'usage: ./test.sh [--quick] [--at "YYYY-MM-DD HH:MM"]' >&2
    exit 2
}

quick=no at=""
while [ $# -gt 0 ]; do
    case "$1" in
    --quick) quick=yes ;;
    --at) [[ "${2-}" =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}\ [0-9]{2}:[0-9]{2}$ ]] && date -u -d "$2" >/dev/null || usage
        at="$2" && shift ;;
    *) usage ;;
    esac
    shift
done

children=() results=""
clean_up() {
    local child
    for child in "${children[@]}"; do # each a process group of its own: the tests and all that they started
        kill -INT -- "-$child" 2>/dev/null || true
    done
    for child in "${children[@]}"; do
        wait "$child" 2>/dev/null || true
        kill -KILL -- "-$child" 2>/dev/null || true
    done
    [ -z "$results" ] || rm -rf "$results"
}
at_end clean_up

# start COMMAND [ARGUMENT]...: in a process group of its own, so that a signal to this script reaches all of it.
start() {
    setsid env --default-signal=INT "$@" & # what runs behind a script ignores it else
    children+=("$!")
}

# Waits for all that was started, and shows what went to a log meanwhile. A failure is remembered, not returned.
await_all() {
    local child log file
    for child in "${children[@]}"; do
        wait "$child" || failed=yes
    done
    children=()
    for log in "$results"/*.log; do
        [ -s "$log" ] && cat "$log"
        rm -f "$log"
    done
    for file in "$results"/*-meson.xml; do
        [ -e "$file" ] || { failed=yes && rm -f "$file"; } # a link to what was not written
    done
}

# The tests' own settings only.
unset CLIENT_ID CLIENT_SECRET CLIENT_SECRET_FILE ${!RELEVE_@}
# shellcheck disable=SC2086
install_packages $PACKAGES $TEST_PACKAGES
if [ "$quick" = no ] && [ -z "$at" ]; then
    # shellcheck disable=SC2086
    (install_packages $BROWSER_PACKAGES) || echo "no browser can be installed here: the tests of the page are skipped" >&2
fi
results="$(mktemp -d "${TMPDIR:-/tmp}/releve-results.XXXXXX")"
failed=no

# pretend "YYYY-MM-DD HH:MM": it is that moment, in UTC, for what starts with "${pretended[@]}". The build keeps the real
# time: it compares files.
pretended=()
pretend() {
    local library="$PWD/build/pretended_clock.so"
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC tools/pretended_clock.c -o "$library"
    pretended=(env LD_PRELOAD="$library" PRETENDED_SHIFT_S="$(($(date -u -d "$1" +%s) - $(date +%s)))")
}

# python_tests NAME BUILD-DIR PROCESSES [PYTEST ARGUMENT]...
python_tests() {
    local name="$1" dir="$2" processes="$3"
    shift 3
    RELEVE_BIN="$PWD/$dir/adapters/cli/releve" start "${pretended[@]}" /usr/bin/python3 -m pytest -q -p no:cacheprovider \
        -n "$processes" --dist loadgroup --junitxml "$results/$name.xml" "$@"
}

# c_tests NAME BUILD-DIR: a test that hangs is ended, one for which a busy machine has little time is not.
c_tests() {
    local name="$1" dir="$2" meson_arguments=(--no-rebuild --print-errorlogs --num-processes 4 --timeout-multiplier 4)
    [ "$quick" = no ] || meson_arguments+=(--no-suite slow)
    ln -s "$PWD/$dir/meson-logs/testlog.junit.xml" "$results/$name-meson.xml"
    rm -f "$dir/meson-logs/testlog.junit.xml"
    start "${pretended[@]}" meson test -C "$dir" "${meson_arguments[@]}" >"$results/$name-meson.log" 2>&1
}

# Short tests run beside each other, as all of them wait a lot. Some of the others load the machine on purpose.
await_slow() {
    [ "$quick" = yes ] || await_all
}

# suite NAME BUILD-DIR [PYTEST ARGUMENT]...: the tests in C and in Python. The caller waits for them.
suite() {
    local name="$1" dir="$2"
    shift 2
    echo "== $name"
    c_tests "$name" "$dir"
    await_slow
    python_tests "$name-pytest" "$dir" 8 tests/house tests/integration "$@"
}

# Each process of pytest reads all tests in Python: they are compiled once, beside the build. (What is not built yet is no
# test that fails here.)
unset PYTHONDONTWRITEBYTECODE
export PYTHONPYCACHEPREFIX="$PWD/build/pycache"
RELEVE_BIN=/bin/true start /usr/bin/python3 -m pytest -q -p no:cacheprovider --collect-only tests/house tests/integration \
    >/dev/null 2>&1

echo "== build"
build build/release-tests --buildtype=release --werror
wait "${children[0]}" || true
children=()
short=() hour=hour
[ "$quick" = no ] || short=(-m "not slow and (not long or short)") hour="hour and not slow and (not long or short)"
if [ -n "$at" ]; then
    pretend "$at"
    suite "release at $at" build/release-tests "${short[@]}"
    await_all
else
    if [ "$quick" = no ]; then
        CC=clang build build/sanitized --buildtype=debugoptimized --werror -Db_sanitize=address,undefined -Db_lundef=false
        build_fuzz
    fi
    suite release build/release-tests "${short[@]}"
    await_slow
    pretend "2026-07-02 22:30"
    python_tests release-hour build/release-tests 2 -m "$hour" tests/integration >"$results/release-hour.log" 2>&1
    pretended=()
    await_all
    if [ "$quick" = no ]; then
        export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
        # Whatever one Redis need not do is done by a cluster there (tests/integration/shared_cluster.py).
        export RELEVE_TEST_REDIS=mixed
        suite sanitized build/sanitized
        await_all
        c_tests fuzz build/fuzz
        await_all
    fi
fi

# Adds up what the runners wrote; a runner that wrote nothing is a failure.
/usr/bin/python3 tools/tally.py "$failed" "$results"/*.xml

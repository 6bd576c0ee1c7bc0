#!/usr/bin/env bash
# Every test, twice: as released, and under AddressSanitizer and UndefinedBehaviorSanitizer. Warnings of gcc and clang are
# errors here. The last line counts.
#
#   ./test.sh           everything: at most 15 minutes on 2 cores
#   ./test.sh --quick   release build only, without the slow tests: at most 1 minute
#
# Needs a Debian 12 and root or sudo for missing packages. Ends every process that it started, also when interrupted.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tools/machine.sh

quick=no
case "${1-}" in
"") ;;
--quick) quick=yes ;;
*) echo "usage: ./test.sh [--quick]" >&2 && exit 2 ;;
esac

child="" results=""
finish() {
    trap - EXIT INT TERM HUP
    trap '' PIPE # whoever read our output may be gone
    if [ -n "$child" ]; then # a process group of its own: the tests and all that they started
        kill -INT -- "-$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
        kill -KILL -- "-$child" 2>/dev/null || true
    fi
    [ -z "$results" ] || rm -rf "$results"
    exit "$1"
}
trap 'finish $?' EXIT
trap 'finish 130' INT
trap 'finish 143' TERM
trap 'finish 129' HUP
trap 'finish 141' PIPE

# Runs a command in a process group of its own, so that a signal to this script reaches all of it. A failure is
# remembered in the results, not returned.
run() {
    setsid "$@" &
    child=$!
    wait "$child" || failed=yes
    child=""
}

# The tests' own settings only.
unset CLIENT_ID CLIENT_SECRET CLIENT_SECRET_FILE ${!RELEVE_@}
# shellcheck disable=SC2086
install_packages $PACKAGES $TEST_PACKAGES
results="$(mktemp -d "${TMPDIR:-/tmp}/releve-results.XXXXXX")"
failed=no

# suite NAME BUILD-DIR [PYTEST ARGUMENT]...
suite() {
    local name="$1" dir="$2"
    shift 2
    echo "== $name"
    local meson_arguments=(--no-rebuild --print-errorlogs --num-processes 2)
    [ "$quick" = no ] || meson_arguments+=(--no-suite slow)
    rm -f "$dir/meson-logs/testlog.junit.xml"
    run meson test -C "$dir" "${meson_arguments[@]}"
    cp "$dir/meson-logs/testlog.junit.xml" "$results/$name-meson.xml" || failed=yes
    RELEVE_BIN="$PWD/$dir/adapters/cli/releve" run /usr/bin/python3 -m pytest -q -p no:cacheprovider -n 3 --dist loadfile \
        --junitxml "$results/$name-pytest.xml" tests/house tests/integration "$@"
}

echo "== build"
build build/release-tests --buildtype=release --werror
if [ "$quick" = yes ]; then
    suite release build/release-tests -m "not slow and not long"
else
    CC=clang build build/clang --buildtype=release --werror
    build build/sanitized --buildtype=debugoptimized --werror -Db_sanitize=address,undefined -Db_lundef=false
    suite release build/release-tests
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
    suite sanitized build/sanitized
fi

# Adds up what the runners wrote; a runner that wrote nothing is a failure.
/usr/bin/python3 tools/tally.py "$failed" "$results"/*.xml

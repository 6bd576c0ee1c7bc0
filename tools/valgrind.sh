#!/usr/bin/env bash
# The unit tests, and backfill, worker, show and the simulator against a real Redis, under valgrind's memcheck: any wrong
# access, any use of memory that was never set and any leak is a failure. Some minutes, so it is run by hand:
#
#   tools/valgrind.sh
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tools/machine.sh

nothing() { :; }
at_end nothing
build build/valgrind --buildtype=debugoptimized --werror
memcheck=(valgrind --quiet --leak-check=full --errors-for-leak-kinds=definite,indirect --error-exitcode=99)

echo "== unit tests"
meson test -C build/valgrind --no-rebuild --suite unit --wrap "${memcheck[*]}" --timeout-multiplier 20 --num-processes 2 \
    --print-errorlogs

echo "== the program"
program="$PWD/build/valgrind/releve-memcheck"
printf '#!/bin/sh\nexec %s %s "$@"\n' "${memcheck[*]}" "$PWD/build/valgrind/adapters/cli/releve" >"$program"
chmod +x "$program"
RELEVE_BIN="$program" /usr/bin/python3 -m pytest -q -p no:cacheprovider \
    tests/integration/test_backfill.py::test_show_gives_back_what_was_fetched \
    tests/integration/test_backfill.py::test_one_broken_meter_stops_no_other_and_is_listed \
    tests/integration/test_backfill.py::test_redis_may_crash_and_come_back_in_mid_run \
    tests/integration/test_worker.py::test_told_to_end_a_worker_ends_what_is_in_flight_and_gives_the_rest_back_in_order \
    tests/integration/test_worker.py::test_a_message_that_is_no_job_is_buried_with_its_reason_and_stops_nobody \
    tests/integration/test_worker.py::test_status_shows_queues_workers_what_they_run_and_what_failed

#!/usr/bin/env bash
# The main job, for real, on one machine: builds releve, starts the Enedis simulator, backfills the whole history of all
# its clients through a quota of 200 requests a second, and shows the simulator's own audit. Then does it again: nothing
# is left to ask. Needs a Debian 12 and root or sudo for missing packages; leaves no process and no file behind but build/.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
. tools/machine.sh
[ $# -eq 0 ] || { echo "usage: ./demo.sh" >&2; exit 2; }

work="" sandbox="" redis=""
clean_up() {
    [ -z "$sandbox" ] || { kill "$sandbox" 2>/dev/null && wait "$sandbox" 2>/dev/null || true; }
    exec 9>&-                                       # the last user of the embedded Redis is gone: it ends
    [ -z "$redis" ] || tail --pid="$redis" -f /dev/null >/dev/null || true
    [ -z "$work" ] || rm -rf "$work"
}
at_end clean_up

say() { printf '\n== %s\n' "$*"; }

say "packages and build"
install_packages $PACKAGES
build build/release --buildtype=release -Dtests=false
releve="$PWD/build/release/adapters/cli/releve"

work="$(mktemp -d "${TMPDIR:-/tmp}/releve-demo.XXXXXX")"
cd "$work" # no .env of yours is read here
today="$(date +%F)"
export CLIENT_ID=demo CLIENT_SECRET=demo RELEVE_QUOTA=200/1s RELEVE_TODAY="$today" RELEVE_REDIS="embedded:$work/redis"
unset RELEVE_API RELEVE_PREFIX RELEVE_LOG CLIENT_SECRET_FILE

say "the simulator, with the quota $RELEVE_QUOTA"
mkfifo "$work/hello"
"$releve" sandbox --listen 127.0.0.1:0 --quota "$RELEVE_QUOTA" --today "$today" >"$work/hello" &
sandbox=$!
read -r hello <"$work/hello" # its first line says that it listens, and where
echo "$hello"
RELEVE_UPSTREAM="$(grep -o 'http://[^ ]*' <<<"$hello")"
export RELEVE_UPSTREAM

cat >"$work/prms.txt" <<'END'
22516914714270  # client 0: consumption, no holes
11453290002823  # client 1: activated on 27 Aug 2019
32320647321714  # client 2: its load curve was never activated
12345678901234  # client 3: consumption
10284856584123  # client 3: production
42900589957123  # client 4: holes on Tuesdays and Wednesdays
24880057139941  # client 5: production only
12655648759651  # client 6: self-consumption, both curves
64975835695673  # client 7: three usage points
63695879465986
22315546958763  # ... the third is young: its history begins with its activation
26584978546985  # client 8: has revoked its consent
END

mkdir -p redis && exec 9<>redis/users.lock && flock -s 9 # this script counts as a user of the embedded Redis

say "what will it cost?  releve plan"
"$releve" plan --prms prms.txt
redis="$(redis-cli -s redis/redis.sock info server | tr -d '\r' | sed -n 's/^process_id://p')"

# Exit code 1 says that some days failed: those of client 8, whose refusal is listed.
backfill() { "$releve" backfill --prms prms.txt || [ $? -eq 1 ]; }
stats() { curl -sSf "$RELEVE_UPSTREAM/__sandbox/stats"; }
number() { grep -o "\"$2\":[0-9]*" <<<"$1" | head -n 1 | cut -d: -f2; }

say "every kind of every usage point, over its whole history:  releve backfill"
time backfill

first="$(stats)"
say "the simulator's own audit"
for name in requests violations days_served days_served_twice; do echo "$name: $(number "$first" $name)"; done

say "once more"
backfill 2>/dev/null | grep '^all '
second="$(stats)"
echo "requests of the second run: $(($(number "$second" requests) - $(number "$first" requests)))"

say "a week of client 4:  releve show daily_consumption"
"$releve" show daily_consumption --prm 42900589957123 --start "$(date -d "$today - 14 days" +%F)" \
    --end "$(date -d "$today - 7 days" +%F)"

[ "$(number "$second" violations)" = 0 ] && [ "$(number "$second" days_served_twice)" = 0 ] &&
    [ "$(number "$second" requests)" = "$(number "$first" requests)" ] ||
    { echo "the audit is not clean" >&2; exit 1; }

say "now yours: in this terminal"
cat <<END
export PATH="$(dirname "$releve"):\$PATH"
releve sandbox                  # and go on with "Use it" in README.md, in another terminal
END

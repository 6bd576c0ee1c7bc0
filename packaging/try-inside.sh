#!/usr/bin/env bash
# What try-deb.sh does within the chroot, with the installed package: the way of a new user, and that of the units.
set -euo pipefail
PRM=22516914714270 # client 0 of the simulator
TODAY=2026-11-19
say() { printf '\n-- %s\n' "$*"; }
fail() { echo "$*" >&2; exit 1; }

say "the program, its manual, its units"
releve -V
man -w releve releve-enqueue
for unit in releve-worker@1.service releve-daily.service releve-daily.timer releve-serve.service; do
    systemd-analyze verify --man=no "/lib/systemd/system/${unit/@1/@}" 2>&1 | grep releve && fail "$unit has a fault"
done
[ "$(systemctl is-enabled releve-daily.timer)" = disabled ]
[ ! -e /etc/releve ] || fail "the package has brought a configuration"

say "the simulator"
cd "$(mktemp -d)" && chmod 755 .
mkfifo hello
releve sandbox --listen 127.0.0.1:0 --quota none --today "$TODAY" >hello &
sandbox=$!
read -r line <hello
echo "$line"
url="$(grep -o 'http://[^ ]*' <<<"$line")"

say "a user of the machine: yesterday's curve, a year of it as a file, and all of it erased; with a Redis of releve's own"
useradd --create-home user
as_user() { setpriv --reuid user --regid user --clear-groups env -C /home/user HOME=/home/user CLIENT_ID=me CLIENT_SECRET=any RELEVE_UPSTREAM="$url" \
    RELEVE_TODAY="$TODAY" "$@"; }
as_user script -qec "stty cols 80; releve get consumption_load_curve --prm $PRM --start yesterday" /dev/null | tee shown
grep -q "^2026-11-18  complete.*▆" shown
as_user releve backfill --prm "$PRM" --kind consumption_load_curve --start 2025-11-19
as_user releve export --prm "$PRM" --kind consumption_load_curve --start 2025-11-19 --format csv --out year
[ "$(wc -l <"/home/user/year/$PRM-consumption_load_curve.csv")" -eq $((1 + 365 * 48)) ]
as_user releve forget --prm "$PRM" --yes
as_user releve coverage --prm "$PRM" --json | tee left
! grep -v '"complete":0,"partial":0,"holes":0,"pending":0,' left || fail "something of the usage point is left"
! as_user releve points --json | grep "$PRM" || fail "it is still known"

say "the units, by hand: a Redis on 6379, the settings of /etc/releve, a user without a home"
redis-server --port 6379 --bind 127.0.0.1 --save "" --appendonly yes --dir "$PWD" --daemonize no >/dev/null &
redis=$!
install -d -m 755 /etc/releve
install -m 600 /usr/share/doc/releve/examples/worker.env /usr/share/doc/releve/examples/points /etc/releve/
sed -i "s|^CLIENT_ID=.*|CLIENT_ID=me|; s|^RELEVE_UPSTREAM=.*|RELEVE_UPSTREAM=$url|; s|^RELEVE_QUOTA=.*|RELEVE_QUOTA=none|" /etc/releve/worker.env
echo "RELEVE_TODAY=$TODAY" >>/etc/releve/worker.env
echo "$PRM" >>/etc/releve/points
install -m 600 -o nobody /dev/stdin client_secret <<<any
until redis-cli ping >/dev/null 2>&1; do sleep 0.1; done

# unit NAME [ARGUMENT]...: its ExecStart with its Environment and EnvironmentFile; systemd's own words are put in.
unit() {
    local file="/lib/systemd/system/$1" settings=() words=()
    shift
    mapfile -t settings < <(sed -n 's/^Environment=//p' "$file" | sed "s|%d|$PWD|"; grep -v '^#' /etc/releve/worker.env)
    read -r -a words < <(sed -n 's/^ExecStart=//p' "$file" | sed 's/%l-%i/host-1/')
    setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs env -i -C / PATH=/usr/bin:/bin "${settings[@]}" "${words[@]}" "$@"
}
unit releve-daily.service </etc/releve/points >ids
[ "$(wc -l <ids)" -eq 5 ]
unit releve-worker@.service --drain
[ -z "$(unit releve-daily.service </etc/releve/points)" ]
redis-cli exists "releve:day:{$PRM}:consumption_load_curve:2026-11-10" | grep -x 1
redis-cli xlen '{releve}:results' | grep -x 5

say "the library: the example, built as its first lines say"
cp /usr/share/doc/libreleve-dev/examples/embed.c .
read -r -a flags < <(pkg-config --cflags --libs releve)
gcc -o embed embed.c "${flags[@]}"
CLIENT_ID=me CLIENT_SECRET=any ./embed "$url" redis://127.0.0.1:6379/1 "$PRM" 2026-09-01 2026-09-08 "$TODAY"
[ "$(redis-cli -n 1 --raw eval "return #redis.call('KEYS', 'releve:day:{$PRM}:*')" 0)" -eq 14 ]

say "metrics, the page, a day"
unit releve-serve.service --listen 127.0.0.1:8752 >served &
serve=$!
until [ -s served ]; do sleep 0.1; done
exec 3<>/dev/tcp/127.0.0.1/8752
printf 'GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' >&3
grep -x 'releve_jobs_total{kind="consumption_load_curve",state="done"} 1' <&3
for path in / /page/app.js "/v1/points/$PRM/days/consumption_load_curve/2026-11-10" /openapi.json; do
    exec 3<>/dev/tcp/127.0.0.1/8752
    printf 'GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n' "$path" >&3
    head -n 1 <&3 | grep "200 OK"
done

kill "$sandbox" "$redis" "$serve"
wait "$sandbox" "$redis" "$serve" || true
say "all of that works"

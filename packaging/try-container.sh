#!/usr/bin/env bash
# Does the steps of packaging/Containerfile where there is no container engine: each stage is a chroot of a clean Debian 12,
# in which its RUN lines are run and its COPY lines copied, and the last one is tried as its USER. Takes some minutes.
#
#   sudo packaging/try-container.sh
#
# What an engine adds is not seen by it: the images themselves (a minimal system stands for both), layers, the VOLUME, and that
# ENTRYPOINT and CMD are started by it. A line that it does not know ends it.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tools/machine.sh
[ $# -eq 0 ] || { echo "usage: packaging/try-container.sh" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "packaging/try-container.sh makes chroots: run it as root" >&2; exit 2; }
. packaging/chroot.sh

work=""
clean_up() {
    [ -z "$work" ] || remove_chroot "$work"
}
at_end clean_up
work="$(mktemp -d "${TMPDIR:-/tmp}/releve-container.XXXXXX")"

stage="" folder=/ user=root settings=() entry=""

# from IMAGE [AS NAME]: a new stage.
from() {
    [[ "$1" == debian:12 || "$1" == debian:12-slim ]] || { echo "no chroot stands for the image $1" >&2; exit 1; }
    stage="$work/${3:-last}" folder=/ user=root settings=() entry=""
    make_chroot "$stage"
}

# copy [--from=NAME] FROM TO: out of what git has, or out of another stage.
copy() {
    if [[ "$1" == --from=* ]]; then
        install -D "$work/${1#--from=}$2" "$stage$3"
    elif [ "$1 $2" = ". ." ]; then
        git archive HEAD | tar -x -C "$stage$folder"
    else
        echo "not understood: COPY $*" >&2
        exit 1
    fi
}

# inside COMMAND...: as the stage's user, in its folder and with its settings.
inside() {
    in_chroot "$stage" setpriv --reuid "$user" --regid "$user" --init-groups env -C "$folder" HOME="$folder" "${settings[@]}" "$@"
}

while read -r word rest <&3; do
    printf '\n== %s %s\n' "$word" "$rest"
    # shellcheck disable=SC2086 # the words of a line
    case "$word" in
    FROM) from $rest ;;
    RUN) inside sh -c "$rest" ;;
    COPY) copy $rest ;;
    WORKDIR) folder="$rest" && mkdir -p "$stage$folder" ;;
    ENV) settings+=("$rest") ;;
    USER) user="$rest" ;;
    VOLUME) [ -d "$stage$rest" ] ;;
    ENTRYPOINT) entry="$(grep -o '[a-z]*' <<<"$rest")" ;;
    CMD) ;;
    *) echo "not understood: $word" >&2 && exit 1 ;;
    esac
done 3< <(sed -e ':a' -e '/\\$/{N;s/\\\n *//;ba}' packaging/Containerfile | grep -v '^#' | grep .)

printf '\n== the program, as its user\n'
[ "$user" != root ] && [ "$entry" = releve ]
inside "$entry" -V
inside "$entry" --help | head -n 3
cat >"$stage/tmp/try.sh" <<'END'
set -eu
mkfifo /tmp/hello
"$1" sandbox --listen 127.0.0.1:0 --quota none >/tmp/hello &
read -r line </tmp/hello
export RELEVE_UPSTREAM="$(echo "$line" | grep -o 'http://[^ ]*')" CLIENT_ID=me CLIENT_SECRET=any
day="$(date -d '-5 days' +%F)"
"$1" backfill --prm 22516914714270 --kind daily_consumption --start "$day" --end "$day"
"$1" show daily_consumption --prm 22516914714270 --start "$day" --end "$day" --format csv
ls -A /data
kill $!
wait $! || true
END
inside sh /tmp/try.sh "$entry"
[ -d "$stage/data/appendonlydir" ] || { echo "the embedded Redis kept nothing in /data" >&2; exit 1; }
printf '\n== all steps work\n'

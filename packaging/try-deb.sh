#!/usr/bin/env bash
# Installs build/packages/*.deb on a clean Debian 12 and tries them there: commands, manual, simulator, embedded Redis, the
# library's example, and the units as far as a chroot has them (no systemd runs in one: their command is started by hand, with their settings
# and as a user that may write nowhere). Takes some minutes.
#
#   packaging/build-deb.sh && sudo packaging/try-deb.sh
#
# Needs root, mmdebstrap, and the package sources of this machine. The program speaks to loopback only.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tools/machine.sh
[ $# -eq 0 ] || { echo "usage: packaging/try-deb.sh" >&2; exit 2; }
[ "$(id -u)" -eq 0 ] || { echo "packaging/try-deb.sh makes a chroot: run it as root" >&2; exit 2; }
debs=(build/packages/{releve,libreleve0,libreleve-dev}_[0-9]*.deb)
[ -e "${debs[0]}" ] || { echo "run packaging/build-deb.sh first" >&2; exit 2; }
. packaging/chroot.sh

root=""
clean_up() {
    [ -z "$root" ] || remove_chroot "$root"
}
at_end clean_up
say() { printf '\n== %s\n' "$*"; }

root="$(mktemp -d "${TMPDIR:-/tmp}/releve-chroot.XXXXXX")"
say "a clean Debian 12"
make_chroot "$root"
say "apt-get install" "${debs[@]##*/}"
cp "${debs[@]}" "$root/tmp/"
in_chroot "$root" apt-get -q update
in_chroot "$root" apt-get -q install -y "${debs[@]/#*\//\/tmp\/}" man-db systemd gcc pkg-config
cp packaging/try-inside.sh "$root/tmp/"
say "inside"
in_chroot "$root" bash /tmp/try-inside.sh
say "apt-get purge"
in_chroot "$root" apt-get -q purge -y releve libreleve0 libreleve-dev
[ -z "$(in_chroot "$root" sh -c 'command -v releve; ls -d /usr/share/doc/*releve* /usr/include/releve /usr/lib/*/*releve* /usr/lib/*/pkgconfig/releve.pc /usr/share/man/man1/releve* /lib/systemd/system/releve-* 2>/dev/null; true')" ] ||
    { echo "the package left something behind" >&2; exit 1; }
say "the package is good"

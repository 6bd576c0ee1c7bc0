#!/usr/bin/env bash
# Builds the Debian packages of what is committed, into build/packages, and has lintian read them: an error of it fails.
#
#   packaging/build-deb.sh
#
# Needs what packaging/debian/control declares, and dpkg-dev, lintian and git; names what is missing.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
. tools/machine.sh
[ $# -eq 0 ] || { echo "usage: packaging/build-deb.sh" >&2; exit 2; }

work=""
clean_up() {
    [ -z "$work" ] || rm -rf "$work"
}
at_end clean_up

packages="$PWD/build/packages"
version="$(sed -n "s/^ *version: '\(.*\)',$/\1/p" meson.build | head -n 1)"
entry="$(dpkg-parsechangelog -l packaging/debian/changelog -S Version)"
[ "$version" = "${entry%-*}" ] || { echo "meson.build has version $version, packaging/debian/changelog $entry" >&2; exit 1; }

work="$(mktemp -d "${TMPDIR:-/tmp}/releve-deb.XXXXXX")"
mkdir "$work/releve-$version"
git archive HEAD | tar -x -C "$work/releve-$version"
cd "$work/releve-$version"
ln -s packaging/debian debian
SOURCE_DATE_EPOCH="$(dpkg-parsechangelog -S Timestamp)"
export SOURCE_DATE_EPOCH
# One word of the environment must not change what is built.
unset CC CFLAGS CPPFLAGS LDFLAGS
dpkg-buildpackage -us -uc -b >"$work/build.log" 2>&1 || {
    tail -n 60 "$work/build.log" >&2
    exit 1
}
! grep 'warning:' "$work/build.log" || { echo "the build has warnings" >&2; exit 1; }
mkdir -p "$packages"
rm -f "$packages"/*.deb
cp "$work"/*.deb "$packages"
lintian --allow-root --fail-on error "$work"/*.deb
ls "$packages"/*.deb

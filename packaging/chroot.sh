# shellcheck shell=bash
# Chroots of a clean Debian 12, for try-deb.sh and try-container.sh. Sourced by bash, as root.
#
# A process in a chroot is in a PID namespace of its own: what it leaves behind ends with it.

# make_chroot DIR: a minimal system, from the package sources of this machine.
make_chroot() {
    command -v mmdebstrap >/dev/null || { echo "missing: mmdebstrap" >&2; return 2; }
    local sources=()
    mapfile -t sources < <(ls /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null)
    mmdebstrap --quiet --variant=minbase --mode=root bookworm "$1" "${sources[@]}"
    printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d" # no service is started in it
    chmod 755 "$1/usr/sbin/policy-rc.d"
}

# in_chroot DIR COMMAND...: as root of it, with no setting of this machine.
in_chroot() {
    local dir="$1"
    shift
    # shellcheck disable=SC2016 # the inner shell's own
    unshare --mount --pid --fork --kill-child bash -c '
        mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && cp -L /etc/resolv.conf "$0/etc/resolv.conf" &&
        exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            DEBIAN_FRONTEND=noninteractive chroot "$0" "$@"' "$dir" "$@"
}

# remove_chroot DIR: what was mounted in it has gone with its processes.
remove_chroot() {
    rm -rf --one-file-system "$1"
}

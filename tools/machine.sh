# What demo.sh and test.sh share: the packages that they need, the build, and the end of what they started.
# Sourced by bash; expects to be in the project's top folder.

# What builds and runs the program ...
PACKAGES="gcc libc6-dev meson ninja-build pkg-config python3 libuv1-dev libcurl4-openssl-dev libhiredis-dev \
libcjson-dev libmicrohttpd-dev libcrypt-dev libssl-dev uthash-dev scdoc redis-server ca-certificates curl"
# ... and what tests it.
# (clang only recommends libclang-rt-14-dev, which has the sanitizers and libFuzzer.)
TEST_PACKAGES="libcmocka-dev binutils clang libclang-rt-14-dev clang-format clang-tidy cppcheck valgrind python3-pytest python3-pytest-xdist python3-jsonschema python3-redis redis-tools nodejs npm shellcheck systemd tzdata \
bash-completion fish groff-base mandoc zsh prometheus"

# ... a browser for the tests of the page, which are skipped where it cannot be installed ...
BROWSER_PACKAGES="chromium chromium-driver python3-selenium"

# ... and what the Python peer of bench/pipeline.py is written with.
BENCH_PACKAGES="python3-aiohttp python3-hiredis python3-redis python3-uvloop nodejs npm"

# Installs those of the named packages that are missing; names them and stops where that cannot be done.
install_packages() {
    local package missing=""
    if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
        for package in "$@"; do
            # Node often comes from elsewhere, with an npm of its own that Debian's package would conflict with.
            [[ "$package" == @(nodejs|npm) ]] && command -v node >/dev/null && command -v npm >/dev/null && continue
            dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
        done
    else
        echo "This is no Debian-like system. Install what these Debian 12 packages hold, then run" >&2
        echo "  meson setup build/release && ninja -C build/release" >&2
        echo "packages: $*" >&2
        exit 2
    fi
    [ -n "$missing" ] || return 0
    echo "installing:$missing"
    local root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || { echo "missing:$missing; run apt-get install as root, then this again" >&2; exit 2; }
        root="sudo"
    fi
    # A lock held by another apt run is waited for, at most 2 minutes.
    local apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120"
    # shellcheck disable=SC2086
    { $apt update && $apt install -y --no-install-recommends $missing; } >"${TMPDIR:-/tmp}/releve-apt.$$.log" 2>&1 || {
        tail -n 20 "${TMPDIR:-/tmp}/releve-apt.$$.log" >&2
        echo "apt-get could not install:$missing" >&2
        exit 2
    }
    rm -f "${TMPDIR:-/tmp}/releve-apt.$$.log"
}

# build DIR [MESON OPTION]...: sets DIR up (or again, with these options) and builds it; quiet unless it fails.
build() {
    local dir="$1" log
    shift
    mkdir -p "$dir"
    log="$dir.log"
    if [ -f "$dir/build.ninja" ]; then
        meson configure "$dir" "$@" >"$log" 2>&1
    else
        meson setup "$dir" "$@" >"$log" 2>&1
    fi && ninja -C "$dir" >>"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        echo "building $dir failed; the whole log is in $log" >&2
        exit 1
    }
}

# build_fuzz: the fuzz targets, for libFuzzer.
build_fuzz() {
    CC=clang build build/fuzz --buildtype=debugoptimized --werror -Dtests=false -Dfuzz=true \
        -Db_sanitize=address,undefined -Db_lundef=false
}

# at_end CLEANER: the script calls it when it ends, also when it is interrupted, and then exits as it would have.
at_end() {
    # shellcheck disable=SC2064
    trap "finish $1 \$?" EXIT
    local signal
    for signal in HUP:129 INT:130 PIPE:141 TERM:143; do
        # shellcheck disable=SC2064
        trap "finish $1 ${signal#*:}" "${signal%:*}"
    done
}

finish() {
    trap - EXIT INT TERM HUP
    trap '' PIPE # whoever read our output may be gone
    "$1"
    exit "$2"
}

#!/bin/sh
# debian.sh build-and-test ROOT         Debian 13 (Mbed TLS 3.6, gcc 14): this checkout, built and tested there
# debian.sh fresh-machine ROOT SUITE    a bare Debian: a clone of HEAD, then ci/start and ci/test as the README says
# Other machines, made by debootstrap under ROOT; the trees stay, a fresh machine is copied from a bare tree.
# Mirror, proxy and name server are the host's own, read now. Needs root and debootstrap, else exit 3.
set -eu
mode=${1:-} root=${2:-build}
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin
log=$root/debian.log

give_up() {
    echo "debian: $1" >&2
    exit 3
}

[ "$(id -u)" -eq 0 ] || give_up 'needs root: debootstrap makes device nodes'
command -v debootstrap >/dev/null || give_up 'debootstrap is missing: run ci/deps test'
command -v unshare >/dev/null || give_up 'unshare is missing (util-linux)'

# The mirror of a Debian host from its apt sources; elsewhere debootstrap's own default.
mirror() {
    [ "$(. /etc/os-release && echo "$ID")" = debian ] || return 0
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources 2>/dev/null |
        grep -E '^(deb |URIs:)' | tr ' ' '\n' | grep -E '^[a-z+]+:.*/debian/?$' | head -n 1
}

# tree SUITE DIR: a minimal Debian in DIR, unless it is there already
tree() {
    [ ! -e "$2/complete" ] || return 0
    rm -rf "$2"
    mkdir -p "$2"
    # shellcheck disable=SC2046
    debootstrap --variant=minbase "$1" "$2" $(mirror) >"$log" 2>&1 ||
        give_up "debootstrap $1 failed: $(tail -n 1 "$log")"
    # Only what reaching the mirror takes; the rest of the host's configuration stays outside.
    apt-config dump | grep -E '^Acquire::((http|https)::|Check-)' >"$2/etc/apt/apt.conf.d/90host" || echo "no Acquire settings" >>"$log"
    touch "$2/complete"
}

# enter DIR COMMAND: run it with DIR as root directory; mounts live in a namespace of their own
enter() {
    cp -L /etc/resolv.conf /etc/hosts "$1/etc/"
    unshare -m --propagation private sh -eu -c '
        mount --bind "$1" "$1"
        mount --rbind /dev "$1/dev"
        mount -t proc proc "$1/proc"
        cd "$1"
        mkdir -p .host
        if pivot_root . .host; then umount -l .host; else echo "no pivot_root here: chroot" >&2; fi
        exec chroot . /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
            http_proxy="${http_proxy-}" https_proxy="${https_proxy-}" sh -eu -c "$2"
    ' enter "$1" "$2"
}

case $mode in
build-and-test)
    there=$root/debian13
    tree trixie "$there"
    rm -rf "$there/muster"
    mkdir "$there/muster"
    # The checkout as it stands, without what it ignores; a tree without git is taken whole.
    if git ls-files -co --exclude-standard >"$root/debian.files" 2>"$log"; then
        while IFS= read -r f; do
            [ ! -f "$f" ] || printf '%s\n' "$f"
        done <"$root/debian.files" | tar -cf - -T - | tar -xf - -C "$there/muster"
    else
        tar -cf - --exclude=./build . | tar -xf - -C "$there/muster"
    fi
    enter "$(realpath "$there")" 'cd /muster; ci/deps run; sh ci/suite.sh core'
    ;;
fresh-machine)
    there=$root/fresh-$3
    tree "$3" "$there.bare"
    rm -rf "$there"
    cp -a "$there.bare" "$there"
    git clone -q --no-hardlinks . "$there/muster"
    enter "$(realpath "$there")" 'cd /muster; ci/start; ci/test'
    ;;
*)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

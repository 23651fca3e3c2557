#!/usr/bin/env bash
# Install stoma as a service of this machine: a virtual environment, a user of its own, units.
# Run again it upgrades; `stoma service` does the same for a stoma that is installed already.
set -euo pipefail
umask 022

usage() {
    cat <<'END'
usage: install-scheduler-service.sh [--prefix DIR] [--sandbox] [--web] [--dry-run] [--root DIR]
       install-scheduler-service.sh --uninstall [--purge] [--prefix DIR] [--dry-run] [--root DIR]

  --prefix DIR   the virtual environment (default: /opt/stoma)
  --sandbox      let tasks run in a sandbox of their own (bubblewrap)
  --web          let the web part start with the machine too
  --uninstall    stop and remove the service; data, settings and logs stay
  --purge        with --uninstall: remove them as well, and the user
  --dry-run      only say what would change
  --root DIR     write the files below DIR, for packages and tests; nothing is run
END
}

fail() {
    printf 'error: %s\n  %s\n' "$1" "$2" >&2
    exit "${3:-1}"
}

say_or_do() {
    if [ -n "$dry_run" ]; then
        printf 'would run %s\n' "$*"
    else
        "$@"
    fi
}

arguments=("$@")
verb=install prefix=/opt/stoma root='' dry_run='' purge=''
sandbox='' web=''
while [ $# -gt 0 ]; do
    case $1 in
        --prefix | --root)
            [ $# -gt 1 ] || fail "$1 needs a folder" "see --help" 2
            if [ "$1" = --prefix ]; then prefix=$2; else root=$2; fi
            shift
            ;;
        --sandbox) sandbox=--sandbox ;;
        --web) web=--web ;;
        --uninstall) verb=uninstall ;;
        --purge) purge=--purge ;;
        --dry-run) dry_run=--dry-run ;;
        -h | --help) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
    esac
    shift
done

if [ -z "$root$dry_run" ] && [ "$(id -u)" -ne 0 ]; then
    if [ -t 0 ] && command -v sudo >/dev/null; then
        printf 'that takes root: asking sudo (to look first: %s --dry-run)\n' "$0" >&2
        exec sudo ${PYTHON:+PYTHON="$PYTHON"} -- "$0" "${arguments[@]}"
    fi
    fail "installing a service takes root" "sudo $0    (to look first: $0 --dry-run)" 77
fi

source=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
# The service sees no home folders: a Python that is in one (pyenv, conda) is of no use to it, and
# an older one can not even say so.
usable() {
    command -v "$1" >/dev/null &&
        (cd / && PYTHONPATH=$source PYTHONDONTWRITEBYTECODE=1 "$1" -m stoma.service usable) 2>/dev/null
}
python=
for candidate in ${PYTHON:-python3 /usr/bin/python3}; do
    if [ -n "$root" ] || usable "$candidate"; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || fail "there is no Python 3.11 or newer outside of home folders" \
    "install one, or name it: PYTHON=/usr/bin/python3.12 $0" 78

if [ "$verb" = install ] && [ -z "$root" ]; then
    [ -x "$prefix/bin/python" ] || say_or_do "$python" -m venv "$prefix"
    say_or_do "$prefix/bin/pip" install --quiet --upgrade -c "$source/constraints.txt" "$source"
fi

# Needs nothing but Python: what the service consists of is told in one place, stoma/service.
set -- "$verb" --prefix "$prefix" ${root:+--root "$root"} ${dry_run:+"$dry_run"}
set -- "$@" ${sandbox:+"$sandbox"} ${web:+"$web"} ${purge:+"$purge"}
(cd / && PYTHONPATH=$source PYTHONDONTWRITEBYTECODE=1 "$python" -m stoma.service "$@")

if [ "$verb" = uninstall ] && [ -z "$root" ] && [ -e "$prefix/pyvenv.cfg" ]; then
    say_or_do rm -rf -- "$prefix"
fi

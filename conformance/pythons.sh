# What runs of outside suites share: words, Pythons, and suites' runners, installed once. To be sourced.
#
# Expects `suite_name`, for what is said; `free_port` expects `tools`, a folder that `installed` printed.

cache=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sockeye-conformance}

say() { printf '%s: %s\n' "$suite_name" "$*" >&2; }
fail() { say "$*"; exit 1; }

# Prints the first of the given Pythons that can run the given line.
python_that_runs() {
    local line=$1 python
    shift
    for python in "$@"; do
        if "$python" -c "$line" >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return
        fi
    done
    return 1
}

find_python2() {
    python_that_runs 'import sys, ssl, zlib; assert sys.version_info[:2] == (2, 7)' \
        python2.7 "$HOME"/.pyenv/versions/2.7*/bin/python
}

find_python3() {
    python_that_runs 'import sys, ensurepip, venv; assert sys.version_info >= (3, 10)' \
        python3 python3.{13,12,11,10} "$HOME"/.pyenv/versions/3.1[0-9]*/bin/python
}

find_or_install_python3() {
    if ! find_python3; then
        [[ $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
        say "installing Python 3"
        { apt-get update -qq && apt-get install -qq -y --no-install-recommends python3 python3-venv; } >&2
        find_python3
    fi
}

# Runs an installation in a folder named after the pins, unless it was done before; one at a time. Prints the folder.
installed() {
    mkdir -p "$cache"
    (
        flock 9
        install_once "$@"
    ) 9>"$cache/lock"
}

install_once() {
    local name=$1 pins=$2 folder started=$SECONDS
    folder="$cache/$name-$(cksum <"$pins" | tr ' ' '-')"
    if [[ ! -e $folder/ready ]]; then
        say "installing $name into $folder"
        rm -rf "$folder"
        mkdir -p "$folder"
        "install_$name" "$folder" "$pins" >"$folder/log" 2>&1 || {
            say "$name can't be installed: the end of $folder/log says"
            tail -n 5 "$folder/log" >&2
            return 1
        }
        touch "$folder/ready"
        say "installed $name in $((SECONDS - started)) s"
    fi
    printf '%s\n' "$folder"
}

# Makes FOLDER/env for Python 2.7, with these pins; FOLDER/tool is what makes it. `set -e` does not hold inside a
# condition, so each step says what follows it.
make_env27() {
    local folder=$1 pins=$2 python27 python
    python27=$(find_python2) && python=$(find_or_install_python3) &&
        "$python" -m venv "$folder/tool" &&
        "$folder/tool/bin/pip" install -q 'virtualenv==20.21.1' &&
        "$folder/tool/bin/virtualenv" -q -p "$python27" \
            --pip 20.3.4 --setuptools 44.1.1 --wheel 0.37.1 "$folder/env" &&
        "$folder/env/bin/pip" install -q -r "$pins"
}

free_port() {
    "$tools/env/bin/python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

is_listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

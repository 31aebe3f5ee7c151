# What both ways of running the Autobahn suite share: the runners, installed once. To be sourced.
#
# Expects `root`, and `suite`, the folder of the pins; sets `runner` and `tools`.

suite_name=autobahn
. "$root/conformance/pythons.sh"
wanted=${RUNNER:-}

install_wstest() { make_env27 "$@"; }

install_kosoku() {
    local folder=$1 pins=$2 python
    python=$(find_or_install_python3) &&
        "$python" -m venv "$folder/env" &&
        "$folder/env/bin/pip" install -q -r "$pins"
}

# Sets `runner` and `tools`.
choose_runner() {
    if [[ $wanted != kosoku ]]; then
        if find_python2 >/dev/null && tools=$(installed wstest "$suite/wstest-requirements.txt"); then
            runner=wstest
            return
        fi
        say "no wstest: it needs Python 2.7"
    fi
    if [[ $wanted != wstest ]] && tools=$(installed kosoku "$suite/kosoku-requirements.txt"); then
        runner=kosoku
        return
    fi
    fail "no runner: it needs Python 2.7, or Python 3.10 with venv"
}

case $wanted in '' | wstest | kosoku) ;; *) fail "RUNNER is wstest or kosoku, not $wanted" ;; esac

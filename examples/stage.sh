# What every example's `run` begins with: to be sourced, with `here` and `title` set. Afterwards leasehold is built ($leasehold),
# an emulator that was seeded by $here/cloud.py answers at $AWS_ENDPOINT_URL, and the shell is in the repository $repo, a
# copy of $here/repo. Nothing is left running, however the script ends.
set -euo pipefail
unset CDPATH
root="$(cd "$here/../.." && pwd)"
began=$SECONDS

# Nothing of the caller's AWS, git or leasehold settings may leak in, and nothing may leave this machine.
for name in $(compgen -e); do
    case "$name" in
    AWS_* | LEASEHOLD_* | GIT_* | PYTHON*) unset "$name" ;;
    esac
done
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export PYTHONPATH="$root/examples" PYTHONDONTWRITEBYTECODE=1 # for stage.py; nothing is written beside it
export AWS_REGION=ap-northeast-1 NO_PROXY=127.0.0.1 no_proxy=127.0.0.1

work="$(mktemp -d "${TMPDIR:-/tmp}/leasehold-example.XXXXXX")"
emulator=
helper= # a process that a script runs beside the emulator
done_all=

cleanup() {
    local code=$?
    trap - EXIT
    if [[ -n "$helper" ]]; then kill "$helper" 2>/dev/null || true; fi
    exec 9>&- # the end of its input ends the emulator, also when this script is killed
    if [[ -n "$emulator" ]]; then wait "$emulator" || true; fi
    rm -rf "$work"
    if [[ -z "$done_all" ]]; then
        echo "The $title did not reach its end (exit $code)." >&2
        ((code != 0)) || code=1
    fi
    exit "$code"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP

say() { echo "   $*"; }
fail() { echo "surprise: $*" >&2; exit 1; }
act() { printf '\n── Act %s: %s\n' "$1" "$2"; }

# Runs a command, shows what it prints, keeps it in $said, and insists on the exit code.
expect() {
    local want="$1" got=0
    shift
    printf '   $ leasehold'
    printf ' %s' "$@"
    echo
    "$leasehold" "$@" >"$work/said" 2>&1 || got=$?
    sed 's/^/   /' "$work/said"
    say "(exit $got)"
    [[ "$got" == "$want" ]] || fail "exit code $got, where $want was expected"
}

# Insists on a text in what the last command printed. Lines are wrapped, so blanks count as one.
shown() {
    [[ "$(tr -s ' \n' '  ' <"$work/said")" == *"$1"* ]] || fail "the output does not say: $1"
}

# A top-level value of a JSON file.
json() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$@"; }

# The rest of this shell acts as a session of one role, the way a CI system would put it into a job's environment.
act_as() {
    local keys
    keys="$("$python" "$here/cloud.py" session "$1")"
    {
        read -r AWS_ACCESS_KEY_ID
        read -r AWS_SECRET_ACCESS_KEY
        read -r AWS_SESSION_TOKEN
    } <<<"$keys"
    export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
}

commit() {
    git -C "$repo" add --all
    git -C "$repo" -c user.name=example -c user.email=example@example.invalid commit --quiet --message "$1"
    say "committed: $1"
}

printf '── Before the curtain: build leasehold, start an AWS emulator on loopback\n'
metadata=(--locked --manifest-path "$root/Cargo.toml")
cargo build "${metadata[@]}" --bin leasehold --message-format json-render-diagnostics >"$work/build.jsonl"
leasehold="$(python3 -c '
import json, sys
built = [json.loads(line) for line in open(sys.argv[1])]
print(next(m["executable"] for m in built if m.get("executable") and m["target"]["name"] == "leasehold"))
' "$work/build.jsonl")"
cargo metadata "${metadata[@]}" --no-deps --format-version 1 >"$work/metadata.json"
version="$(sed -n 's/^ministack==\([0-9.]*\).*/\1/p' "$root/tests/emulator/requirements.txt")"
venv="$(json "$work/metadata.json" target_directory)/tmp/emulator-venv-$version"
python3 "$root/tests/emulator/install.py" "$venv"
python="$venv/bin/python"

port="$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')"
export AWS_ENDPOINT_URL="http://127.0.0.1:$port"
mkfifo "$work/alive"
exec 8<>"$work/alive" 7<"$work/alive" 9>"$work/alive" 8>&- # 7 and 9 are its two ends, opened without waiting
(
    cd "$work"
    export GATEWAY_PORT="$port" BIND_HOST=127.0.0.1 MINISTACK_HOST=127.0.0.1 AUTH=true
    exec "$python" "$root/tests/emulator/serve.py" "$work/emulator.log" 9>&-
) <&7 &
emulator=$!
exec 7<&-
"$python" "$here/cloud.py" seed || { cat "$work/emulator.log" >&2; fail "the emulator cannot be seeded"; }
kill -0 "$emulator" || fail "another server answers on port $port"

repo="$work/repo"
mkdir "$repo"
cp -R "$here/repo/." "$repo"
git -C "$repo" init --quiet
cd "$repo"

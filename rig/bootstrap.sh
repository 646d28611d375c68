#!/bin/sh
# Makes .venv with everything that the program, its tests and the rig import.
# Not here: Go, Debian packages of the host, Pulumi (`python -m rig up`).
set -eu
cd "$(dirname "$0")/.."

python=${PYTHON3:-python3}
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "python3: 3.11 or newer is needed, got $("$python" --version 2>&1); set PYTHON3=/path/to/python3.11" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "python3: it has no venv module; run: sudo apt-get install -y python3-venv" >&2
        exit 1
    fi
    echo " • Debian package python3-venv (python3 -m venv needs it)" >&2
    apt-get install -y -qq python3-venv >/dev/null || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
fi

wanted=$(cat requirements.txt agent/requirements.txt policy/requirements.txt; sed -n '/^\[dependency-groups\]/,/^$/p' pyproject.toml)
if [ -f .venv/complete ] && [ "$(cat .venv/complete)" = "$wanted" ]; then
    touch .venv/complete # other lines of those files changed
    exit 0
fi

start=$(date +%s)
echo " • Python packages into .venv" >&2
[ -x .venv/bin/pip ] || "$python" -m venv --clear .venv
.venv/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
.venv/bin/pip install --quiet --disable-pip-version-check \
    -r requirements.txt -r agent/requirements.txt --group dev
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -r policy/requirements.txt
echo "$wanted" >.venv/complete
echo " ✓ Python packages into .venv ($(($(date +%s) - start)) s)" >&2

#!/bin/sh
# Resolve requirements/*.in into *.txt with the hash of every file the public registry serves for each version.
# Usage: compile.sh PYTHON [1]     with 1: newest versions, else only what the .in files force to change.
# Run it with the oldest Python supported (3.11), so that every version chosen exists for it.
set -eu
cd "$(dirname "$0")"
python=$1
upgrade=${2:+--upgrade}

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$python" -m venv "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check --quiet install pip-tools==7.6.2

# Local pip settings (other indexes, folders of wheels) must not leak into the hashes.
unset PIP_FIND_LINKS PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_NO_INDEX PIP_CONSTRAINT || true
PIP_CONFIG_FILE=/dev/null
export PIP_CONFIG_FILE

# The extras stay in the names: pip looks at the newest version of `coverage[toml]` before it sees that plain `coverage`
# is pinned, and then refuses to install anything because that one has no hash.
for name in build server hsm dev benchmark-peers; do # each within those before it, where its .in says so
    "$tools/bin/python" -m piptools compile --quiet $upgrade --generate-hashes --no-strip-extras --allow-unsafe \
        --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
        --output-file "$name.txt" "$name.in"
done

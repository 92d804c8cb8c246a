#!/bin/sh
# Install the Debian packages of debian.txt that are missing; without root or apt-get, name them and fail.
set -eu
cd "$(dirname "$0")"

missing=
for package in $(grep -v '^#' debian.txt); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "These Debian packages are needed, and only root can install them: apt-get install$missing" >&2
    exit 1
fi
echo "Installing$missing …"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086  # a list of words
apt-get install -y -qq --no-install-recommends $missing </dev/null >/dev/null

#!/usr/bin/env bash
# Builds one test server (mongo or vault) or Docker Compose once; the binary is kept under a hash of its sources. Prints its path, and on stderr what goes on.
set -euo pipefail

name=${1:-}
here=$(cd "$(dirname "$0")" && pwd)
case $name in
  mongo) expect='about 2 minutes on two idle cores, 400 MB of Go modules' ;;
  vault) expect='about 6 minutes on two idle cores, 2 GB of Go modules' ;;
  compose) expect='about 3 minutes on two idle cores, 1 GB of Go modules' ;;
  *) echo "usage: $0 mongo|vault|compose" >&2; exit 2 ;;
esac

hash=$(cd "$here/$name" && cat go.mod go.sum main.go | sha256sum | cut -c1-64)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ibgm/services
binary=$cache/$name-$hash
if [[ ! -x $binary ]]; then
  mkdir -p "$cache"
  exec 9>"$cache/$name.lock"
  flock -n 9 || { echo "$name: another build is running, waiting for it" >&2; flock 9; }
fi
if [[ ! -x $binary ]]; then
  command -v go >/dev/null || { echo "$name: needs Go 1.26 or newer (https://go.dev/dl)" >&2; exit 1; }
  echo "$name: building with $(go version | cut -d' ' -f3), once; takes $expect" >&2
  draft=$binary.$$
  trap 'rm -f "$draft"' EXIT
  (cd "$here/$name" && CGO_ENABLED=0 nice -n 10 go build -buildvcs=false -trimpath -ldflags='-s -w' -o "$draft" .)
  mv "$draft" "$binary"
  echo "$name: built in $SECONDS s, $(du -m "$binary" | cut -f1) MB" >&2
fi
echo "$binary"

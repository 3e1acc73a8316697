#!/usr/bin/env bash
# Makes the images that docker-compose.yml names, without any registry: the Dockerfile's base by debootstrap, and stand-ins for the database,
# Vault and HAProxy on top of it. An image of that name that is not ours, or ours and made from the same, is kept. As root on Debian; it reaches
# apt and npm.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bundle=/etc/ssl/certs/ca-certificates.crt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The image that a service of docker-compose.yml names.
image_of() { sed -n "/^  $1:/,/^  [a-z]/s/^    image: //p" "$root/docker-compose.yml"; }
# is_made IMAGE FROM: whether it is there, made from exactly that, or somebody's own.
is_made() {
  local from
  from=$(docker image inspect "$1" --format '{{with .Config.Labels}}{{index . "ibgm.ci.from"}}{{end}}' 2>/dev/null) && [[ -z $from || $from == "$2" ]]
}

# Debian with the newest LTS of Node from npm, whose packages carry the binary; the machine's own certificates, for what `npm ci` meets there.
base() {
  local image node_version from rootfs=$work/base
  image=$(sed -n 's/^ARG NODE_IMAGE=//p' "$root/Dockerfile")
  node_version=$(sed -E 's/.*node:([0-9]+).*/\1/' <<<"$image")
  from="debootstrap bookworm, node $node_version, $(sha256sum <"$bundle" | cut -c1-16)"
  is_made "$image" "$from" && return
  command -v debootstrap >/dev/null || { echo 'needs debootstrap (apt-get install debootstrap)' >&2; return 1; }
  echo "$image: debootstrap and node $node_version" >&2
  debootstrap --variant=minbase --include=ca-certificates bookworm "$rootfs" >"$work/debootstrap.log" 2>&1 || {
    tail -20 "$work/debootstrap.log" >&2
    return 1
  }
  rm -rf "$rootfs"/var/cache/apt/*.bin "$rootfs"/var/cache/apt/archives/*.deb "$rootfs"/var/lib/apt/lists/*
  cp "$bundle" "$rootfs$bundle"
  (cd "$work" && npm install --silent --no-save --prefix "$work/node" "node-linux-$(node -p process.arch)@$node_version" npm@latest)
  install -m 755 "$work"/node/node_modules/node-linux-*/bin/node "$rootfs/usr/local/bin/node"
  mkdir -p "$rootfs/usr/local/lib/node_modules"
  cp -r "$work/node/node_modules/npm" "$rootfs/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$rootfs/usr/local/bin/npm"
  ln -s ../lib/node_modules/npm/bin/npx-cli.js "$rootfs/usr/local/bin/npx"
  tar -C "$rootfs" -c . | docker import --change "ENV NODE_EXTRA_CA_CERTS=$bundle" --change "LABEL ibgm.ci.from=\"$from\"" - "$image" >/dev/null
}

# stand_in SERVICE PROGRAM NAME: the base with one program, and the libraries that it needs, under the name of the service's image.
stand_in() {
  local image program=$2 rootfs=$work/$1 from base_image library
  image=$(image_of "$1")
  base_image=$(sed -n 's/^ARG NODE_IMAGE=//p' "$root/Dockerfile")
  from=$({ docker image inspect "$base_image" --format '{{.Id}}'; sha256sum <"$program"; } | sha256sum | cut -c1-16)
  is_made "$image" "$from" && return
  echo "$image: a stand-in, $3" >&2
  mkdir -p "$rootfs/files/usr/local/bin"
  cp "$program" "$rootfs/files/usr/local/bin/$3"
  for library in $(ldd "$program" 2>/dev/null | grep -o '/[^ ]*\.so[^ ]*'); do
    install -D "$(readlink -f "$library")" "$rootfs/files/usr/lib/stand-in/$(basename "$library")"
  done
  cat >"$rootfs/Dockerfile" <<EOF
FROM $base_image
COPY files/ /
RUN mkdir -p /vault/file /data/db /usr/lib/stand-in && echo /usr/lib/stand-in >/etc/ld.so.conf.d/zz-stand-in.conf && ldconfig
LABEL ibgm.ci.from="$from"
CMD ["$3", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]
EOF
  DOCKER_BUILDKIT=0 docker build --quiet --tag "$image" "$rootfs" >/dev/null 2>"$work/build.log" || {
    tail -20 "$work/build.log" >&2
    return 1
  }
}

base
stand_in mongodb "$("$here/build.sh" mongo)" mongo-stand-in
stand_in vault "$("$here/build.sh" vault)" vault-stand-in
stand_in docker-proxy "$(command -v haproxy)" haproxy

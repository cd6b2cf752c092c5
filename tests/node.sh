# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154
# npm packages of a test, and a node that can run them. Wants $root.

oldest_node=20

major_of() { "$1" --version 2> /dev/null | sed -n 's/^v\([0-9]*\)\..*/\1/p'; }

# install DIR: what its lock file names, unless it is there.
install() {
  cmp -s "$1/package-lock.json" "$1/node_modules/.installed" && return
  npm ci --prefix "$1" --ignore-scripts --no-audit --no-fund --loglevel error < /dev/null >&2 &&
    cp "$1/package-lock.json" "$1/node_modules/.installed"
}

# find_node: sets $node to one that is new enough: the system's, else one from npm.
find_node() {
  local own=$root/tests/sdk/node$oldest_node
  if ! command -v npm > /dev/null; then "$root/tests/install_packages" sdk || return; fi
  node=$(command -v node)
  if (($(major_of "$node") < oldest_node)); then
    install "$own" || return
    node=$(echo "$own"/node_modules/node-linux-*/bin/node)
  fi
  [[ $(major_of "$node") -ge $oldest_node ]]
}

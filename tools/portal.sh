#!/usr/bin/env bash
# Build, check or test the portal in web/. Without Node.js 20.19 a build says so in one line and is left out, because
# calls work all the same; checks and tests fail then, because nothing was proven.
set -euo pipefail
cd "$(dirname "$0")/../web"
what=${1:-build}

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; then
  found=$(node --version 2>/dev/null || echo none)
  echo "The portal needs Node.js 20.19 or newer (found: $found); everything else works without it. Install it, then: make setup"
  [[ $what == build ]] && exit 0 || exit 1
fi

# What is installed belongs to one lock file; a new time stamp alone is no reason to install again.
wanted=$(cksum <package-lock.json)
if [[ ! -d node_modules || $(cat node_modules/.installed 2>/dev/null) != "$wanted" ]]; then
  npm ci --no-fund --no-audit --loglevel=error
  echo "$wanted" >node_modules/.installed
fi

# The API's types are made of its description, never kept: what the server says is what the portal is checked against.
described=$(cksum <src/api/openapi.json)
if [[ ! -f src/api/schema.d.ts || $(cat node_modules/.described 2>/dev/null) != "$described" ]]; then
  npm run --silent types >/dev/null
  echo "$described" >node_modules/.described
fi

case $what in
  build) npm run --silent build && touch dist/.built ;;
  lint) npm run --silent lint ;;
  test) npm run --silent test ;;
  *) echo "build, lint or test"; exit 2 ;;
esac

#!/usr/bin/env bash
# Install the Debian packages that the interop and integration tests need, where that is allowed; otherwise name them.
# A missing peer is a failure, never a skip.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"  # where Debian keeps ip and kamailio
declare -A needs=([baresip]=baresip-core [sipp]=sip-tester [ip]=iproute2 [linphonec]=linphone-cli [kamailio]=kamailio [chromium]=chromium [/usr/lib/postgresql]=postgresql)
missing=()
for probe in "${!needs[@]}"; do
  if [[ $probe == /* ]]; then [[ -d $probe ]] || missing+=("${needs[$probe]}")
  else command -v "$probe" >/dev/null || missing+=("${needs[$probe]}"); fi
done
[[ ${#missing[@]} -eq 0 ]] && exit 0
if [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  # The package would start a proxy on port 5060, where the demo listens; the tests start their own.
  if [[ " ${missing[*]} " == *" kamailio "* ]] && command -v systemctl >/dev/null; then systemctl mask kamailio || true; fi
  apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "The tests need these Debian packages: ${missing[*]}"
  echo "Install them with: sudo apt-get install ${missing[*]}"
  exit 1
fi

#!/usr/bin/env bash
# npm run test:ceph: the storage adapter and the whole job on a real S3 server, which is started for it and ended after it.
# CEPH_TESTS names the files, where not all of them are to run.
# Exit code: 0 passed, 1 a check failed, 77 there is no server to test with (not installed, or did not come up).
set -uo pipefail
cd "$(dirname "$0")/.."

missing=()
for tool in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool curl; do
  command -v "$tool" >/dev/null || missing+=("$tool")
done
if [ ${#missing[@]} -gt 0 ]; then
  echo "Ceph RGW is not installed (${missing[*]}): apt-get install --no-install-recommends ceph-mon ceph-osd radosgw curl"
  exit 77
fi

RGW_DIR=$(mktemp -d "${TMPDIR:-/tmp}/legal-hold-ceph-XXXXXX")
export RGW_DIR
child=
interrupted=
finish() {
  trap '' INT TERM HUP
  if [ -n "$child" ]; then kill "$child" 2>/dev/null; wait "$child" 2>/dev/null; fi
  scripts/ceph-down.sh
  rm -rf "$RGW_DIR"
}
trap finish EXIT
# A signal during the start waits for its end, so that no daemon is left that has not written its pid file yet.
trap 'interrupted=yes' INT TERM HUP

# Two free ports, the second with room after it for the OSD.
read -r RGW_PORT MON_PORT < <(node -e '
  const { createServer } = require("node:net")
  const free = (port) => new Promise((found) => {
    const server = createServer().once("error", () => found(false))
    server.listen(port, "127.0.0.1", () => server.close(() => found(true)))
  })
  const pick = async (from) => {
    for (;;) { const port = from + Math.floor(Math.random() * 5_000); if (await free(port)) return port }
  }
  pick(18_000).then(async (rgw) => console.log(rgw, await pick(24_000)))
')
export RGW_PORT MON_PORT

# In the background: bash runs a trap only between two commands.
(trap '' INT TERM HUP; exec scripts/ceph-up.sh) &
up=$!
until wait "$up"; status=$?; [ "$status" -lt 128 ] || ! kill -0 "$up" 2>/dev/null; do :; done
[ -z "$interrupted" ] || exit 130
if [ "$status" -ne 0 ]; then
  echo "Ceph RGW did not come up."
  exit 77
fi

trap 'exit 130' INT TERM HUP
. "$RGW_DIR/env"
all='test/storage/conformance.test.ts test/storage/s3/inspect/inspect.test.ts test/storage/s3/repair/repair.test.ts test/e2e/ceph.test.ts
  test/e2e/ceph-races.test.ts'
# shellcheck disable=SC2086 # Names without blanks, each an argument.
node node_modules/vitest/vitest.mjs run --maxWorkers=1 --testNamePattern 'the server at S3_ENDPOINT' ${CEPH_TESTS:-$all} "$@" &
child=$!
wait "$child"
status=$?
child=
exit "$([ "$status" -eq 0 ] && echo 0 || echo 1)"

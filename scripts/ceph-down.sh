#!/usr/bin/env bash
# Ends only what ceph-up.sh started, by its pid files; --wipe also removes its folder.
dir=${RGW_DIR:?the folder that ceph-up.sh was given}
conf=$dir/ceph.conf

# A pid may have been given to another process: ours carry the path of this very configuration.
is_ours() { [ -n "$1" ] && { tr '\0' ' ' <"/proc/$1/cmdline" | grep -qF -- "$conf"; } 2>/dev/null; }

for name in client.rgw osd.0 mon.a; do
  pid=$(cat "$dir/run/$name.pid" 2>/dev/null) || continue
  if is_ours "$pid"; then
    kill "$pid"
    for _ in $(seq 1 20); do is_ours "$pid" || break; sleep 0.1; done
    if is_ours "$pid"; then kill -9 "$pid"; sleep 0.2; fi
  fi
  rm -f "$dir/run/$name.pid"
done
# Only a folder of ours, known by its configuration, is removed.
if [ "${1:-}" = --wipe ] && [ -f "$conf" ]; then rm -rf "$dir"; fi
exit 0

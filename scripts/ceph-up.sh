#!/usr/bin/env bash
# Ceph with its S3 gateway on one node, on loopback, without systemd: monitor, one OSD in memory, radosgw. About 2 s.
#   needs  Debian's ceph-mon, ceph-osd, radosgw, curl
#   env    RGW_DIR (required; a new folder), RGW_PORT, MON_PORT (and the 99 after it)
# `. $RGW_DIR/env` then sets S3_ENDPOINT and the credentials. ceph-down.sh ends it.
set -euo pipefail
dir=${RGW_DIR:?a folder that does not exist yet, or is empty}
port=${RGW_PORT:-8480}
mon_port=${MON_PORT:-16789}
conf=$dir/ceph.conf
log=$dir/log/up.log
url=http://127.0.0.1:$port
mkdir -p "$dir"/{run,log,mon,osd}
trap 'echo "ceph-up.sh failed at line $LINENO:" >&2; tail -n 15 "$log" "$dir"/log/{osd.0,client.rgw}.log >&2 2>/dev/null' ERR

eventually() { for _ in $(seq 1 300); do if "$@" >>"$log" 2>&1; then return 0; fi; sleep 0.1; done; return 1; }
ask() { timeout 20 ceph --conf "$conf" --connect-timeout 10 "$@"; }
admin() { timeout 60 radosgw-admin --conf "$conf" "$@" >>"$log" 2>&1; }
new_id() { cat /proc/sys/kernel/random/uuid; }

cluster=$(new_id)
osd=$(new_id)
cat >"$conf" <<CONF
[global]
  fsid = $cluster
  mon host = [v2:127.0.0.1:$mon_port]
  public addr = 127.0.0.1
  cluster addr = 127.0.0.1
  ms bind port min = $((mon_port + 1))
  ms bind port max = $((mon_port + 99))
  auth cluster required = none
  auth service required = none
  auth client required = none
  # radosgw asks for "secure", which cannot be had without authentication
  ms mon client mode = crc
  keyring = /dev/null
  run dir = $dir/run
  admin socket = $dir/run/\$name.asok
  pid file = $dir/run/\$name.pid
  log file = $dir/log/\$name.log
  crash dir = $dir/log
  osd pool default size = 1
  osd pool default min size = 1
  osd pool default pg num = 8
  osd pool default pgp num = 8
  osd pool default pg autoscale mode = off
  osd crush chooseleaf type = 0
  mon allow pool size one = true
  mon max pg per osd = 1000
  # without these two each change of the monitor takes a second: 13 s to start instead of 2
  paxos propose interval = 0.05
  paxos min wait = 0.01
[mon]
  mon data = $dir/mon
  mon data avail crit = 1
  mon cluster log file = $dir/log/cluster.log
[osd]
  osd data = $dir/osd
  osd objectstore = memstore
  memstore device bytes = 8589934592
  osd memory target = 939524096
[client]
  # without tcp_nodelay every answer with a body waits 40 ms (Nagle and delayed ACK)
  rgw frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1
  rgw thread pool size = 64
  rgw crypt require ssl = false
CONF
monmaptool --create --fsid "$cluster" --addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap" >>"$log" 2>&1
ceph-mon --conf "$conf" -i a --mkfs --monmap "$dir/monmap" >>"$log" 2>&1
ceph-mon --conf "$conf" -i a >>"$log" 2>&1
eventually ask osd new "$osd" 0
ceph-osd --conf "$conf" -i 0 --mkfs --osd-uuid "$osd" >>"$log" 2>&1
ceph-osd --conf "$conf" -i 0 >>"$log" 2>&1
is_osd_up() { ask osd stat | grep -q ' 1 up'; }
eventually is_osd_up

# Known to everybody, on a server that only this machine reaches and that is gone in a minute.
access=legalholdaccess01
secret=legalholdsecret0123456789abcdefABCDEF000
admin user create --uid sdk --display-name sdk --access-key "$access" --secret "$secret"
# So that a copy can be seen to keep or lose a storage class.
for class in STANDARD_IA GLACIER_IR; do
  admin zonegroup placement add --rgw-zonegroup default --placement-id default-placement --storage-class "$class"
  admin zone placement add --rgw-zone default --placement-id default-placement --storage-class "$class" --data-pool default.rgw.buckets.data
done
radosgw --conf "$conf" -n client.rgw >>"$log" 2>&1
eventually curl -fsS -m 5 -o /dev/null "$url/"
cat >"$dir/env" <<ENV
export S3_SERVER=ceph-rgw S3_ENDPOINT=$url AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=$access AWS_SECRET_ACCESS_KEY=$secret
ENV
echo "Ceph RGW: $url"

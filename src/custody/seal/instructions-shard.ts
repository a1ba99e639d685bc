import { bundleFiles } from '../bundle/contents.js'

/**
 * How one shard of a run over shards is checked without this library: its seal by the signed records, its list and its records by
 * the seal. The tree of RFC 6962 is built from pairs, level by level; a last one without a neighbour moves up as it is.
 */
export const shardSection = `## One shard

The objects of this run were done in shards. Each record of the type \`shard\` in ${bundleFiles.records} names the list of its shard and the SHA-256 of its
seal; both lie in the store of the run, which is the evidence bucket. Copy the folder of the run from there, under its full key, e.g.
\`aws s3 cp --recursive s3://BUCKET/runs/RUN-ID/ store/runs/RUN-ID/\`. Set \`STORE\` to that folder, here \`store\`, and \`SHARD\` to a number from 0 on.
These commands check one shard with what is above: the seal is the one on record, the list and the records are those of the seal.

\`\`\`sh shard
STORE="\${STORE:?set STORE to the folder with the copy of the store}"
SHARD="\${SHARD:-0}"
jq -c --argjson n "$SHARD" 'select(.type == "shard" and .data.shard == $n) | .data' ${bundleFiles.records} | tail -n 1 > "$T/shard.json"
LIST=$(jq -r .key "$T/shard.json")
NAME=$(basename "$LIST" .jsonl)
RUN="$STORE/\${LIST%/shards/*}"
SEAL="$RUN/seals/$NAME.json"
printf '%s  %s\\n' "$(jq -r .sealSha256 "$T/shard.json")" "$SEAL" | sha256sum --check --strict
printf '%s  %s\\n' "$(jq -r .list.sha256 "$SEAL")" "$STORE/$(jq -r .list.key "$SEAL")" | sha256sum --check --strict
for SEGMENT in "$RUN/journals/$NAME"/*.jsonl; do tail -n +2 "$SEGMENT"; done > "$T/records.jsonl"
test "$(wc -l < "$T/records.jsonl")" -eq "$(jq .journal.treeSize "$SEAL")"
jq -n -e 'reduce (inputs | .sequence) as $n (0; if $n == . + 1 then $n else error("gap before \\($n)") end)' "$T/records.jsonl"
while IFS= read -r LINE; do
  printf '\\000%s' "$LINE" | openssl dgst -sha256 -binary
done < "$T/records.jsonl" > "$T/level"
while [ "$(wc -c < "$T/level")" -gt 32 ]; do
  while dd bs=64 count=1 of="$T/pair" 2> /dev/null && [ -s "$T/pair" ]; do
    if [ "$(wc -c < "$T/pair")" -eq 64 ]; then
      { printf '\\001'; cat "$T/pair"; } | openssl dgst -sha256 -binary
    else
      cat "$T/pair"
    fi
  done < "$T/level" > "$T/next"
  mv "$T/next" "$T/level"
done
ROOT=$(od -An -v -tx1 "$T/level" | tr -d ' \\n')
test "$ROOT" = "$(jq -r .journal.rootHash "$SEAL")"
echo "shard $SHARD: the root of its records is $ROOT, as its seal says"
jq '{ shard, counts, listed: .listed.count }' "$SEAL"
\`\`\``

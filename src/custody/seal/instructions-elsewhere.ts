import { bundleFiles } from '../bundle/contents.js'

/** How openssl checks the signature, with the program and the paths of one shell. */
export type SignatureCheck = (openssl: string, key: string, dir: string) => string

/** The same check on macOS, whose own openssl is another program. */
export function macosSection(check: SignatureCheck, isEd25519: boolean): string {
  const libre = isEd25519
    ? 'The `openssl` of macOS is LibreSSL. Its `pkeyutl` lacks `-rawin`, so that it cannot check an Ed25519 signature: install OpenSSL 3, e.g. with `brew install openssl@3`, and set `OPENSSL` to it.'
    : 'The `openssl` of macOS is LibreSSL, which can also check this signature. `OPENSSL` names another one.'
  return `## On macOS

${libre} \`shasum\` replaces \`sha256sum\`. In this folder, with \`KEY\` set as above:

\`\`\`sh macos
KEY="\${KEY:?set KEY to the public key that you were given}"
OPENSSL="\${OPENSSL:-openssl}"
T=$(mktemp -d)
"$OPENSSL" pkey -pubin -in "$KEY" -outform DER | shasum -a 256
jq -r .payload ${bundleFiles.statement} | base64 --decode > "$T/statement.json"
jq -r '.signatures[0].sig' ${bundleFiles.statement} | base64 --decode > "$T/signature"
TYPE=$(jq -r .payloadType ${bundleFiles.statement})
printf 'DSSEv1 %d %s %d ' "$(printf %s "$TYPE" | wc -c)" "$TYPE" "$(wc -c < "$T/statement.json")" > "$T/signed"
cat "$T/statement.json" >> "$T/signed"
${check('"$OPENSSL"', '"$KEY"', '$T/')}
jq -r '.subject[] | "\\(.digest.sha256)  \\(.name)"' "$T/statement.json" > "$T/sums"
shasum -a 256 --check "$T/sums"
\`\`\``
}

/** The same check in Windows PowerShell 5.1 and in PowerShell 7, which have their own words for hashes and JSON. */
export function powershellSection(check: SignatureCheck): string {
  return `## On Windows

In PowerShell, with OpenSSL 3 on the path and \`$env:KEY\` set to the file of the key that you were given. Each line must end with OK, and the signature must be verified:

\`\`\`powershell
$ErrorActionPreference = 'Stop'
if (-not $env:KEY) { throw 'set $env:KEY to the public key that you were given' }
$T = Join-Path ([IO.Path]::GetTempPath()) ([Guid]::NewGuid().ToString())
New-Item -ItemType Directory -Path $T | Out-Null
openssl pkey -pubin -in $env:KEY -outform DER -out "$T/key.der"
(Get-FileHash -Algorithm SHA256 -Path "$T/key.der").Hash.ToLower()
$envelope = Get-Content -Raw -Encoding UTF8 -Path ${bundleFiles.statement} | ConvertFrom-Json
$payload = [Convert]::FromBase64String($envelope.payload)
$head = [Text.Encoding]::UTF8.GetBytes("DSSEv1 $($envelope.payloadType.Length) $($envelope.payloadType) $($payload.Length) ")
[IO.File]::WriteAllBytes("$T/signed", [byte[]]($head + $payload))
[IO.File]::WriteAllBytes("$T/signature", [Convert]::FromBase64String($envelope.signatures[0].sig))
${check('openssl', '$env:KEY', '$T/')}
if ($LASTEXITCODE -ne 0) { throw 'the signature is not that of this key' }
$statement = [Text.Encoding]::UTF8.GetString($payload) | ConvertFrom-Json
foreach ($file in $statement.subject) {
  $hash = (Get-FileHash -Algorithm SHA256 -Path $file.name).Hash.ToLower()
  if ($hash -ne $file.digest.sha256) { throw "$($file.name): FAILED" }
  "$($file.name): OK"
}
$count = 0
foreach ($line in [IO.File]::ReadLines((Resolve-Path ${bundleFiles.records}).Path)) {
  $count += 1
  if (($line | ConvertFrom-Json).sequence -ne $count) { throw "gap before record $count" }
}
if ($count -ne $statement.predicate.log.treeSize) { throw 'the records are not as many as the statement says' }
\`\`\``
}

import type { KeyObject } from 'node:crypto'
import { bundleFiles } from '../bundle/contents.js'
import { macosSection, powershellSection, type SignatureCheck } from './instructions-elsewhere.js'
import { shardSection } from './instructions-shard.js'

/** What a bundle has beside what each has. */
export interface InstructedParts {
  /** A time stamp. */
  readonly stamped: boolean
  /** Records that name shards. */
  readonly sharded: boolean
}

/**
 * VERIFY.md: how to check the bundle without this library. A test runs its commands as they stand.
 *
 * @param key the public key, whose type decides how openssl is called
 */
export function verifyInstructions(key: KeyObject, fingerprint: string, parts: InstructedParts): string {
  const digest = key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'sha384' : 'sha256'
  const isEd25519 = key.asymmetricKeyType === 'ed25519'
  const check: SignatureCheck = (openssl, keyFile, dir) =>
    isEd25519
      ? `${openssl} pkeyutl -verify -pubin -inkey ${keyFile} -rawin -in "${dir}signed" -sigfile "${dir}signature"`
      : `${openssl} dgst -${digest} -verify ${keyFile} -signature "${dir}signature" "${dir}signed"`
  const sections = [
    `# How to verify this evidence

**The key comes first.** Whoever could change this folder could also put another key into it, together with another signature and
another version of this page. Neither ${bundleFiles.publicKey} nor the fingerprint below therefore proves anything by itself. Get the public
key, or its fingerprint, from the party that signed, through a separate channel: a call, a letter, a court filing, their web site.

The signer of this bundle claims to have the key with the fingerprint

    ${fingerprint}

## With the tool that made it

    npx genesys-legal-hold-exporter verify . --key /path/to/the/key-you-were-given.pem
    npx genesys-legal-hold-exporter verify . --fingerprint THE-FINGERPRINT-YOU-WERE-GIVEN

Exit code 0 means that it verifies. 2 means that it does not, and the first bad line is named. 1 means that the check could not be run.

## In a browser

Open ${bundleFiles.verifyPage}, paste the key that you were given, and choose this folder. The page checks the signature, the hash of every file, the records and the
proof of one recording with the browser's own cryptography; it sends nothing, and loads nothing. It cannot vouch for itself: it lies in the folder that it
checks. Every folder that the same version sealed holds the same page, byte for byte, so that you can open one of another origin.

## Without it

Use openssl 3, sha256sum, jq and a shell, in this folder. Set \`KEY\` to the file of the key that you were given:`,
    block(askForKey),
    'Print the fingerprint of that key, and compare it with the one that you were given:',
    block('openssl pkey -pubin -in "$KEY" -outform DER | sha256sum'),
    `Check the signature over the statement (DSSE: the type and the statement, each preceded by its length):`,
    block(
      [
        `jq -r .payload ${bundleFiles.statement} | base64 -d > "$T/statement.json"`,
        `jq -r '.signatures[0].sig' ${bundleFiles.statement} | base64 -d > "$T/signature"`,
        `TYPE=$(jq -r .payloadType ${bundleFiles.statement})`,
        `printf 'DSSEv1 %d %s %d ' "$(printf %s "$TYPE" | wc -c)" "$TYPE" "$(wc -c < "$T/statement.json")" > "$T/signed"`,
        'cat "$T/statement.json" >> "$T/signed"',
        check('openssl', '"$KEY"', '$T/'),
      ].join('\n'),
    ),
    'Check each file against its hash in the signed statement:',
    block(
      'jq -r \'.subject[] | "\\(.digest.sha256)  \\(.name)"\' "$T/statement.json" > "$T/sums"\nsha256sum --check --strict "$T/sums"',
    ),
    'Check that the records are as many as the statement says, and numbered without a gap:',
    block(
      [
        `test "$(wc -l < ${bundleFiles.records})" -eq "$(jq .predicate.log.treeSize "$T/statement.json")"`,
        `jq -n -e 'reduce (inputs | .sequence) as $n (0; if $n == . + 1 then $n else error("gap before \\($n)") end)' ${bundleFiles.records}`,
      ].join('\n'),
    ),
    'Print what was sealed: the hold, the outcome and the counts:',
    block('jq \'.predicate | { hold, outcome, sealedAt, counts: .counts.recordings }\' "$T/statement.json"'),
    ...(parts.stamped ? [stampSection] : []),
    ...(parts.sharded ? [shardSection] : []),
    macosSection(check, isEd25519),
    powershellSection(check),
    `## What the records are

Each line of ${bundleFiles.records} is one record: \`sequence\`, \`time\` (UTC), \`runId\`, \`type\`, \`data\`. A \`verdict\` is about one object: its
place, version, ETag, size, checksum and properties before and after, what was decided, done and verified, HTTP status, request
id and correlation id. An \`intent\` was written before each change and an \`outcome\` after it. A \`recording\` gives the one state in which a recording
ended. ${bundleFiles.leaves} holds the 32-byte leaf hashes of the lines (SHA-256 over a zero byte and the line), from which the tree of RFC 6962
is built whose root the statement signs.
`,
  ]
  return sections.join('\n\n')
}

const askForKey = `KEY="\${KEY:?set KEY to the public key that you were given}"
T=$(mktemp -d)`

const stampSection = `## The time stamp

\`CA\` is the certificate of the time stamping authority, again from elsewhere. The stamp is over the signature of the statement:

\`\`\`sh stamp
CA="\${CA:?set CA to the certificate of the time stamping authority}"
jq -r .payload ${bundleFiles.timestamp} | base64 -d > "$T/timestamp.tsr"
openssl ts -verify -data "$T/signature" -in "$T/timestamp.tsr" -CAfile "$CA"
openssl ts -reply -in "$T/timestamp.tsr" -text
\`\`\``

function block(commands: string): string {
  return `\`\`\`sh\n${commands}\n\`\`\``
}

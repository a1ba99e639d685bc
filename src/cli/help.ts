import { exitCodeTable } from './exit-codes.js'

/** Help, as a person reads it. */
export const help = {
  main: `Exports Genesys Cloud recordings under a legal hold to S3, and checks the evidence of it.

  genesys-legal-hold-exporter COMMAND [flags]

Evidence
  verify DIR     check a bundle: signature, hashes, records, counts
  report DIR     print where the report is, open it, or rebuild it from the records
  prove DIR KEY  extract one record, with the proof that it was sealed with the others

Export
  inspect        what would go wrong, before anything is created
  export         the whole job: inspect, export, validate, repair, account
  status [DIR]   where a run is, what is missing, when it last moved

  genesys-legal-hold-exporter COMMAND --help    lists the flags of a command
  genesys-legal-hold-exporter --version

EXIT CODES`,
  verify: `Checks a bundle of evidence: the signature, the hash of each file, the tree over the records, their numbers without a
gap, the counts, the chain to the bundle before, the time stamp.

  genesys-legal-hold-exporter verify DIR --key FILE | --fingerprint HEX [flags]
  genesys-legal-hold-exporter verify --proof FILE --key FILE | --fingerprint HEX

A key inside the bundle authenticates nobody: whoever changes the bundle can also change that key. Get the key, or its
fingerprint, from the signer through a separate channel. Without either, the command prints the fingerprint that it
found, says NOT AUTHENTICATED, and the exit code is 3.

  --key FILE            the signer's public key, in PEM
  --fingerprint HEX     or its SHA-256 (sha256:…)
  --tsa FILE            certificates, in PEM, of the time stamping authority
  --previous DIR        the bundle before this one of the same matter
  --record BUCKET/KEY   show the record of this object
  --proof FILE          check a proof that \`prove\` made, in place of a bundle
  --json                print the result as JSON

  --live                read the headers of every object again and report what has changed since. Credentials as the
                        AWS SDK finds them; nothing is changed.
  --region REGION       region of the bucket (default: the one the bundle names, else AWS_REGION)
  --s3-endpoint URL     another S3 server

Where it does not verify, the first bad line is named.

EXIT CODES`,
  report: `Prints where the report of a bundle is and what it says, and opens or rebuilds it.

  genesys-legal-hold-exporter report DIR [flags]

  --open                open it with the program of this system
  --out FILE            rebuild the page from records and report of the bundle, and write it there
  --json                print path, outcome, answer and counts as JSON

It verifies nothing: see verify.

EXIT CODES`,
  prove: `Extracts the last record about one object from a bundle, with its audit path (RFC 6962) and the signed statement. One
recording can thus be disclosed without the others. \`verify --proof FILE\` checks it.

  genesys-legal-hold-exporter prove DIR BUCKET/KEY [flags]
  genesys-legal-hold-exporter prove DIR KEY [flags]

  --out FILE            write the proof there (default: standard output, as JSON)
  --json                print where the proof was written as JSON

A record that does not exist, and records that are not those that were signed, are errors.

EXIT CODES`,
  inspect: `Checks everything that an export relies on, and reports what would go wrong: integration, bucket, permissions, retention,
residency, how far the platform's index reaches. It creates and changes nothing.

  genesys-legal-hold-exporter inspect [flags]

SETTINGS
  --json                print the findings as JSON

EXIT CODES`,
  export: `Does the whole job: inspects, exports, validates objects as they land, repairs those without the hold, and accounts for
every recording.

  genesys-legal-hold-exporter export [flags]

SETTINGS
  --accept CODE         accept a blocking finding by its code (repeatable)
  --audit               read Genesys Cloud's audit trail: who deleted what is missing
  --dry-run             export and validate, but only plan the repairs
  --report FILE         write the report there, as JSON (default legal-hold-report.json)
  --json                print the report on standard output, and what happens on standard error
  --journal DIR         keep the journal there; an interrupted run resumes from it
  --evidence DIR        seal the run there; needs --signing-key
  --signing-key FILE    private key, in PEM: openssl genpkey -algorithm ed25519 -out signing-key.pem
                        (its passphrase, if any, in SIGNING_KEY_PASSPHRASE)
  --tsa-url URL         have the signature stamped by this authority (RFC 3161)
  --previous DIR        the bundle before this one of the same matter

A signal closes the journal before the command ends.

EXIT CODES`,
  status: `Reads the journal of a run, also while another process writes it: where the run is, what is missing, when it last moved.
It asks neither Genesys Cloud nor S3, and changes nothing.

  genesys-legal-hold-exporter status [DIR] [flags]

  DIR                   the journal (default: journal)
  --json                print it as JSON

EXIT CODES`,
} as const

const settings = `Secrets come from the environment only: GENESYS_CLIENT_ID, GENESYS_CLIENT_SECRET, and for S3 whatever the AWS SDK finds.
Everything else is a flag, or the variable beside it.

  --region REGION       GENESYS_REGION          AWS name or host, e.g. eu-west-1 or mypurecloud.ie
  --integration ID      GENESYS_INTEGRATION_ID  the AWS S3 recording bulk actions integration
  --bucket BUCKET       EXPORT_BUCKET           bucket that the integration delivers to
  --bucket-region R     AWS_REGION              its region
  --hold TAG            HOLD_TAG                e.g. discovery-batch-2023-10
  --matter TEXT         HOLD_MATTER             name of the matter, for the report
  --interval START/END  INTERVAL                ISO 8601, e.g. 2023-10-01T00:00:00Z/2023-10-03T00:00:00Z
  --media TYPES         MEDIA_TYPES             digital, or a list of call,chat,email,message,screen (default: all)
  --divisions IDS       DIVISION_IDS            divisions of the matter, separated by commas (default: all must be seen)
  --residency REGIONS   RESIDENCY               AWS regions where data may be, separated by commas
  --genesys-endpoint U  GENESYS_ENDPOINT        a gateway in place of the region's hosts
  --s3-endpoint URL     S3_ENDPOINT             another S3 server
`

/** Help of one command. */
export function helpOf(command: keyof typeof help): string {
  const codes = exitCodeTable.map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}\n`).join('')
  return help[command]
    .replace('SETTINGS\n', `${settings}\n`)
    .replace('EXIT CODES', `Exit codes, the same for every command\n${codes}`)
}

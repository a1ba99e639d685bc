import { execFileSync } from 'node:child_process'
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Whether a command is installed. */
export function hasTool(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

/** Keys of an authority, as `openssl req -newkey` makes them. */
const keys = {
  rsa: ['rsa:2048'],
  'rsa-pss': ['rsa-pss', '-pkeyopt', 'rsa_keygen_bits:2048'],
  ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  'P-384': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'],
  'P-521': ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'],
  brainpool: ['ec', '-pkeyopt', 'ec_paramgen_curve:brainpoolP256r1'],
  ed25519: ['ed25519'],
  ed448: ['ed448'],
} as const

export type TsaKey = keyof typeof keys

/** How an authority differs from an ordinary one. */
export interface LocalTsaOptions {
  readonly expired?: boolean
  /** Lines of its certificate's extensions. */
  readonly extensions?: string
  /** Lines of the service's configuration. */
  readonly service?: string
}

const config = ({ extensions, service }: Required<Pick<LocalTsaOptions, 'extensions' | 'service'>>) => `[ req ]
distinguished_name = dn
[ dn ]
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[ tsa ]
${extensions}
[ service ]
serial = ./serial
crypto_device = builtin
default_policy = 1.2.3.4.1
digests = sha256
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
${service}
`

/** What makes a certificate one of a time stamping authority. */
export const tsaExtensions = `basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
extendedKeyUsage = critical,timeStamping`

/** A time stamping authority made of openssl, with a certification authority of its own. */
export class LocalTsa {
  readonly ca: string
  readonly key: KeyObject
  readonly certificate: X509Certificate
  readonly #folder = mkdtempSync(join(tmpdir(), 'tsa-'))

  constructor(type: TsaKey, options: LocalTsaOptions = {}) {
    const { expired = false, extensions = tsaExtensions } = options
    const { service = 'signer_digest = sha256\naccuracy = secs:1' } = options
    writeFileSync(join(this.#folder, 'tsa.cnf'), config({ extensions, service }))
    writeFileSync(join(this.#folder, 'serial'), '01\n')
    this.#openssl(
      'req',
      '-x509',
      '-newkey',
      ...keys[type],
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
    )
    this.#openssl('req', '-new', '-newkey', ...keys[type], '-nodes', '-keyout', 'tsa.key', '-out', 'tsa.csr')
    const issue = ['x509', '-req', '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    this.#run(...issue, '-days', expired ? '-1' : '2', '-extfile', 'tsa.cnf', '-extensions', 'tsa', '-out', 'tsa.pem')
    this.ca = this.#read('ca.pem').toString()
    this.key = createPrivateKey(this.#read('tsa.key'))
    this.certificate = new X509Certificate(this.#read('tsa.pem'))
  }

  /** Answers a request. */
  reply(request: Buffer): Buffer {
    writeFileSync(join(this.#folder, 'request.tsq'), request)
    const service = ['-config', 'tsa.cnf', '-section', 'service', '-signer', 'tsa.pem', '-inkey', 'tsa.key']
    this.#run('ts', '-reply', '-queryfile', 'request.tsq', ...service, '-out', 'answer.tsr')
    return this.#read('answer.tsr')
  }

  /** What `openssl ts -verify` says of an answer. */
  agrees(answer: Buffer, data: Buffer): boolean {
    writeFileSync(join(this.#folder, 'a.tsr'), answer)
    writeFileSync(join(this.#folder, 'data'), data)
    return this.#says('Verification: OK', 'ts', '-verify', '-data', 'data', '-in', 'a.tsr', '-CAfile', 'ca.pem')
  }

  /** What `openssl cms -verify` says of a token, which knows more algorithms and nothing of time stamps. */
  agreesToCms(token: Buffer): boolean {
    writeFileSync(join(this.#folder, 'a.p7'), token)
    const how = [
      '-binary',
      '-inform',
      'DER',
      '-in',
      'a.p7',
      '-CAfile',
      'ca.pem',
      '-purpose',
      'any',
      '-out',
      'a.content',
    ]
    return this.#says('Verification successful', 'cms', '-verify', ...how)
  }

  #says(text: string, ...args: string[]): boolean {
    try {
      return this.#run('sh', '-c', `openssl ${args.join(' ')} 2>&1`).includes(text)
    } catch {
      return false
    }
  }

  #openssl(...args: string[]): void {
    const isCa = args.includes('-x509')
    const subject = ['-subj', isCa ? '/CN=Local CA' : '/CN=Local TSA', '-config', 'tsa.cnf']
    this.#run(...args, ...subject, ...(isCa ? ['-extensions', 'ca'] : []))
  }

  #read(name: string): Buffer {
    return readFileSync(join(this.#folder, name))
  }

  #run(...args: string[]): string {
    const [command, rest] = args[0] === 'sh' ? ['sh', args.slice(1)] : ['openssl', args]
    return execFileSync(command, rest, { cwd: this.#folder, stdio: 'pipe' }).toString()
  }
}

import { execFileSync } from 'node:child_process'
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

const config = `[ req ]
distinguished_name = dn
[ dn ]
[ ca ]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
[ tsa ]
basicConstraints = CA:FALSE
extendedKeyUsage = critical,timeStamping
[ service ]
serial = ./serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
`

/** A time stamping authority made of openssl, with a certification authority of its own. */
export class LocalTsa {
  readonly ca: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'tsa-'))

  constructor(type: 'rsa' | 'ec', { expired = false } = {}) {
    const key = type === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    writeFileSync(join(this.#folder, 'tsa.cnf'), config)
    writeFileSync(join(this.#folder, 'serial'), '01\n')
    this.#openssl('req', '-x509', '-newkey', ...key, '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2')
    this.#openssl('req', '-new', '-newkey', ...key, '-nodes', '-keyout', 'tsa.key', '-out', 'tsa.csr')
    const issue = ['x509', '-req', '-in', 'tsa.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial']
    this.#run(...issue, '-days', expired ? '-1' : '2', '-extfile', 'tsa.cnf', '-extensions', 'tsa', '-out', 'tsa.pem')
    this.ca = readFileSync(join(this.#folder, 'ca.pem'), 'utf8')
  }

  /** Answers a request. */
  reply(request: Buffer): Buffer {
    writeFileSync(join(this.#folder, 'request.tsq'), request)
    const service = ['-config', 'tsa.cnf', '-section', 'service', '-signer', 'tsa.pem', '-inkey', 'tsa.key']
    this.#run('ts', '-reply', '-queryfile', 'request.tsq', ...service, '-out', 'answer.tsr')
    return readFileSync(join(this.#folder, 'answer.tsr'))
  }

  #openssl(...args: string[]): void {
    const isCa = args.includes('-x509')
    const subject = ['-subj', isCa ? '/CN=Local CA' : '/CN=Local TSA', '-config', 'tsa.cnf']
    this.#run(...args, ...subject, ...(isCa ? ['-extensions', 'ca'] : []))
  }

  #run(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.#folder, stdio: 'pipe' })
  }
}

// In JSON as well, and in JSON within JSON, where the quotes are escaped.
const namedSecret =
  /((?:access_?token|refresh_?token|id_?token|client_?secret|authorization|password|secret_?access_?key|x-amz-(?:signature|security-token))\\*["']?\s*[:=]\s*\\*["']?)(?:\\[^"]|[^"'\s,&}\\])+/gi
const awsKeyId = /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g

/**
 * Keeps credentials out of whatever leaves the library. AxiosErrors carry the Bearer or Basic credential and servers
 * may echo what they were sent (genesys-facts: the JavaScript SDK).
 */
export class Redactor {
  readonly #secrets = new Set<string>()

  /** Remembers a secret in every form in which it may come back. */
  add(secret: string | undefined): void {
    if (secret === undefined || secret === '') return
    this.#secrets.add(secret)
    this.#secrets.add(encodeURIComponent(secret))
    const quoted = JSON.stringify(secret)
    this.#secrets.add(quoted.slice(1, -1))
  }

  /** Remembers the secret of a client with the `Basic` value that is made of it. */
  addClient(clientId: string, clientSecret: string): void {
    this.add(clientSecret)
    this.add(Buffer.from(`${clientId}:${clientSecret}`).toString('base64'))
  }

  /** The text without any secret that is known, nor anything that looks like a credential. */
  redact(text: string): string {
    let clean = text
    // Longest first: a secret may be part of another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length)) {
      clean = clean.replaceAll(secret, '[redacted]')
    }
    return clean
      .replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 [redacted]')
      .replace(namedSecret, '$1[redacted]')
      .replace(awsKeyId, '[redacted]')
  }
}

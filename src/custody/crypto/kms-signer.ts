import { createHash } from 'node:crypto'
import type { KMSClient } from '@aws-sdk/client-kms'
import { checkAwsEndpoint } from '../../internal/aws/secure-endpoint.js'
import { type AwsFailure, withAwsClient } from '../../internal/aws/with-client.js'
import { OptionCheck } from '../../internal/option-check.js'
import { loadPackage } from '../../internal/package/optional-package.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Signer } from '../../ports/evidence.js'

/** Options of {@link KmsSigner}. */
export interface KmsSignerOptions {
  /** Id, ARN or alias of a key for signing, of the kind `ECC_NIST_P256`. */
  readonly keyId: string
  /** @defaultValue that of the environment */
  readonly region?: string | undefined
  /** Another server. Plain `http:` is refused (`INSECURE_ENDPOINT`) unless the host is loopback. */
  readonly endpoint?: string | undefined
}

const stage = 'report'
const name = 'AWS KMS'

/**
 * Signs with a key that never leaves AWS KMS. The digest is made here, so that a statement may exceed the 4,096 bytes that KMS
 * signs. It needs `@aws-sdk/client-kms`, an optional peer, and the rights `kms:GetPublicKey` and `kms:Sign`.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
export class KmsSigner implements Signer {
  readonly #options: KmsSignerOptions

  /** @throws LegalHoldError `INVALID_OPTIONS`, `INSECURE_ENDPOINT` */
  constructor(options: KmsSignerOptions) {
    const mistakes = new OptionCheck('The options of KmsSigner')
    mistakes.check(typeof options?.keyId === 'string' && options.keyId !== '', 'keyId', 'must name a key')
    checkAwsEndpoint(options?.endpoint, name, mistakes)
    mistakes.throwIfAny()
    this.#options = options
  }

  async publicKey(): Promise<string> {
    const { GetPublicKeyCommand } = await loadKms()
    const command = new GetPublicKeyCommand({ KeyId: this.#options.keyId })
    const { PublicKey } = await this.#answered((client) => client.send(command))
    const base64 = Buffer.from(PublicKey ?? []).toString('base64')
    const lines = base64.match(/.{1,64}/g) ?? []
    return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    const { SignCommand } = await loadKms()
    const command = new SignCommand({
      KeyId: this.#options.keyId,
      Message: createHash('sha256').update(data).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    })
    const { Signature } = await this.#answered((client) => client.send(command))
    return Signature ?? new Uint8Array()
  }

  async #answered<T>(send: (client: KMSClient) => Promise<T>): Promise<T> {
    const { KMSClient: Client } = await loadKms()
    const { region, endpoint } = this.#options
    return withAwsClient(
      { service: 'KMS', name, region, endpoint },
      { open: (settings) => new Client(settings), send, failure },
    )
  }
}

function failure({ what, ...rest }: AwsFailure): LegalHoldError {
  const message = `${name} did not do what a signature needs: ${what}.`
  return new LegalHoldError(message, { code: 'EVIDENCE_NOT_SEALED', stage, ...rest })
}

/** @throws LegalHoldError `MISSING_DEPENDENCY` */
export function loadKms() {
  return loadPackage({
    name: '@aws-sdk/client-kms',
    stage,
    load: () => import('@aws-sdk/client-kms'),
    isWhole: (loaded) => typeof loaded.KMSClient === 'function',
  })
}

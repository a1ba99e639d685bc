import { createHash } from 'node:crypto'
import { OptionCheck } from '../../internal/option-check.js'
import { loadPackage } from '../../internal/package/optional-package.js'
import { clientSettings } from '../../internal/proxy/client-settings.js'
import { LegalHoldError } from '../../model/errors.js'
import type { Signer } from '../../ports/evidence.js'

/** Options of {@link KmsSigner}. */
export interface KmsSignerOptions {
  /** Id, ARN or alias of a key for signing, of the kind `ECC_NIST_P256`. */
  readonly keyId: string
  /** @defaultValue that of the environment */
  readonly region?: string | undefined
  /** Another server. */
  readonly endpoint?: string | undefined
}

const stage = 'report'

/**
 * Signs with a key that never leaves AWS KMS. The digest is made here, so that a statement may exceed the 4,096 bytes that KMS
 * signs. It needs `@aws-sdk/client-kms`, an optional peer, and the rights `kms:GetPublicKey` and `kms:Sign`.
 *
 * @see https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html
 */
export class KmsSigner implements Signer {
  readonly #options: KmsSignerOptions

  /** @throws LegalHoldError `INVALID_OPTIONS` */
  constructor(options: KmsSignerOptions) {
    const mistakes = new OptionCheck('The options of KmsSigner')
    mistakes.check(typeof options?.keyId === 'string' && options.keyId !== '', 'keyId', 'must name a key')
    mistakes.throwIfAny()
    this.#options = options
  }

  async publicKey(): Promise<string> {
    const { client, GetPublicKeyCommand } = await this.#open()
    const { PublicKey } = await answered(client, () =>
      client.send(new GetPublicKeyCommand({ KeyId: this.#options.keyId })),
    )
    const base64 = Buffer.from(PublicKey ?? []).toString('base64')
    const lines = base64.match(/.{1,64}/g) ?? []
    return `-----BEGIN PUBLIC KEY-----\n${lines.join('\n')}\n-----END PUBLIC KEY-----\n`
  }

  async sign(data: Uint8Array): Promise<Uint8Array> {
    const { client, SignCommand } = await this.#open()
    const command = new SignCommand({
      KeyId: this.#options.keyId,
      Message: createHash('sha256').update(data).digest(),
      MessageType: 'DIGEST',
      SigningAlgorithm: 'ECDSA_SHA_256',
    })
    const { Signature } = await answered(client, () => client.send(command))
    return Signature ?? new Uint8Array()
  }

  async #open() {
    const { KMSClient, GetPublicKeyCommand, SignCommand } = await loadKms()
    const { region, endpoint } = this.#options
    const client = new KMSClient(clientSettings(region, endpoint))
    return { client, GetPublicKeyCommand, SignCommand }
  }
}

async function answered<T>(client: { destroy(): void }, send: () => Promise<T>): Promise<T> {
  try {
    return await send()
  } catch (error) {
    const { name = 'an unknown failure' } = (error ?? {}) as { readonly name?: string }
    throw new LegalHoldError(`AWS KMS did not do what a signature needs: ${name}.`, {
      code: 'EVIDENCE_NOT_SEALED',
      stage,
      cause: error,
    })
  } finally {
    client.destroy()
  }
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

import { webcrypto, X509Certificate } from 'node:crypto'
import { fromBER } from 'asn1js'
import { Certificate, CryptoEngine, SignedData, setEngine, TimeStampResp, TSTInfo } from 'pkijs'

setEngine('node', new CryptoEngine({ name: 'node', crypto: webcrypto as never }))

const copyOf = (bytes: Uint8Array) => Uint8Array.from(bytes).buffer

/** What pkijs, which shares no line with this library, says of an answer: whether it verifies, and of what time it is. */
export async function pkijsSays(
  answer: Buffer,
  data: Buffer,
  ca: string,
): Promise<{ isSigned: boolean; time: string }> {
  const { timeStampToken } = new TimeStampResp({ schema: fromBER(copyOf(answer)).result })
  const signed = new SignedData({ schema: timeStampToken?.content })
  const trustedCerts = [Certificate.fromBER(copyOf(new X509Certificate(ca).raw))]
  const how = { signer: 0, data: copyOf(data), trustedCerts, checkChain: true, extendedMode: true } as const
  const { signatureVerified } = await signed.verify(how).catch(() => ({ signatureVerified: false }))
  const content = signed.encapContentInfo.eContent?.getValue() ?? new ArrayBuffer(0)
  const { genTime } = new TSTInfo({ schema: fromBER(content).result })
  return { isSigned: signatureVerified === true, time: genTime.toISOString() }
}

/**
 * What reads and verifies time stamps (RFC 3161, CMS, X.509), loaded when the first of them is asked for or verified: most
 * who seal or verify have none.
 */
export async function loadTimestamp() {
  const [{ obtainTimestamp }, { readCertificates }, { verifyTimestamp }] = await Promise.all([
    import('./timestamp/obtain.js'),
    import('./timestamp/certificates.js'),
    import('./timestamp/token.js'),
  ])
  return { obtainTimestamp, readCertificates, verifyTimestamp }
}

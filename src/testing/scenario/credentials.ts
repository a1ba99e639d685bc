/**
 * The fixed, documented credentials of the simulated organisation and of its S3 server. They open nothing but the
 * simulators on loopback: the S3 pair is the example pair of the AWS documentation.
 */
export const simulatorCredentials = {
  genesys: {
    /** AWS name of the organisation's region. */
    region: 'eu-west-1',
    clientId: '0f5c8d1e-7a64-4f0a-9b0e-5d2c1a7e3f01',
    clientSecret: 'simulator-secret-for-loopback-only',
    organizationId: '3c9b5e2a-81d7-4c60-a4f9-6e0d7b1f2c02',
    integrationId: 'a1d4f7c2-5b3e-4e89-8c6a-2f9e0b7d4a03',
    /** Flag off and short-term, as profiles are found. */
    exportProfileId: 'b7e2c9f4-6d1a-4a35-9f08-1c5d3e8a6b04',
    /** A second profile, which keeps the hold metadata. */
    legalExportProfileId: 'c4a8e1d6-9f27-4b53-8d1e-7a0b5c2f9e05',
  },
  s3: {
    region: 'eu-west-1',
    bucket: 'legal-hold-exports',
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  },
} as const

/** `s3://bucket/key (version v)`, as messages name an object. */
export function subjectOf(ref: {
  readonly bucket: string
  readonly key?: string | undefined
  readonly versionId?: string | undefined
}): string {
  const key = ref.key === undefined ? '' : `/${ref.key}`
  return `s3://${ref.bucket}${key}${ref.versionId === undefined ? '' : ` (version ${ref.versionId})`}`
}

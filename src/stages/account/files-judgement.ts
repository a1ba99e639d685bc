import { isCodecExtension } from '../../model/layout/keys.js'

/** What there is of one extension of a recording in one folder, as bits. */
export const fileBits = { media: 1, described: 2, emptyMedia: 4, emptySidecar: 8 } as const
const both = fileBits.media | fileBits.described

/** The files of a recording in one folder: {@link fileBits} by extension. */
export type FilesByExtension = ReadonlyMap<string, number>

/** What the files of a recording say together. */
export interface FilesJudgement {
  /** A media file with content has its sidecar. */
  readonly isDelivered: boolean
  /** It is delivered, and of what the platform wrote nothing is missing or empty. */
  readonly isWhole: boolean
  /** A media file that has its sidecar is empty. */
  readonly hasEmptyMedia: boolean
  /** A sidecar is empty. */
  readonly hasEmptySidecar: boolean
  /** A media file, by its name, has no sidecar. */
  readonly hasUndescribed: boolean
  /** One of these is empty. */
  readonly hasEmptyUndescribed: boolean
}

/** The judgement on a recording without any file. */
export const noFiles: FilesJudgement = {
  isDelivered: false,
  isWhole: false,
  hasEmptyMedia: false,
  hasEmptySidecar: false,
  hasUndescribed: false,
  hasEmptyUndescribed: false,
}

/**
 * Judges the files of one recording, folder by folder. Pure.
 *
 * Each file that the platform writes has its sidecar (genesys-facts, what lands on S3). Other tools write beside
 * it, such as a converter that adds `{recordingId}.mp3`. A file without a sidecar therefore does not count against
 * a recording that has another file with one. The exception is a file whose very name the platform wrote
 * elsewhere. A sidecar without its file shows that the file is missing.
 */
export function judgeFiles(folders: readonly FilesByExtension[]): FilesJudgement {
  const described = new Set<string>()
  for (const files of folders) {
    for (const [extension, bits] of files) if ((bits & fileBits.described) !== 0) described.add(extension)
  }
  const found = { ...noFiles, isSound: true }
  for (const files of folders) {
    // Beside `r.wav_metadata.json` nobody waits for the file that `r_metadata.json` would describe.
    const codecsOnly = [...files].some(([name, bits]) => (bits & fileBits.described) !== 0 && isCodecExtension(name))
    for (const [extension, bits] of files) {
      const isEmpty = (bits & fileBits.emptyMedia) !== 0
      if ((bits & both) === fileBits.media) {
        found.hasUndescribed = true
        found.hasEmptyUndescribed ||= isEmpty
        found.isSound &&= !described.has(extension)
      } else if ((bits & fileBits.described) !== 0 && (!codecsOnly || isCodecExtension(extension))) {
        const hasFile = (bits & fileBits.media) !== 0
        found.isDelivered ||= hasFile && !isEmpty
        found.hasEmptyMedia ||= hasFile && isEmpty
        found.hasEmptySidecar ||= (bits & fileBits.emptySidecar) !== 0
        found.isSound &&= bits === both
      }
    }
  }
  const { isSound, ...judgement } = found
  return { ...judgement, isWhole: judgement.isDelivered && isSound }
}

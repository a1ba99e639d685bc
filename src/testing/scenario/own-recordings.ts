import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { basename, extname, join, resolve } from 'node:path'
import type { MediaType } from '../../model/request.js'
import { buildConversation, buildRecording, type SimulatedConversation } from '../genesys/organization.js'
import type { TimeSpan } from './conversations.js'
import { SeededRandom } from './random.js'

interface FileKind {
  readonly media: MediaType
  readonly contentType: string
}

const kinds: Readonly<Record<string, FileKind>> = {
  '.wav': { media: 'call', contentType: 'audio/wav' },
  '.mp3': { media: 'call', contentType: 'audio/mpeg' },
  '.ogg': { media: 'call', contentType: 'audio/ogg' },
  '.opus': { media: 'call', contentType: 'audio/ogg' },
  '.json': { media: 'message', contentType: 'application/json' },
  '.txt': { media: 'message', contentType: 'text/plain' },
  '.html': { media: 'message', contentType: 'text/html' },
  '.eml': { media: 'email', contentType: 'message/rfc822' },
  '.mp4': { media: 'screen', contentType: 'video/mp4' },
  '.webm': { media: 'screen', contentType: 'video/webm' },
}

const otherKind: FileKind = { media: 'message', contentType: 'application/octet-stream' }

/**
 * Every file below the directory, in any depth, as one recording of a conversation of its own, spread over the span.
 * A link counts as the file it leads to; what the operating system leaves (`.DS_Store`) is not a recording. An empty directory is an error: it proves nothing to export nothing.
 */
export function conversationsFromFiles(directory: string, span: TimeSpan, seed: string): SimulatedConversation[] {
  const paths = filesBelow(resolve(directory))
  const stepMs = Math.floor((span.endMs - span.startMs) / (paths.length + 1))
  return paths.map((path, index) => {
    const random = new SeededRandom(`${seed}/${createHash('sha256').update(path).digest('hex')}`)
    const extension = extname(basename(path))
    const { media, contentType } = kinds[extension.toLowerCase()] ?? otherKind
    const startMs = span.startMs + index * stepMs
    const times = {
      startTime: new Date(startMs).toISOString(),
      endTime: new Date(startMs + Math.min(stepMs, 600_000)).toISOString(),
    }
    return buildConversation({
      id: random.uuid(),
      media,
      ...(media === 'message' ? { messageType: 'webmessaging' } : {}),
      ...times,
      recordings: [
        buildRecording({
          id: random.uuid(),
          communicationId: random.uuid(),
          media,
          ...times,
          extension,
          contentType,
          content: { kind: 'file', path },
        }),
      ],
    })
  })
}

const leftovers: ReadonlySet<string> = new Set(['.DS_Store', 'Thumbs.db', 'desktop.ini'])

function filesBelow(directory: string): string[] {
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => !leftovers.has(basename(path)) && statSync(path, { throwIfNoEntry: false })?.isFile())
    .sort()
  if (files.length === 0) throw new RangeError(`No file was found below ${directory}.`)
  return files
}

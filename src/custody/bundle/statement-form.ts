import { optional } from '../../journal/form/form.js'
import { inventory } from '../../journal/form/report-form.js'
import type { EnvelopeContents } from '../crypto/envelope.js'
import {
  bundleFiles,
  type CustodyStatement,
  predicateType,
  requiredSubjects,
  statementPayloadType,
  statementType,
} from './contents.js'

const knownNames: ReadonlySet<string> = new Set(Object.values(bundleFiles))

/** The statement in an envelope; says why where it is none of ours. It runs in Node and in the page of a bundle. */
export function statementIn({ payloadType, payload }: EnvelopeContents): CustodyStatement | string {
  if (payloadType !== statementPayloadType) return `its payload type is ${JSON.stringify(payloadType)}`
  let statement: CustodyStatement
  try {
    statement = JSON.parse(new TextDecoder('utf-8', { ignoreBOM: true }).decode(payload))
  } catch {
    return 'what it holds is not valid JSON'
  }
  return problemOf(statement) ?? statement
}

function problemOf(statement: CustodyStatement): string | undefined {
  if (statement?._type !== statementType) return 'it holds no in-toto statement'
  if (statement.predicateType !== predicateType) {
    return `its predicate is ${JSON.stringify(statement.predicateType)}, this version reads ${predicateType}`
  }
  if (!Array.isArray(statement.subject)) return 'it names no files'
  const names = new Set<unknown>()
  for (const subject of statement.subject) {
    const name: unknown = subject?.name
    // A fixed set of names: none leads out of the folder.
    if (typeof name !== 'string' || !knownNames.has(name))
      return `it names ${JSON.stringify(name)}, which is not a file of a bundle`
    if (names.has(name)) return `it names ${name} twice`
    if (!/^[0-9a-f]{64}$/.test(String(subject.digest?.sha256))) return `the hash of ${name} is none`
    names.add(name)
  }
  const missing = requiredSubjects.find((name) => !names.has(name))
  if (missing !== undefined) return `it does not name ${missing}`
  const { predicate } = statement
  if (!/^[0-9a-f]{64}$/.test(String(predicate?.log?.rootHash)) || !Number.isSafeInteger(predicate.log.treeSize)) {
    return 'it names no tree'
  }
  if (typeof predicate.hold?.tag !== 'string' || predicate.counts === undefined) return 'its predicate is not whole'
  if (!optional(inventory)(predicate.inventory)) return 'what it says of an inventory is not whole'
  return undefined
}

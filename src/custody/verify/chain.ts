import type { KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { bundleFiles, type CustodyPredicate, type CustodyStatement, matterOf } from '../bundle/contents.js'
import { textOf, unreadable } from '../bundle/file.js'
import { type Findings, rewrittenSignature } from '../bundle/problem.js'
import { type ReadStatement, readStatement } from '../bundle/statement.js'
import { envelopeFinding } from '../crypto/dsse.js'
import { sha256 } from '../crypto/sha256.js'

type Link = NonNullable<CustodyPredicate['previous']>

const file = bundleFiles.previous

/** What is looked at beside the statement. */
export interface ChainOptions {
  readonly dir: string
  readonly key: KeyObject | undefined
  /** Folder of the bundle before this one, where the verifier has it. */
  readonly previous: string | undefined
}

/**
 * Checks that a bundle leads to the one before it. What does not hold is entered in `findings`.
 *
 * @throws LegalHoldError `EVIDENCE_UNREADABLE`
 */
export async function checkChain(
  { predicate }: CustodyStatement,
  options: ChainOptions,
  findings: Findings,
): Promise<void> {
  const { previous: link } = predicate
  const { dir, key, previous } = options
  const broken = (message: string, where?: string) => findings.fail('chain-broken', message, where)
  if (link === undefined) {
    if (previous !== undefined) broken('The bundle names none before it.')
    return
  }
  const text = await textOf(join(dir, file))
  const read = text === undefined ? 'it is missing' : readStatement(text)
  if (typeof read === 'string') {
    broken(`${file} cannot be used: ${read}.`, file)
    return
  }
  if (!isLinked(link, read, text ?? '')) {
    broken(`${file} is not the statement that the chain names.`, file)
    return
  }
  const wrong = contradiction(read.statement.predicate, predicate, link)
  if (wrong !== undefined) broken(wrong, file)
  const finding = key === undefined ? 'valid' : envelopeFinding(key, read.envelope)
  if (finding === 'invalid') {
    findings.note(
      `The bundle before this one was signed with another key, ${read.envelope.keyid}: verify it by itself.`,
    )
  }
  if (finding === 'rewritten') findings.note(`The statement of the bundle before this one ${rewrittenSignature}.`)
  if (previous === undefined) {
    findings.note(
      'The bundle before this one was not looked at; its statement is here. Give its folder to check that it is that one.',
    )
    return
  }
  if (!(await isThere(previous, link))) broken(`The bundle in ${previous} is not the one before this one.`)
}

/**
 * The statement is what is chained, and not the envelope around it, whose signature others may be able to rewrite. Bundles
 * that name no hash of their predecessor's statement itself were sealed when the file was chained: they are held to that.
 */
function isLinked({ payloadSha256, statementSha256 }: Link, { envelope }: ReadStatement, text: string): boolean {
  return payloadSha256 === undefined ? sha256(text) === statementSha256 : sha256(envelope.payload) === payloadSha256
}

async function isThere(dir: string, link: Link): Promise<boolean> {
  const text = await textOf(join(dir, bundleFiles.statement))
  if (text === undefined) throw unreadable(`${dir} holds no ${bundleFiles.statement}.`)
  const read = readStatement(text)
  return typeof read !== 'string' && isLinked(link, read, text)
}

function contradiction(before: CustodyPredicate, after: CustodyPredicate, link: Link): string | undefined {
  if (!(Date.parse(before.sealedAt) <= Date.parse(after.sealedAt))) {
    return 'The bundle before this one was sealed after it.'
  }
  if (matterOf(before.hold) !== matterOf(after.hold)) return 'The bundle before this one belongs to another matter.'
  if (before.runId !== link.runId || before.sealedAt !== link.sealedAt) {
    return 'The chain names another run or time than the statement of the bundle before this one.'
  }
  return undefined
}

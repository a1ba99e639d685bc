import { visible } from '../../../internal/text/visible.js'
import { membersOf } from '../../../journal/form/untrusted.js'
import type { CustodyPredicate } from '../../bundle/contents.js'
import { element, elementOf, entitle, type PageElement } from './dom.js'
import type { PageResult, PageStatus, ProvenRecord } from './result.js'

const words: Readonly<Record<PageStatus, readonly [mark: string, word: string, sentence: string]>> = {
  verifies: [
    '✓',
    'Verifies',
    'Every file is what was signed with the key that you gave. That this key is the signer’s rests on where you have it from.',
  ],
  'not-authenticated': [
    '○',
    'Not authenticated',
    'The files fit each other, and nobody knows who signed them: no key and no fingerprint from elsewhere was given.',
  ],
  'does-not-verify': ['✗', 'Does not verify', 'What is here is not what was signed, or not with this key.'],
  'cannot-check': ['○', 'Cannot be checked here', 'Nothing wrong was found, and not everything was checked.'],
}

/** Says that a check is going on, and where it is. */
export function showWork(what: string): void {
  const result = elementOf('result')
  result.hidden = false
  result.className = 'working'
  result.replaceChildren(element('p', what))
}

/** Says why nothing was checked. */
export function showRefusal(why: string): void {
  const result = elementOf('result')
  result.hidden = false
  result.className = 'refused'
  result.replaceChildren(element('p', why))
}

/** Shows what a check came to. */
export function showResult(found: PageResult): void {
  const { status, problems, lacks, notes, predicate, fingerprint, proven } = found
  const [mark, word, sentence] = words[status]
  const result = elementOf('result')
  const badge = element('span', `${mark} ${word}`)
  badge.className = `badge ${status}`
  const parts = [element('h2', badge), element('p', sentence)]
  if (problems.length > 0) parts.push(list(problems.map(({ message }) => message)))
  if (lacks.length > 0) parts.push(list(lacks))
  // What does not verify says nothing.
  if (status !== 'does-not-verify') {
    if (predicate !== undefined) parts.push(...statementFacts(predicate, fingerprint ?? ''))
    if (proven !== undefined) parts.push(...recordFacts(proven))
  }
  if (notes.length > 0) parts.push(element('h3', 'Not checked here'), list(notes))
  result.className = status
  result.replaceChildren(...parts)
  entitle(`${word}: verification of evidence`)
}

function statementFacts(predicate: CustodyPredicate, fingerprint: string): readonly PageElement[] {
  const { hold, outcome, sealedAt, counts, log, tool, runId } = predicate
  const { expected, held, repaired } = counts.recordings
  return [
    element('h3', 'What the statement says'),
    facts([
      ['Hold', hold.matter === undefined ? hold.tag : `${hold.matter} (${hold.tag})`],
      ['Outcome', outcome],
      ['Recordings', `${expected} expected, ${held} held, ${repaired} repaired`],
      ['Records', String(log.treeSize)],
      ['Sealed at', sealedAt],
      ['Run', runId],
      ['Made by', `${tool.name} ${tool.version}`],
      ['Key', fingerprint],
    ]),
  ]
}

function recordFacts({ line, record, steps, shard }: ProvenRecord): readonly PageElement[] {
  const { bucket, key } = membersOf(record.data.object)
  const root = shard === undefined ? 'the signed root' : `the seal of shard ${shard}, and that to the signed root,`
  return [
    element('h3', 'The recording'),
    facts([
      ['Object', `${bucket}/${key}`],
      ['Ended as', String(record.data.outcome)],
      ['Recorded at', record.time],
      ['Proof', `line ${line} leads to ${root} by ${steps} ${steps === 1 ? 'hash' : 'hashes'}`],
    ]),
    element('pre', visible(JSON.stringify(record, null, 2)).replaceAll('⟨U+000A⟩', '\n')),
  ]
}

function facts(rows: readonly (readonly [string, string])[]): PageElement {
  return element('dl', ...rows.flatMap(([name, value]) => [element('dt', name), element('dd', visible(value))]))
}

function list(items: readonly string[]): PageElement {
  return element('ul', ...items.map((item) => element('li', visible(item))))
}

import { namedVersion } from '../protocol/version-id.js'
import { headerIn, headersOf } from '../wire/headers.js'
import type { WireAnswer } from '../wire/transport.js'
import { RecentMarks } from './recent-marks.js'

/*
 * Whose answer one is: an answer that arrives twice, or at the wrong request, bears the marks of one that has been read.
 */

/** What an answer can be known by again. */
export interface Marks {
  /** What was asked: the key, or the operation with it. */
  readonly question: string
  /** Each answer of S3 has an id of its own. */
  readonly requestId?: string | undefined
  /** Of a HEAD: a version id names one version of one key. */
  readonly versionId?: string | undefined
  /** The whole answer, which identifies an answer without an id. */
  readonly text?: (() => string) | undefined
}

type Kind = 'id' | 'version' | 'text'

/** A mark that another answer had. */
export interface Repetition {
  readonly kind: Kind
  readonly mark: string
  /** What was asked when the mark was first seen. */
  readonly formerly: string
}

/** Answers that are alike and were confirmed one after the other: then they say nothing on this server. */
const alikeAtMost = 8

/**
 * The marks of the answers that were read lately. Some servers give every answer the same mark: a second reading,
 * over its own connection, carries it as well. That kind of mark is then ignored, because it proves nothing, and
 * the server stays usable.
 */
export class AnswerMarks {
  readonly #marks: Record<Kind, RecentMarks> = {
    id: new RecentMarks(),
    version: new RecentMarks(),
    text: new RecentMarks(),
  }
  readonly #tells: Record<Kind, boolean> = { id: true, version: true, text: true }
  /** Whether ids tell answers to the same question apart: not those of a cache. */
  #tellsSame = true
  #alike = 0
  /** Keys that were answered with a version id which another key has as well, by that id. */
  readonly #rivals = new Map<string, string>()

  /** Whether each answer has a request id of its own here, as far as is known. */
  get haveOwnIds(): boolean {
    return this.#tells.id
  }

  /** Notes the marks of an answer, and says whether one of them was another answer's. */
  meet(marks: Marks): Repetition | undefined {
    return this.meetHead(marks) ?? this.meetWhole(marks)
  }

  /** The same with what is known as soon as an answer begins. */
  meetHead({ question, requestId, versionId }: Marks): Repetition | undefined {
    const byId = this.#tells.id && requestId !== undefined ? this.#marks.id.meet(requestId, question) : undefined
    if (byId !== undefined && (this.#tellsSame || byId !== question)) {
      return { kind: 'id', mark: requestId ?? '', formerly: byId }
    }
    const owner = this.#otherOwner(versionId, question)
    return owner === undefined ? undefined : { kind: 'version', mark: versionId ?? '', formerly: owner }
  }

  /** The same with the whole of it, where it has no id that would tell. */
  meetWhole({ question, requestId, text }: Marks): Repetition | undefined {
    const tellsId = this.#tells.id && requestId !== undefined
    if (text === undefined || tellsId || !this.#tells.text) return undefined
    const mark = text()
    const formerly = this.#marks.text.meet(mark, question)
    return formerly === undefined || formerly === question ? undefined : { kind: 'text', mark, formerly }
  }

  /** Learns from the second reading of what bore a mark of another: whether that kind of mark tells anything here. */
  learn({ kind, mark, formerly }: Repetition, { question, requestId, versionId, text }: Marks): void {
    const second = { id: requestId, version: versionId, text: kind === 'text' ? text?.() : undefined }[kind]
    const isSame = second === mark
    if (kind !== 'text') {
      // A cache that answers the same question with what it keeps says nothing of other answers.
      if (isSame && formerly === question) this.#tellsSame = false
      else if (isSame && kind === 'id') this.#tells.id = false
      const rival = isSame ? this.#otherOwner(versionId, question) : undefined
      if (versionId !== undefined && rival !== undefined) this.#rivals.set(versionId, rival)
      // From now on answers may be known by nothing else.
      if (isSame && text !== undefined) this.#marks.text.meet(text(), question)
      return
    }
    // Objects may be alike. One that was not what it seemed to be is a reason to ask for ever.
    this.#alike = isSame ? this.#alike + 1 : Number.NEGATIVE_INFINITY
    if (this.#alike >= alikeAtMost) this.#tells.text = false
  }

  /** The answer is taken for that of the key: its version is the key's from now on. */
  believe(versionId: string | undefined, key: string): void {
    const version = this.#telling(versionId)
    if (version !== undefined) this.#marks.version.meet(version, key)
  }

  /** The key that was answered with this version id before, where a second reading of another key bears it. Told once. */
  takeRival(versionId: string | undefined): string | undefined {
    if (this.#rivals.size === 0 || versionId === undefined) return undefined
    const rival = this.#rivals.get(versionId)
    this.#rivals.delete(versionId)
    return rival
  }

  /** Versions of several keys have the same ids here. */
  ignoreVersions(): void {
    this.#tells.version = false
  }

  /** The other key whose answer with this version id was believed. */
  #otherOwner(versionId: string | undefined, key: string): string | undefined {
    const version = this.#telling(versionId)
    const owner = version === undefined ? undefined : this.#marks.version.find(version)
    return owner === key ? undefined : owner
  }

  /** An id that is one version's; not that of all objects from before there were versions. */
  #telling(versionId: string | undefined): string | undefined {
    return this.#tells.version && versionId !== 'null' ? namedVersion(versionId) : undefined
  }
}

/** The id that a server gave an answer, by whichever name. Names in lower case. */
export function requestIdOf(headers: Readonly<Record<string, string | undefined>>): string | undefined {
  return headers['x-amz-request-id'] ?? headers['x-amzn-requestid'] ?? headers['x-amzn-request-id']
}

/** The same of an answer as it came over the wire. */
export function requestIdIn({ rawHeaders }: Pick<WireAnswer, 'rawHeaders'>): string | undefined {
  return (
    headerIn(rawHeaders, 'x-amz-request-id') ??
    headerIn(rawHeaders, 'x-amzn-requestid') ??
    headerIn(rawHeaders, 'x-amzn-request-id')
  )
}

/** What differs from answer to answer, or belongs to the connection, whatever the answer is to. */
const ofEachAnswer: ReadonlySet<string> = new Set([
  'date',
  'connection',
  'keep-alive',
  'x-amz-id-2',
  'x-amz-request-id',
  'x-amzn-requestid',
  'x-amzn-request-id',
])

/** An answer as a whole, to be compared with others. Names in lower case. */
export function textOfAnswer(
  status: number | undefined,
  headers: Readonly<Record<string, string>>,
  body: string,
): string {
  const lines = Object.keys(headers)
    .filter((name) => !ofEachAnswer.has(name))
    .sort()
    .map((name) => `${name}: ${headers[name]}`)
  return [status, ...lines, '', body].join('\n')
}

/** The same of an answer as it came over the wire. */
export function textOf({ status, rawHeaders, body }: WireAnswer): string {
  return textOfAnswer(status, headersOf(rawHeaders), Buffer.concat(body).toString('latin1'))
}

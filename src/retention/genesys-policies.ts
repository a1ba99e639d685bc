import { dayMs } from '../internal/durations.js'
import { OptionCheck } from '../internal/option-check.js'
import { counted } from '../internal/text/counted.js'
import type { Finding } from '../model/findings.js'
import { type Answer, isAnswer } from '../platforms/client/answer.js'
import { GenesysClient } from '../platforms/client/client.js'
import { checkConnection, type GenesysConnectionOptions } from '../platforms/client/options.js'
import { numberedPages, otherThanPage } from '../platforms/client/pages.js'
import type { GenesysApis } from '../platforms/client/sdk.js'
import { isAnswerable, patience, unanswered } from '../platforms/source/question.js'
import type { RetentionContext, RetentionPolicyAdapter } from '../ports/retention.js'
import type { CallOptions } from '../ports/runtime.js'
import { type DeletionRule, deletionRules } from './deletion-rules.js'
import { effectiveTerm } from './effective-term.js'

/** What a retention policy needs of a platform: its access to Genesys Cloud. */
export interface HasGenesysClient {
  readonly client: GenesysClient
}

/** Options of {@link GenesysMediaRetentionPolicy}: a platform, whose login is shared, or a separate connection. */
export type GenesysMediaRetentionOptions = (
  | { readonly platform: HasGenesysClient }
  | (GenesysConnectionOptions & { readonly platform?: undefined })
) & {
  /**
   * Days from now for which a recording must stay at the source: a deletion before that is a blocker, a later one a
   * warning. Long enough for a job to wait for a slot, to run, to be checked and, if need be, to be repeated.
   *
   * @defaultValue 30
   */
  readonly minimumRetentionDays?: number | undefined
}

const sources: readonly {
  readonly what: string
  readonly permission: string
  readonly page: (apis: GenesysApis, query: Record<string, unknown>) => Promise<unknown>
}[] = [
  {
    what: 'media retention policies',
    permission: 'recording:retentionPolicy:view',
    page: ({ recording }, query) => recording.getRecordingMediaretentionpolicies(query),
  },
  {
    what: 'cross-platform media retention policies',
    permission: 'recording:crossPlatformRetentionPolicy:view',
    page: ({ recording }, query) => recording.getRecordingCrossplatformMediaretentionpolicies(query),
  },
]

/**
 * Would a media retention policy of Genesys Cloud delete in-scope recordings before or despite the hold? Reads the
 * enabled policies, including cross-platform policies. If several apply, the longest term wins, but only if all of
 * them set days above 0. Only a policy without conditions is sure to apply to every recording, so only such a
 * policy is relied on. `alwaysDelete` overrides all others.
 *
 * What a run protects from deletion at the source (`protectSource`) no policy deletes: then a term that ends soon is a
 * warning, because only what it deleted before the run is lost.
 *
 * @see https://help.mypurecloud.com/?p=17591
 */
export class GenesysMediaRetentionPolicy implements RetentionPolicyAdapter {
  readonly name = 'genesys-media-retention'
  readonly #client: GenesysClient
  readonly #minimumDays: number

  /** @throws `UNKNOWN_REGION`, `MISSING_CREDENTIALS`, `INSECURE_ENDPOINT`, `INVALID_OPTIONS`: all mistakes in one. */
  constructor(options: GenesysMediaRetentionOptions) {
    const mistakes = new OptionCheck('The options of GenesysMediaRetentionPolicy')
    this.#minimumDays = options.minimumRetentionDays ?? 30
    if (!Number.isFinite(this.#minimumDays) || this.#minimumDays < 0) {
      mistakes.add('minimumRetentionDays', `is ${this.#minimumDays}; it must be zero or more days`)
    }
    this.#client = clientOf(options, 'GenesysMediaRetentionPolicy', mistakes)
  }

  async evaluate(context: RetentionContext, options?: CallOptions): Promise<readonly Finding[]> {
    const rules: DeletionRule[] = []
    const findings: Finding[] = []
    for (const source of sources) {
      try {
        for await (const policy of this.#policies(source, options)) {
          rules.push(...deletionRules(policy, context.request))
        }
      } catch (error) {
        if (!isAnswerable(error)) throw error
        const unknown = `whether one of the ${source.what} deletes recordings in scope`
        findings.push(unanswered({ permission: source.permission, unknown }, error))
      }
    }
    const grouped = new Map<object, DeletionRule[]>()
    for (const rule of rules) grouped.set(rule.policy, [...(grouped.get(rule.policy) ?? []), rule])
    for (const own of grouped.values()) {
      const finding = this.#judge(own, rules, context)
      if (finding) findings.push(finding)
    }
    return findings
  }

  /** One finding for a policy: the worst of what it does to any medium in scope. */
  #judge(own: readonly DeletionRule[], all: readonly DeletionRule[], context: RetentionContext): Finding | undefined {
    const deadlines = own
      .map((rule) => ({ rule, ...effectiveTerm(rule, all) }))
      .filter(({ days }) => days !== Number.POSITIVE_INFINITY)
      .sort((a, b) => a.days - b.days)
    const [first] = deadlines
    if (first === undefined) return undefined
    const { rule, days, keeper, without } = first
    const media = [...new Set(deadlines.map(({ rule: { media: medium } }) => medium))].join(', ')
    // The oldest recording in scope goes first.
    const deletedAt = Date.parse(context.request.interval.start) + days * dayMs
    const soon = days === 0 || deletedAt < context.now.getTime() + this.#minimumDays * dayMs
    const isProtected = context.protectsSource === true
    const when =
      days === 0
        ? 'at once'
        : `${counted(days, 'day')} after they were recorded, the oldest in scope on ${new Date(deletedAt).toISOString().slice(0, 10)}`
    const kept =
      keeper === undefined
        ? ''
        : ` (its own ${counted(rule.days, 'day')}, but the policy "${keeper.policyName}" keeps them longer)`
    const unranked =
      without === undefined
        ? ''
        : ` (the longest term does not win, since the policy "${without.policyName}" sets no days)`
    return {
      code: 'retention-deletes-before-hold',
      severity: soon && !isProtected ? 'blocker' : 'warning',
      subject: rule.policyId,
      message: `The media retention policy "${rule.policyName}" (${rule.policyId}) deletes recordings (${media}) ${when}${kept}${unranked}${rule.always ? ', whatever other policies say' : ''}.`,
      remedy: !soon
        ? 'Nothing for the export; after that date only what lies on S3 is left.'
        : isProtected
          ? 'Nothing where the protection succeeds: this run protects the conversations from deletion before it exports (protectSource). What was deleted before is gone.'
          : 'Disable or lengthen the policy, or protect the conversations from deletion (protectSource), before the export.',
    }
  }

  async *#policies(
    source: (typeof sources)[number],
    options: CallOptions | undefined,
  ): AsyncGenerator<Answer, void, void> {
    const policies = numberedPages({ subject: `the ${source.what}`, stage: 'inspect' }, async (pageNumber) => {
      const { body } = await this.#client.request(
        {
          operation: `list the ${source.what}`,
          stage: 'inspect',
          retry: patience,
          foreign: otherThanPage({ pageNumber }),
          send: (apis) => source.page(apis, { pageSize: 100, pageNumber, enabled: true }),
        },
        options,
      )
      return body
    })
    for await (const policy of policies) if (isAnswer(policy)) yield policy
  }
}

/** The client of the given platform, or a separate one. */
export function clientOf(
  options: { readonly platform: HasGenesysClient } | (GenesysConnectionOptions & { readonly platform?: undefined }),
  subject: string,
  mistakes: OptionCheck,
): GenesysClient {
  const { platform } = options
  if (platform === undefined) return new GenesysClient(options, checkConnection(options, subject, mistakes))
  // Not instanceof: the platform may come from the other of the ESM and CJS copies.
  if (typeof platform.client?.request !== 'function') {
    mistakes.add('platform', 'is not a Genesys platform: it has no client')
  }
  mistakes.throwIfAny()
  return platform.client
}

import type { AwsSecrets, SmithyContext } from './secrets.js'
import { requireSecure } from './secure-endpoint.js'

/** The little of a command, or of a client, of the SDK that is used: middleware between it and the network. */
export interface WithMiddleware<Args, Result> {
  readonly middlewareStack?: {
    add(
      middleware: (next: (args: Args) => Promise<Result>, context?: SmithyContext) => (args: Args) => Promise<Result>,
      options: {
        readonly step: string
        readonly name: string
        readonly priority?: string
        readonly override?: boolean
      },
    ): void
  }
}

export type Guarded = WithMiddleware<Args, unknown>
interface Args {
  readonly request?: { readonly protocol?: string; readonly hostname?: string; readonly port?: number }
}

/** Notes what each request was signed with, so that no answer shows it. */
export function noteSecrets(guarded: Guarded, secrets: AwsSecrets): void {
  guarded.middlewareStack?.add(
    (next, context) => (args) => {
      secrets.noteContext(context)
      return next(args)
    },
    { step: 'deserialize', name: 'legalHoldSecrets', priority: 'low' },
  )
}

/** Looks at where a request goes right before it is sent, whatever led it there: throws `INSECURE_ENDPOINT`. */
export function guardAddress(guarded: Guarded, what: string): void {
  guarded.middlewareStack?.add(
    (next) => async (args) => {
      const { protocol, hostname, port } = args.request ?? {}
      if (protocol !== undefined && hostname !== undefined) requireSecure({ protocol, hostname, port }, { what })
      return next(args)
    },
    { step: 'deserialize', name: 'legalHoldAddress', priority: 'low' },
  )
}

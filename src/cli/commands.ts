import type { CommandSpec } from './command.js'
import { completionOf } from './commands/completion.js'
import { doctor } from './commands/doctor.js'
import { exportMatter } from './commands/export.js'
import { init } from './commands/init.js'
import { inspect } from './commands/inspect.js'
import { integrations } from './commands/integrations.js'
import { prove } from './commands/prove.js'
import { reconcile } from './commands/reconcile.js'
import { regions } from './commands/regions.js'
import { release } from './commands/release.js'
import { remediate } from './commands/remediate.js'
import { report } from './commands/report.js'
import { status } from './commands/status.js'
import { validate } from './commands/validate.js'
import { verify } from './commands/verify.js'
import { scaleCancel } from './scale/cancel.js'
import { scalePlan } from './scale/plan.js'
import { scaleRun } from './scale/run.js'
import { scaleStatus } from './scale/status.js'

/** Every command, in the order of the help. A new one is a file in `commands/` and a line here. A name may have two words. */
export const commands: readonly CommandSpec[] = [
  init,
  doctor,
  regions,
  integrations,
  completionOf(() => commands),
  inspect,
  exportMatter,
  status,
  scalePlan,
  scaleRun,
  scaleStatus,
  scaleCancel,
  validate,
  remediate,
  reconcile,
  release,
  verify,
  report,
  prove,
]

import { loadKms } from '../../custody/crypto/kms-signer.js'
import { LegalHoldError } from '../../model/errors.js'
import { loadEventBridge, loadSns } from '../../notify/aws.js'
import type { Resolved } from '../config/resolve.js'
import type { DoctorCheck } from './check.js'

/** A package that is an optional peer, and what the matter needs it for. */
interface Needed {
  readonly name: string
  readonly use: string
  readonly load: () => Promise<unknown>
}

/**
 * Whether the optional packages are there that the matter needs. They are loaded at the end of a run, to sign and to notify:
 * one that is missing would be found when it is too late.
 */
export async function packageChecks({ matter }: Resolved): Promise<readonly DoctorCheck[]> {
  const { notify, evidence } = matter
  const needed: Needed[] = []
  if (notify?.sns?.topicArn !== undefined) {
    needed.push({ name: '@aws-sdk/client-sns', use: 'notify.sns (--notify-sns)', load: loadSns })
  }
  if (notify?.eventBridge?.bus !== undefined) {
    const use = 'notify.eventBridge (--notify-eventbridge)'
    needed.push({ name: '@aws-sdk/client-eventbridge', use, load: loadEventBridge })
  }
  if (evidence?.kmsKeyId !== undefined) {
    needed.push({ name: '@aws-sdk/client-kms', use: 'evidence.kmsKeyId', load: loadKms })
  }
  return Promise.all(needed.map(checkOf))
}

async function checkOf({ name, use, load }: Needed): Promise<DoctorCheck> {
  const subject = name
  try {
    await load()
    return { area: 'package', subject, result: 'ok', message: `is there, for ${use}` }
  } catch (error) {
    if (!LegalHoldError.isInstance(error)) throw error
    const message = `${use} needs it. ${error.message}`
    const remedy = `Install it where the command is installed: npm install ${name}`
    return { area: 'package', subject, result: 'problem', message, remedy }
  }
}

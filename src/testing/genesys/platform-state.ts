import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { divisionsOf } from './jobs/conversation-query.js'
import type { SimulatedJob } from './jobs/jobs.js'
import { type RecordingQuery, select } from './jobs/query.js'
import type {
  SimulatedConversation,
  SimulatedExportProfile,
  SimulatedOrganization,
  SimulatedRecording,
} from './organization.js'
import {
  defaultHomeDivision,
  defaultQueue,
  type SimulatedAuditMessage,
  type SimulatedDivision,
  type SimulatedQueue,
} from './organization-records.js'
import type { SimulatedClient } from './routes/oauth.js'
import type { SimulatorSettings } from './settings.js'

const stateFile = 'genesys-state.json'

/** Forgets what a directory keeps. */
export function removeState(dataDir: string): void {
  rmSync(join(dataDir, stateFile), { force: true })
}

interface SavedState {
  readonly jobs: SimulatedJob[]
  readonly exported: [string, number][]
  readonly exportPlanned: [string, number][]
  readonly protectedConversations: string[]
  readonly exportProfiles: SimulatedExportProfile[]
  readonly audited?: SimulatedAuditMessage[]
}

interface FoundConversation {
  readonly position: number
  readonly conversation: SimulatedConversation
}

interface FoundRecording extends FoundConversation {
  readonly recording: SimulatedRecording
}

interface OrganizationIndex {
  readonly conversations: ReadonlyMap<string, FoundConversation>
  readonly recordings: ReadonlyMap<string, FoundRecording>
}

function indexOf(list: readonly SimulatedConversation[]): OrganizationIndex {
  const conversations = new Map<string, FoundConversation>()
  const recordings = new Map<string, FoundRecording>()
  for (const [position, conversation] of list.entries()) {
    conversations.set(conversation.id, { position, conversation })
    for (const recording of conversation.recordings) recordings.set(recording.id, { position, conversation, recording })
  }
  return { conversations, recordings }
}

/** All that the simulated platform remembers. The organisation is its caller's; the rest can be kept in a directory. */
export class PlatformState {
  readonly settings: SimulatorSettings
  /** AWS name of the region the organisation lives in. */
  readonly region: string
  readonly jobs: SimulatedJob[] = []
  /** When a recording was delivered, milliseconds since the epoch. */
  readonly exported = new Map<string, number>()
  /** When a recording will be exported, milliseconds since the epoch. */
  readonly exportPlanned = new Map<string, number>()
  /** Conversations whose recordings are protected from deletion. */
  readonly protectedConversations = new Set<string>()
  /** What was done through the simulator. */
  readonly audited: SimulatedAuditMessage[] = []
  readonly #dataDir: string | undefined
  readonly #organization: SimulatedOrganization
  #index: OrganizationIndex | undefined
  #saving: Promise<void> = Promise.resolve()
  #saveQueued = false

  constructor(init: {
    readonly organization: SimulatedOrganization
    readonly settings: SimulatorSettings
    readonly region: string
    readonly dataDir?: string | undefined
  }) {
    this.#organization = init.organization
    this.settings = init.settings
    this.region = init.region
    this.#dataDir = init.dataDir
    if (init.dataDir !== undefined) this.#load(init.dataDir)
  }

  get organization(): SimulatedOrganization {
    return this.#organization
  }

  /** Looks a recording up by its id. */
  find(recordingId: string): FoundRecording | undefined {
    return this.#lookUp((index) => index.recordings.get(recordingId))
  }

  /** Looks a conversation up by its id. */
  findConversation(conversationId: string): SimulatedConversation | undefined {
    return this.#lookUp((index) => index.conversations.get(conversationId))?.conversation
  }

  get divisions(): readonly SimulatedDivision[] {
    const { divisions } = this.#organization
    return divisions === undefined || divisions.length === 0 ? [defaultHomeDivision] : divisions
  }

  get queues(): readonly SimulatedQueue[] {
    return this.#organization.queues ?? [defaultQueue]
  }

  /** The division of what is assigned to no other. */
  get homeDivisionId(): string {
    return (this.divisions.find(({ homeDivision }) => homeDivision) ?? this.divisions[0] ?? defaultHomeDivision).id
  }

  /** Divisions in which a client has a permission; `undefined` for all. */
  grantedDivisions(client: SimulatedClient, permission: string): readonly string[] | undefined {
    return client.divisionsByPermission?.[permission] ?? client.divisionIds
  }

  /** Whether a permission of a client covers a conversation: it is granted in a division of it. */
  sees(client: SimulatedClient, conversation: SimulatedConversation, permission: string): boolean {
    const granted = this.grantedDivisions(client, permission)
    return granted === undefined || divisionsOf(conversation, this.homeDivisionId).some((id) => granted.includes(id))
  }

  /** How far the index reaches: recordings later than this are missed without a word. */
  availableUntilMs(nowMs: number): number {
    return nowMs - this.settings.indexLagMs
  }

  /** Whether a retention policy has not deleted it yet. */
  exists(conversation: SimulatedConversation, recording: SimulatedRecording, nowMs: number): boolean {
    if (recording.fileState === 'DELETED') return false
    if (!this.settings.enforceDeletion || recording.deleteDate === undefined) return true
    return this.protectedConversations.has(conversation.id) || Date.parse(recording.deleteDate) > nowMs
  }

  /** What a job selects, ready to be kept with it. */
  select(
    query: RecordingQuery,
    nowMs: number,
    client: { readonly mayViewSensitive: boolean; sees(conversation: SimulatedConversation): boolean },
  ): Pick<SimulatedJob, 'totals' | 'selected'> {
    const { conversations, recordings, skipped } = select(query, this.#organization.conversations, {
      availableUntilMs: this.availableUntilMs(nowMs),
      ...client,
      exists: (conversation, recording) => this.exists(conversation, recording, nowMs),
    })
    return {
      totals: { conversations, recordings: recordings.length, skipped },
      selected: recordings.map(({ conversation, recording }) => ({
        conversationId: conversation.id,
        recordingId: recording.id,
      })),
    }
  }

  /** Writes the state to the directory, whole or not at all. Calls that come meanwhile share the next write. */
  save(): Promise<void> {
    const dataDir = this.#dataDir
    if (dataDir === undefined) return Promise.resolve()
    if (this.#saveQueued) return this.#saving
    this.#saveQueued = true
    this.#saving = this.#saving.then(async () => {
      this.#saveQueued = false
      const path = join(dataDir, stateFile)
      await writeFile(`${path}.tmp`, JSON.stringify(this.#toJson()))
      await rename(`${path}.tmp`, path)
    })
    return this.#saving
  }

  #lookUp<T extends FoundConversation>(read: (index: OrganizationIndex) => T | undefined): T | undefined {
    const known = this.#index === undefined ? undefined : read(this.#index)
    // The organisation may be changed by its owner at any time: a hit is checked, a miss indexes again.
    if (known !== undefined && this.#organization.conversations[known.position] === known.conversation) return known
    this.#index = indexOf(this.#organization.conversations)
    return read(this.#index)
  }

  #toJson(): SavedState {
    return {
      jobs: this.jobs,
      exported: [...this.exported],
      exportPlanned: [...this.exportPlanned],
      protectedConversations: [...this.protectedConversations],
      exportProfiles: this.#organization.exportProfiles,
      audited: this.audited,
    }
  }

  #load(dataDir: string): void {
    mkdirSync(dataDir, { recursive: true })
    let text: string
    try {
      text = readFileSync(join(dataDir, stateFile), 'utf8')
    } catch (error) {
      if (error instanceof Error && (error as NodeJS.ErrnoException).code === 'ENOENT') return
      throw error
    }
    const saved = JSON.parse(text) as SavedState
    this.jobs.push(...saved.jobs)
    for (const [id, at] of saved.exported) this.exported.set(id, at)
    for (const [id, at] of saved.exportPlanned) this.exportPlanned.set(id, at)
    for (const id of saved.protectedConversations) this.protectedConversations.add(id)
    this.audited.push(...(saved.audited ?? []))
    this.#organization.exportProfiles = saved.exportProfiles
  }
}

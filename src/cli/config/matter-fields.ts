import { evidenceFields, genesysFields, logFields, notifyFields, retentionFields, s3Fields } from './adapter-fields.js'
import { acceptFields, exporterFields, holdFields, requestFields } from './exporter-fields.js'
import { object, path, type ValueOf } from './field.js'
import { scaleFields } from './scale-fields.js'

/** Everything that matter.yaml may say. */
export const matterFields = object('One matter for genesys-legal-hold-exporter.', {
  hold: holdFields,
  genesys: genesysFields,
  s3: s3Fields,
  request: requestFields,
  ...exporterFields,
  retention: retentionFields,
  accept: acceptFields,
  journal: path('Folder of the journal. Default: legal-hold/MATTER/journal beside this file.'),
  report: path('File for the report. Default: legal-hold/MATTER/report.json beside this file.'),
  evidence: evidenceFields,
  notify: notifyFields,
  log: logFields,
  scale: scaleFields,
})

/** A matter as the file, the environment and the flags say it. Each part may be missing. */
export type Matter = ValueOf<typeof matterFields>

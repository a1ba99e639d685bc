// A partner's own code: holds a matter and tells the records team what it could not hold.
import { LegalHoldExporter, type LegalHoldExporterOptions, type RunReport } from 'genesys-legal-hold-exporter'

type Ports = Pick<LegalHoldExporterOptions, 'platform' | 'storage' | 'clock'>

export async function holdMatter(ports: Ports, matter: string, request: Parameters<LegalHoldExporter['run']>[0]) {
  const exporter = new LegalHoldExporter({ ...ports, hold: { tag: matter } })
  const report: RunReport = await exporter.run(request)
  return report.exceptions.map(({ state, recordingId, reason }) => `${state} ${recordingId}: ${reason}`)
}

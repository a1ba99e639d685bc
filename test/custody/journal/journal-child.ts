// A process of its own that uses a journal. `fill`: appends until it is refused. `hold`: opens and holds it until stdin ends.
import { LegalHoldError } from '../../../src/model/errors.js'
import { FileJournal } from '../../../src/node.js'

const [mode, directory = ''] = process.argv.slice(2)
const journal = new FileJournal(directory)
const record = {
  time: '2023-10-20T12:00:00.000Z',
  runId: 'run',
  type: 'verdict',
  data: { pad: 'x'.repeat(90) },
} as const
const codeOf = (error: unknown) => (LegalHoldError.isInstance(error) ? error.code : String(error))

if (mode === 'fill') {
  let acknowledged = 0
  let code = ''
  while (code === '') {
    await journal.append(record).then(
      () => {
        acknowledged += 1
      },
      (error: unknown) => {
        code = codeOf(error)
      },
    )
  }
  const later = await journal.append(record).then(() => 'appended', codeOf)
  process.stdout.write(JSON.stringify({ code, later, acknowledged }))
} else {
  const result = await journal.open().then(({ takenOverFrom }) => ({ opened: true, takenOverFrom }), codeOf)
  process.stdout.write(`${JSON.stringify(result)}\n`)
  process.stdin.resume()
  await new Promise((resolve) => process.stdin.once('end', resolve))
}

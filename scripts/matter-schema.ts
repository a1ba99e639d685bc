// Writes schemas/matter.schema.json: npm run schema
import { writeFileSync } from 'node:fs'
import { matterSchema } from '../src/cli/config/schema.js'

writeFileSync(new URL('../schemas/matter.schema.json', import.meta.url), `${JSON.stringify(matterSchema(), null, 2)}\n`)

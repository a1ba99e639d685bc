// Writes THIRD-PARTY-NOTICES.md from what the build contains: npm run notices, after npm run build.
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { noticesOf } from './bundled-packages.js'

const root = fileURLToPath(new URL('../', import.meta.url))
writeFileSync(`${root}THIRD-PARTY-NOTICES.md`, noticesOf(root))

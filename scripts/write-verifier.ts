// Writes the script of verify.html anew from src/custody/page/verifier: npm run verifier
import { writeFileSync } from 'node:fs'
import { verifierModule } from './verifier-script.js'

writeFileSync(new URL('../src/custody/page/verifier-script.ts', import.meta.url), await verifierModule())

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { requiredGenesysPermissions } from '#src/genesys.js'

const page = readFileSync(new URL('../../docs/permissions.md', import.meta.url), 'utf8')

describe('docs/permissions.md', () => {
  it('names each permission that any option needs, and no other', () => {
    const table = page.slice(page.indexOf('## Genesys Cloud'), page.indexOf('**Divisions.**'))
    const named = [...table.matchAll(/^\|[^|]*\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+:\w+:\w+)`/g)].map(([, name]) => name),
    )
    const needed = requiredGenesysPermissions({ protectSource: true, releaseSource: true, audit: true })
    expect(named.toSorted()).toEqual(needed)
  })
})

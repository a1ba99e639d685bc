import { genesysRegions } from '../../platforms/client/regions.js'
import { type Given, needed } from '../arguments.js'
import type { CommandSpec } from '../command.js'
import { exitCodes } from '../exit-codes.js'
import { configFlag } from '../files/bundle.js'
import type { Terminal } from '../terminal.js'

export const regions: CommandSpec = {
  name: 'regions',
  takes: '',
  group: 'Set up',
  summary: 'the regions of Genesys Cloud, with their hosts',
  about: 'Lists the regions of Genesys Cloud: AWS name, host, place. eu-west-1 is Ireland; London is eu-west-2.',
  flags: [{ ...configFlag, about: 'accepted like by every command, but not used here' }],
  examples: ['regions'],
  run: async (given: Given, terminal: Terminal) => {
    needed(given.positionals, [])
    if (given.flag('json')) terminal.out(JSON.stringify(genesysRegions, null, 2))
    else
      for (const { region, host, location } of genesysRegions)
        terminal.out(`${region.padEnd(16)}${host.padEnd(26)}${location}`)
    return exitCodes.success
  },
}

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { SlowestFiles } from './scripts/slowest-files.js'

const results = process.env.TEST_RESULTS
const reporters = ['default', new SlowestFiles()] as const
const slow = 'test/**/*.slow.test.ts'

export default defineConfig({
  test: {
    // Tests wait more than they work: on two processors half of the time is gone with one worker less than there are.
    maxWorkers: '100%',
    reporters: results === undefined ? [...reporters] : [...reporters, ['json', { outputFile: results }]],
    projects: [
      {
        extends: true,
        // One process for many files: loading the SDKs again for each would take as long as the tests.
        test: { name: 'fast', include: ['test/**/*.test.ts'], exclude: [slow], isolate: false },
      },
      { extends: true, test: { name: 'slow', include: [slow] } },
    ],
    setupFiles: ['test/setup.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
  resolve: { alias: { '#src': fileURLToPath(new URL('./src', import.meta.url)) } },
})

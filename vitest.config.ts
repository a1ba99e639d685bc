import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const results = process.env.TEST_RESULTS

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    // Tests wait more than they work: on two processors half of the time is gone with one worker less than there are.
    maxWorkers: '100%',
    testTimeout: 180_000,
    hookTimeout: 180_000,
    reporters: results === undefined ? ['default'] : ['default', ['json', { outputFile: results }]],
  },
  resolve: { alias: { '#src': fileURLToPath(new URL('./src', import.meta.url)) } },
})

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', NODE_OPTIONS: '' },
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
  resolve: { alias: { '#src': fileURLToPath(new URL('./src', import.meta.url)) } },
})

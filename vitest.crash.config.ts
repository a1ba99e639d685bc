import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** npm run test:crash: minutes with CRASH_POINTS=40, an hour without. */
export default defineConfig({
  test: {
    include: ['test/crash/*.crash.ts'],
    setupFiles: ['test/setup.ts'],
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
  resolve: { alias: { '#src': fileURLToPath(new URL('./src', import.meta.url)) } },
})

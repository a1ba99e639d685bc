import { defineConfig } from 'tsup'
import { mainEntryInOneFile } from './scripts/main-entry-in-one-file.js'
import { minifyOthers } from './scripts/minify-others.js'

// Modules without a CommonJS form. Node can require them, jest cannot (before Node 24.9): the CJS build has them inside.
const esmOnly = ['p-limit', 'p-retry', 'log-update']

const entry = {
  index: 'src/index.ts',
  genesys: 'src/genesys.ts',
  s3: 'src/s3.ts',
  node: 'src/node.ts',
  opentelemetry: 'src/opentelemetry.ts',
  'scale-aws': 'src/scale-aws.ts',
  scale: 'src/scale.ts',
  cli: 'src/cli/main.ts',
  testing: 'src/testing/index.ts',
  'testing-msw': 'src/testing/msw.ts',
  'testing-vitest': 'src/testing/vitest.ts',
  'testing-jest': 'src/testing/jest.ts',
}

export default defineConfig({
  entry,
  format: ['esm', 'cjs'],
  // Whoever compiles for less than ESNext and without the types of Node has no Symbol.asyncDispose.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  // Without this the CJS entries each carry a copy of every class (tsup does not split CJS by default).
  splitting: true,
  clean: true,
  // `npm ci` builds, and is to print nothing but errors.
  silent: true,
  // What is ours is not minified and reads like the sources; maps were most of the package, and named the machine's folders.
  sourcemap: false,
  target: 'node20',
  platform: 'node',
  external: [
    '@aws-sdk/client-s3',
    '@aws-sdk/client-s3-control',
    '@aws-sdk/client-sfn',
    'hyparquet',
    'purecloud-platform-client-v2',
    'msw',
    'vitest',
    '@opentelemetry/api',
  ],
  noExternal: esmOnly,
  esbuildPlugins: [
    mainEntryInOneFile(entry, 'src/index.ts'),
    minifyOthers(),
    {
      name: 'esm-only-stays-outside-of-esm',
      setup({ initialOptions, onResolve }) {
        if (initialOptions.outExtension?.['.js'] === '.cjs') return
        onResolve({ filter: /^[^.]/ }, ({ path }) => (esmOnly.includes(path) ? { path, external: true } : undefined))
      },
    },
  ],
})

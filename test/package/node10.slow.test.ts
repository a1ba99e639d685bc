import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { name, exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
const subpaths = Object.keys(exports).filter((path) => typeof exports[path] === 'object')

/** Compiles a consumer as a project with CommonJS and the resolution of TypeScript before 4.7 does; NestJS 10 is one. */
function complaintsOf(source: string): string[] {
  const dir = mkdtempSync(join(tmpdir(), 'node10-'))
  mkdirSync(join(dir, 'node_modules'))
  symlinkSync(root, join(dir, 'node_modules', name))
  writeFileSync(join(dir, 'consumer.ts'), source)
  const program = ts.createProgram([join(dir, 'consumer.ts')], {
    module: ts.ModuleKind.CommonJS,
    moduleResolution: ts.ModuleResolutionKind.Node10,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
  })
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}

test('every subpath is found with moduleResolution node10, and its types are not any', () => {
  expect(subpaths).toContain('./testing/msw')
  const lines = subpaths.flatMap((path, at) => [
    `import * as entry${at} from '${join(name, path)}'`,
    `const notAny${at}: 0 extends 1 & typeof entry${at} ? never : true = true`,
    `void notAny${at}`,
  ])
  expect(complaintsOf(lines.join('\n'))).toEqual([])
})

test('what an entry does not export is still a mistake', () => {
  expect(complaintsOf(`import { S3Nonsense } from '${name}/s3'\nvoid S3Nonsense`)).toEqual([
    expect.stringContaining('S3Nonsense'),
  ])
  expect(complaintsOf(`import '${name}/nowhere'; import { x } from '${name}/nowhere'; void x`)).toEqual([
    expect.stringContaining('nowhere'),
  ])
})

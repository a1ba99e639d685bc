import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const pages = ['README.md', 'CONTRIBUTING.md', ...readdirSync(`${root}docs`).map((file) => `docs/${file}`)].filter(
  (file) => file.endsWith('.md'),
)

/** A block of code of the documentation. */
export interface Block {
  /** Page and number. */
  readonly name: string
  readonly language: string
  readonly code: string
  readonly page: string
  /** The bucket holds what an export of the quickstart's hold has left there. */
  readonly exported: boolean
}

function blocksOf(page: string): Block[] {
  const text = readFileSync(`${root}${page}`, 'utf8')
  const fences = [...text.matchAll(/^```(\S*)( run)?( exported)?\n([\s\S]*?)^```$/gm)]
  return fences.map(([, language = '', run, exported, code = ''], at) => ({
    page,
    name: `${page} #${at + 1}`,
    language: `${language}${run ?? ''}`,
    code,
    exported: exported !== undefined,
  }))
}

/** All blocks of all pages, in their order. */
export const blocks: readonly Block[] = pages.flatMap(blocksOf)

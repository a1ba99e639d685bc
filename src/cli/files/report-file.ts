import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'

/**
 * Writes a report, and never over another one: a name that is taken gets a number. The same report again stays where it is.
 *
 * @returns where it is
 */
export async function writeReport(path: string, report: unknown): Promise<string> {
  const text = `${JSON.stringify(report, null, 2)}\n`
  await mkdir(dirname(path), { recursive: true })
  for (let number = 1; ; number += 1) {
    const file = number === 1 ? path : numbered(path, number)
    try {
      await writeFile(file, text, { flag: 'wx' })
      return file
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    if ((await readFile(file, 'utf8')) === text) return file
  }
}

function numbered(path: string, number: number): string {
  const end = extname(path)
  return `${path.slice(0, path.length - end.length)}-${number}${end}`
}

import { checkBundle } from './bundle-check.js'
import { type ChosenFile, elementOf } from './dom.js'
import { readGiven } from './key.js'
import { type LocalFile, textOf } from './lines.js'
import { checkProof } from './proof-check.js'
import { showRefusal, showResult, showWork } from './show.js'

/** Absent where a page is served over plain HTTP from another machine. */
const subtle: typeof crypto.subtle | undefined = globalThis.crypto?.subtle

elementOf('given-file').addEventListener('change', () => {
  const [file] = elementOf('given-file').files ?? []
  if (file !== undefined) void textOf(file).then((text) => setGiven(text ?? ''))
})
elementOf('check').addEventListener('click', () => {
  const button = elementOf('check')
  button.disabled = true
  void check()
    .catch((error: unknown) => showRefusal(`Nothing was checked: ${error instanceof Error ? error.message : error}.`))
    .finally(() => {
      button.disabled = false
      elementOf('result').focus()
    })
})
if (subtle === undefined)
  showRefusal('This browser has no WebCrypto here: open this page from a file of this computer.')

function setGiven(text: string): void {
  elementOf('given').value = text.trim()
}

async function check(): Promise<void> {
  if (subtle === undefined) return
  const given = readGiven(elementOf('given').value)
  if (typeof given === 'string') return showRefusal(`Nothing was checked. ${given}`)
  const [proof] = elementOf('proof').files ?? []
  const files = chosenFiles()
  if (proof !== undefined && files.size > 0) {
    return showRefusal('Nothing was checked: choose either a folder or a proof, not both.')
  }
  if (proof !== undefined) {
    showWork(`Reading ${proof.name} …`)
    return showResult(await checkProof((await textOf(proof)) ?? '', { subtle, given }))
  }
  if (files.size === 0) return showRefusal('Nothing was checked: choose the folder of the evidence first.')
  const wanted = elementOf('wanted').value.trim()
  showResult(await checkBundle(files, { subtle, given, wanted, onFile: (name) => showWork(`Reading ${name} …`) }))
}

/** By their names below the chosen folder. */
function chosenFiles(): ReadonlyMap<string, LocalFile> {
  const chosen: ChosenFile[] = [...(elementOf('folder').files ?? []), ...(elementOf('files').files ?? [])]
  return new Map(chosen.map((file) => [nameOf(file), file]))
}

function nameOf({ name, webkitRelativePath }: ChosenFile): string {
  return webkitRelativePath === '' ? name : webkitRelativePath.slice(webkitRelativePath.indexOf('/') + 1)
}

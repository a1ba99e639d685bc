import type { LocalFile } from './lines.js'

/** A file that somebody chose. */
export interface ChosenFile extends LocalFile {
  readonly name: string
  /** With the chosen folder in front; empty where files were chosen one by one. */
  readonly webkitRelativePath: string
}

/** The little of an element of the page that the page uses. The library is compiled without the types of a browser. */
export interface PageElement {
  textContent: string | null
  hidden: boolean
  className: string
  value: string
  disabled: boolean
  readonly files: Iterable<ChosenFile> | null
  append(...children: readonly (PageElement | string)[]): void
  replaceChildren(...children: readonly (PageElement | string)[]): void
  addEventListener(type: 'click' | 'change', listener: () => void): void
  focus(): void
}

declare const document: {
  title: string
  getElementById(id: string): PageElement | null
  createElement(tag: string): PageElement
}

/** An element of the page. */
export function elementOf(id: string): PageElement {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`The page has no ${id}.`)
  return element
}

/** A new element with a text or with others in it. Nothing is ever read as markup. */
export function element(tag: string, ...children: readonly (PageElement | string)[]): PageElement {
  const made = document.createElement(tag)
  made.append(...children)
  return made
}

/** Names the page in its tab. */
export function entitle(title: string): void {
  document.title = title
}

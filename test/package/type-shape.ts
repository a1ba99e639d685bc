import { fileURLToPath } from 'node:url'
import ts from 'typescript'

/** A type of TypeScript as plain data, as far as a JSON Schema can say it. */
export type Shape =
  | { readonly kind: 'text' | 'number' | 'flag' | 'anything' }
  | { readonly kind: 'words'; readonly words: readonly unknown[] }
  | { readonly kind: 'list' | 'table'; readonly of: Shape }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, Member>; readonly name: string | undefined }
  | { readonly kind: 'either'; readonly of: readonly Shape[]; readonly name: string | undefined }

export interface Member {
  readonly shape: Shape
  readonly isOptional: boolean
}

/** The members of an interface that a file of `src/` exports. */
export function membersOf(path: string, name: string): ReadonlyMap<string, Member> {
  const file = fileURLToPath(new URL(`../../src/${path}`, import.meta.url))
  const program = ts.createProgram([file], {
    strict: true,
    exactOptionalPropertyTypes: true,
    types: [],
    // The default has the DOM, which takes most of the time.
    lib: ['lib.es2022.d.ts'],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  })
  const checker = program.getTypeChecker()
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  const symbol = module && checker.getExportsOfModule(module).find((one) => one.name === name)
  if (symbol === undefined) throw new Error(`${path} exports no ${name}`)
  const shape = new Reader(checker).shapeOf(checker.getDeclaredTypeOfSymbol(symbol))
  if (shape.kind !== 'object') throw new Error(`${name} is not an interface`)
  return shape.members
}

class Reader {
  readonly #checker: ts.TypeChecker
  readonly #known = new Map<ts.Type, Shape>()

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker
  }

  shapeOf(type: ts.Type): Shape {
    const known = this.#known.get(type)
    if (known !== undefined) return known
    const shape = this.#read(type)
    this.#known.set(type, shape)
    return shape
  }

  #read(type: ts.Type): Shape {
    const name = (type.aliasSymbol ?? type.getSymbol())?.name
    if (type.isUnion()) return this.#union(type, name)
    if (type.flags & ts.TypeFlags.StringLike && !type.isStringLiteral()) return { kind: 'text' }
    if (type.flags & ts.TypeFlags.Number) return { kind: 'number' }
    if (type.isStringLiteral() || type.isNumberLiteral()) return { kind: 'words', words: [type.value] }
    if (type.flags & ts.TypeFlags.BooleanLiteral) {
      return { kind: 'words', words: [this.#checker.typeToString(type) === 'true'] }
    }
    // `string & {}`: a word of an open set.
    if (type.isIntersection() && type.types.some((part) => part.flags & ts.TypeFlags.String)) return { kind: 'text' }
    if (!(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) return { kind: 'anything' }
    const [item] = this.#checker.isArrayType(type) ? this.#checker.getTypeArguments(type as ts.TypeReference) : []
    if (item !== undefined) return { kind: 'list', of: this.shapeOf(item) }
    const value = type.getStringIndexType()
    if (value !== undefined) return { kind: 'table', of: this.shapeOf(value) }
    const members = this.#checker.getPropertiesOfType(type).map((property): [string, Member] => {
      const isOptional = (property.flags & ts.SymbolFlags.Optional) !== 0
      return [property.name, { shape: this.shapeOf(this.#checker.getTypeOfSymbol(property)), isOptional }]
    })
    return { kind: 'object', members: new Map(members), name }
  }

  #union(type: ts.UnionType, name: string | undefined): Shape {
    const parts = type.types.filter((part) => !(part.flags & ts.TypeFlags.Undefined)).map((part) => this.shapeOf(part))
    const words = parts.flatMap((part) => (part.kind === 'words' ? part.words : []))
    const others = parts.filter(({ kind }) => kind !== 'words')
    const isFlag = words.length === 2 && words.every((one) => typeof one === 'boolean')
    const all: Shape[] = [...others]
    if (isFlag) all.push({ kind: 'flag' })
    else if (words.length > 0) all.push({ kind: 'words', words })
    const [only] = all
    return all.length === 1 && only !== undefined ? only : { kind: 'either', of: all, name }
  }
}

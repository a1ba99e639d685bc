import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import type { ContractField, ContractOperation, ContractType, SdkContract } from './sdk-contract.js'

/** Reads models and methods from `index.d.ts`, and paths and names of the wire from the SDK's sources. */
export function readSdk(folder: string, apis: readonly string[]): SdkContract {
  const declarations = parse(join(folder, 'index.d.ts'))
  const models: Record<string, Record<string, ContractField>> = {}
  const options = new Map<string, Record<string, ContractField>>()
  const classes = new Map<string, ts.ClassDeclaration>()
  for (const statement of declarations.statements) {
    if (ts.isClassDeclaration(statement) && statement.name !== undefined) classes.set(statement.name.text, statement)
    if (!ts.isModuleDeclaration(statement) || statement.body === undefined || !ts.isModuleBlock(statement.body))
      continue
    for (const inner of statement.body.statements) {
      if (!ts.isInterfaceDeclaration(inner)) continue
      if (statement.name.text === 'Models') models[inner.name.text] = fieldsOf(inner)
      else options.set(`${statement.name.text}.${inner.name.text}`, fieldsOf(inner))
    }
  }
  const operations = apis.flatMap((api) => {
    const declared = new Map<string, ts.MethodDeclaration>()
    for (const member of classes.get(api)?.members ?? []) {
      if (ts.isMethodDeclaration(member)) declared.set(member.name.getText(declarations), member)
    }
    const source = parse(join(folder, `src/purecloud-platform-client-v2/api/${api}.js`))
    return callsOf(source).flatMap((call) => {
      const method = declared.get(call.name)
      return method === undefined ? [] : [operationOf(call, method, declarations, options)]
    })
  })
  const used = reachable(operations, models)
  return { operations, models: Object.fromEntries([...used].sort().map((name) => [name, models[name] ?? {}])) }
}

function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true)
}

function fieldsOf(declaration: ts.InterfaceDeclaration): Record<string, ContractField> {
  const fields: Record<string, ContractField> = {}
  for (const member of declaration.members) {
    if (!ts.isPropertySignature(member) || member.type === undefined) continue
    const name = ts.isStringLiteral(member.name) ? member.name.text : member.name.getText()
    fields[name] = { type: typeOf(member.type), isRequired: member.questionToken === undefined }
  }
  return fields
}

function typeOf(node: ts.TypeNode): ContractType {
  switch (node.kind) {
    case ts.SyntaxKind.StringKeyword:
      return { kind: 'string' }
    case ts.SyntaxKind.NumberKeyword:
      return { kind: 'number' }
    case ts.SyntaxKind.BooleanKeyword:
      return { kind: 'boolean' }
    case ts.SyntaxKind.ObjectKeyword:
      return { kind: 'object' }
    case ts.SyntaxKind.VoidKeyword:
      return { kind: 'void' }
    default:
  }
  if (ts.isTypeLiteralNode(node)) {
    const [index] = node.members
    return index !== undefined && ts.isIndexSignatureDeclaration(index)
      ? { kind: 'map', of: typeOf(index.type) }
      : { kind: 'object' }
  }
  if (!ts.isTypeReferenceNode(node)) return { kind: 'any' }
  const name = node.typeName.getText()
  const [first] = node.typeArguments ?? []
  if ((name === 'Array' || name === 'Promise') && first !== undefined) {
    return name === 'Array' ? { kind: 'array', of: typeOf(first) } : typeOf(first)
  }
  return name.startsWith('Models.') ? { kind: 'model', name: name.slice('Models.'.length) } : { kind: 'any' }
}

interface Call {
  readonly name: string
  readonly path: string
  readonly method: string
  /** Names of the wire, with the names of the arguments that they are taken from. */
  readonly query: ReadonlyMap<string, string>
  readonly body: string | undefined
}

/** Each method of an API class that calls `this.apiClient.callApi(path, method, pathParams, query, …, body, …)`. */
function callsOf(source: ts.SourceFile): Call[] {
  const calls: Call[] = []
  const visit = (node: ts.Node, name: string | undefined): void => {
    const current = ts.isMethodDeclaration(node) ? node.name.getText(source) : name
    if (
      current !== undefined &&
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      node.expression.name.text === 'callApi'
    ) {
      const [path, method, , query, , , body] = node.arguments
      if (path !== undefined && method !== undefined && ts.isStringLiteral(path) && ts.isStringLiteral(method)) {
        calls.push({
          name: current,
          path: path.text,
          method: method.text,
          query: query !== undefined && ts.isObjectLiteralExpression(query) ? namesOf(query) : new Map(),
          body: body === undefined ? undefined : argumentOf(body),
        })
      }
    }
    ts.forEachChild(node, (child) => visit(child, current))
  }
  visit(source, undefined)
  return calls
}

function namesOf(literal: ts.ObjectLiteralExpression): Map<string, string> {
  return new Map(
    literal.properties.flatMap((property) =>
      ts.isPropertyAssignment(property) && ts.isStringLiteral(property.name)
        ? [[property.name.text, argumentOf(property.initializer) ?? property.name.text] as const]
        : [],
    ),
  )
}

/** `opts['pageSize']`, `jobId`, or either inside of a call that joins a list. */
function argumentOf(node: ts.Expression): string | undefined {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isElementAccessExpression(node) && ts.isStringLiteral(node.argumentExpression))
    return node.argumentExpression.text
  const [first] = ts.isCallExpression(node) ? node.arguments : []
  return first === undefined ? undefined : argumentOf(first)
}

function operationOf(
  call: Call,
  declared: ts.MethodDeclaration,
  source: ts.SourceFile,
  options: ReadonlyMap<string, Record<string, ContractField>>,
): ContractOperation {
  const known = new Map<string, ContractField>()
  for (const parameter of declared.parameters) {
    if (parameter.type === undefined) continue
    const name = parameter.name.getText(source)
    for (const [option, field] of Object.entries(options.get(parameter.type.getText(source)) ?? {})) {
      known.set(option, { ...field, isRequired: false })
    }
    if (name !== 'opts')
      known.set(name, { type: typeOf(parameter.type), isRequired: parameter.questionToken === undefined })
  }
  const fieldOf = (name: string): ContractField => known.get(name) ?? { type: { kind: 'any' }, isRequired: false }
  return {
    name: call.name,
    method: call.method,
    path: call.path,
    query: Object.fromEntries([...call.query].map(([wire, argument]) => [wire, fieldOf(argument)])),
    ...(call.body === undefined ? {} : { body: fieldOf(call.body) }),
    returns: declared.type === undefined ? { kind: 'any' } : typeOf(declared.type),
  }
}

/** Models that an operation's body or answer is made of, all the way down. */
function reachable(
  operations: readonly ContractOperation[],
  models: Readonly<Record<string, Record<string, ContractField>>>,
): Set<string> {
  const found = new Set(['ErrorBody'])
  const add = (type: ContractType): void => {
    if ('of' in type) add(type.of)
    else if (type.kind === 'model') found.add(type.name)
  }
  for (const { body, returns } of operations) {
    if (body !== undefined) add(body.type)
    add(returns)
  }
  for (const name of found) for (const { type } of Object.values(models[name] ?? {})) add(type)
  return found
}

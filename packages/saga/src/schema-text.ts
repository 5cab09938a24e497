/** The parts of a JSON Schema that are shown. */
interface Shown {
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly object[]
  readonly type?: string
  readonly items?: object
  readonly properties?: Readonly<Record<string, object>>
  readonly required?: readonly string[]
}

/** A JSON Schema in one line, as TypeScript would write the type: `{ order_id: integer, note?: string }`. */
export function schemaText(schema: object): string {
  const { const: value, enum: values, anyOf, type, items, properties = {}, required = [] } = schema as Shown
  if (value !== undefined) return String(value)
  if (values) return values.map(String).join(' | ')
  if (anyOf) return anyOf.map(schemaText).join(' | ')
  if (type === 'array') {
    const item = schemaText(items ?? {})
    return item.includes(' | ') && !item.startsWith('{') ? `(${item})[]` : `${item}[]`
  }
  if (type !== 'object') return type ?? 'any'
  const fields = Object.entries(properties).map(([name, field]) => {
    return `${name}${required.includes(name) ? '' : '?'}: ${schemaText(field)}`
  })
  return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}'
}

/** The values that a schema of literals allows: the reasons that a step may fail for. Another schema is shown as it is. */
export function literalsOf(schema: object): readonly string[] {
  const { const: value, enum: values, anyOf } = schema as Shown
  if (value !== undefined) return [String(value)]
  if (values) return values.map(String)
  return anyOf ? anyOf.flatMap(literalsOf) : [schemaText(schema)]
}

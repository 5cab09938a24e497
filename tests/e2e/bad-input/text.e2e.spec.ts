import { type BadInput, eachIsRefused, refusals } from '../../kit/bad-input.ts'
import { product, user } from '../../kit/requests.ts'

const users = 'POST /store-api/users'
const products = 'POST /store-api/products'

/** Each text field, with what makes a body that is right but for it. */
const fields: [request: string, body: (change: object) => object, field: string][] = [
  [users, user, 'name'],
  [products, product, 'name'],
  [products, product, 'sku'],
]
const unseen: [name: string, text: string][] = [
  ['a newline', 'a\nERROR'],
  ['a carriage return', 'a\rb'],
  ['an escape', 'a\u001b[31m'],
  ['a direction override', 'a\u202eb'],
  ['a zero-width space', 'a\u200bb'],
  ['a byte order mark', '\ufeffa'],
]
const texts: BadInput[] = fields.flatMap(([request, body, field]): BadInput[] => {
  const at = `/${field}`
  const where = `${request} ${field}`
  const escaped = (sequence: string) => JSON.stringify(body({ [field]: 'E' })).replace('"E"', `"a${sequence}"`)
  return [
    [`row 28: ${where} empty`, request, body({ [field]: '' }), 422, 'too_short', at],
    [`row 28: ${where} of blanks`, request, body({ [field]: ' \u00a0\u3000' }), 422, 'blank', at],
    [`row 28: ${where} of 10,000 characters`, request, body({ [field]: 'x'.repeat(10_000) }), 422, 'too_long', at],
    [`row 29: ${where} with U+0000`, request, body({ [field]: 'a\u0000b' }), 400, 'not_text', at],
    [`row 29: ${where} with an escaped U+0000`, request, escaped('\\u0000'), 400, 'not_text', at],
    [`row 30: ${where} with a lone surrogate`, request, escaped('\\ud800'), 400, 'not_text', at],
    [`row 30: ${where} with a lone low surrogate`, request, escaped('\\udc00'), 400, 'not_text', at],
    ...unseen.map(
      ([name, text]): BadInput => [
        `rows 31, 34: ${where} with ${name}`,
        request,
        body({ [field]: text }),
        422,
        'unseen_characters',
        at,
      ],
    ),
  ]
})

const rest: BadInput[] = [
  ['row 31: sku decomposed', products, product({ sku: 'CAFE\u0301-1' }), 409, 'sku_taken', '/sku'],
  ['row 31: sku with blanks around it', products, product({ sku: ' CAF\u00c9-1 ' }), 409, 'sku_taken', '/sku'],
  ['row 31: e-mail decomposed', users, user({ email: 'rene\u0301@example.com' }), 409, 'email_taken', '/email'],
  ['row 33: e-mail without @', users, user({ email: 'ada.example.com' }), 422, 'format', '/email'],
  ['row 33: e-mail without a host', users, user({ email: 'ada@' }), 422, 'format', '/email'],
  ['row 33: e-mail with two @', users, user({ email: 'ada@b@example.com' }), 422, 'format', '/email'],
  ['row 33: e-mail of 400 characters', users, user({ email: `a@${'b'.repeat(400)}.com` }), 422, 'too_long', '/email'],
  ['row 33: e-mail with a newline', users, user({ email: 'ada@example.com\nBcc: x' }), 422, 'format', '/email'],
  ['row 33: e-mail in another case', users, user({ email: 'ALovelace@Example.COM' }), 409, 'email_taken', '/email'],
  ['row 33: e-mail as a list', users, user({ email: ['ada@example.com'] }), 400, 'type', '/email'],
]

refusals(
  'Text',
  async (shop) => {
    await shop.post('/store-api/products', product({ sku: 'CAF\u00c9-1' }))
    await shop.post('/store-api/users', user({ email: 'ren\u00e9@example.com' }))
  },
  (store) => eachIsRefused(store, [...texts, ...rest]),
)

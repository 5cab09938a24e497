/*
 * The part of the Compose Specification that compose.yaml uses, as JSON Schema. It is closed: a key that is misspelt, or new to
 * the file, is an error until it is written down here as the specification has it.
 */

const text = { type: 'string', minLength: 1 }
const texts = { type: 'array', items: text, minItems: 1 }
/** Of a command: empty arguments are some, too. */
const command = { type: 'array', items: { type: 'string' }, minItems: 1 }
const duration = { type: 'string', pattern: '^(\\d+(us|ms|s|m|h))+$' }
const name = '^[a-zA-Z0-9._-]+$'

const closed = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const named = (value: object) => ({ type: 'object', patternProperties: { [name]: value }, additionalProperties: false })

const healthcheck = closed(
  { test: command, interval: duration, timeout: duration, start_period: duration, retries: { type: 'integer', minimum: 1 } },
  ['test'],
)
const dependency = closed(
  {
    condition: { enum: ['service_started', 'service_healthy', 'service_completed_successfully'] },
    restart: { type: 'boolean' },
  },
  ['condition'],
)

const service = closed(
  {
    build: text,
    cap_drop: { ...texts, uniqueItems: true },
    command,
    depends_on: named(dependency),
    entrypoint: command,
    // A YAML number such as 010 is not what it looks like.
    environment: named({ type: 'string' }),
    healthcheck,
    image: text,
    network_mode: text,
    networks: { ...texts, uniqueItems: true },
    ports: { ...texts, uniqueItems: true },
    read_only: { type: 'boolean' },
    restart: { type: 'string', pattern: '^(no|always|unless-stopped|on-failure(:\\d+)?)$' },
    security_opt: { ...texts, uniqueItems: true },
    stop_grace_period: duration,
    stop_signal: text,
    tmpfs: texts,
    user: text,
    volumes: { ...texts, uniqueItems: true },
  },
  ['image'],
)

export const composeSchema = {
  ...closed({
    name: { type: 'string', pattern: '^[a-z0-9][a-z0-9_-]*$' },
    services: named(service),
    networks: named(closed({ internal: { type: 'boolean' } })),
    volumes: named(closed({})),
  }),
  required: ['services'],
  // What Compose does not read: the places of the anchors.
  patternProperties: { '^x-': {} },
}

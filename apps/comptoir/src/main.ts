import { Command, InvalidArgumentError, Option } from 'commander'
import { wordsFor } from './command-failure.ts'

const port = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535.')
  return Number(text)
}

/** A log keeps its messages for seven days. */
const hours = (text: string): number => {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1 || Number(text) > 168)
    throw new InvalidArgumentError('it is a whole number from 1 to 168.')
  return Number(text)
}

const program = new Command('comptoir')
  .description('Comptoir, the store back office on a saga toolkit')
  .showHelpAfterError('(add --help for the options)')

/** The ports of services that run alone are those that clients of the old system know. */
const defaultPorts = { all: 8080, store: 5001, payments: 5009, orchestrator: 5123 }

program
  .command('serve', { isDefault: true })
  .description('run the store in this process: on an embedded database, or on the PostgreSQL server of DATABASE_URL')
  .addOption(new Option('--service <name>', 'the service to run').choices(Object.keys(defaultPorts)).default('all'))
  .addOption(
    new Option(
      '--port <n>',
      'the port to listen on; the next free one when it is taken (default: 8080; 5001 store, 5009 payments, 5123 orchestrator)',
    )
      .argParser(port)
      .env('PORT'),
  )
  .option('--data <dir>', 'where the data are kept', './.comptoir')
  .addOption(
    new Option('--ephemeral', 'keep the data in a temporary folder and remove it at the end').default(false).conflicts('data'),
  )
  .option('--json', 'print one line of JSON when ready', false)
  .option('--no-seed', 'begin with an empty store')
  .option('--demo', 'place orders of all kinds all the time', false)
  .addOption(
    new Option('--pay-within <time>', 'how long an order waits for its payment, such as 45s, 30m or 2h')
      .default('30m')
      .env('PAY_WITHIN'),
  )
  .action(async (options) => {
    const service = options.service as keyof typeof defaultPorts
    const { serve } = await import('./serve.ts')
    await serve({ ...options, service, port: options.port ?? defaultPorts[service] })
  })

program
  .command('rebuild')
  .description('make the read model again from the write side, while orders flow')
  .option('--data <dir>', 'where the data are kept', './.comptoir')
  .action(async (options) => (await import('./rebuild.ts')).rebuild(options))

program
  .command('move')
  .description('move an embedded store, which nobody serves just now, to the empty database of DATABASE_URL')
  .option('--data <dir>', 'where the data are kept', './.comptoir')
  .action(async (options) => (await import('./move.ts')).move(options))

program
  .command('migrate')
  .description('bring the databases of the services up to date, and give other roles what they need of it')
  .addOption(new Option('--app <role>', 'the role that serves').env('COMPTOIR_APP_ROLE'))
  .addOption(new Option('--reader <role>', 'the role that reads, for reports').env('COMPTOIR_READER_ROLE'))
  .action(async (options) => (await import('./migrate.ts')).migrateServers(options))

program
  .command('republish')
  .description('publish again what the logs hold, for a Kafka that lost what it had acknowledged')
  .requiredOption('--hours <n>', 'how far to go back', hours)
  .action(async (options) => (await import('./republish.ts')).republish(options))

const saga = program.command('saga').description('look at one saga of a running installation, or act on it')
const ofInstallation = (command: Command): Command =>
  command
    .addOption(
      new Option('--url <address>', 'an instance of the installation, such as http://localhost:8080').env('COMPTOIR_URL'),
    )
    .option('--data <dir>', 'or where the process that serves keeps its data', './.comptoir')
const words = {
  show: 'its plan, why it does not go on, and what was done to it',
  pause: 'begin no step of it, until it is resumed',
  resume: 'let it go on where it stood',
  retry: 'try again what has failed for good',
  cancel: 'turn it back, before its point of no return',
} as const
for (const [act, description] of Object.entries(words)) {
  const command = ofInstallation(saga.command(act).description(description).argument('<id>', 'the id of the saga'))
  if (act !== 'show') command.option('--reason <text>', 'why, for those who look at it later')
  command.action(async (id, options) => (await import('./saga.ts')).actOnSaga(act as keyof typeof words, id, options))
}
ofInstallation(saga.command('stuck').description('the sagas that do not go on: why, and what helps')).action(async (options) =>
  (await import('./saga.ts')).listStuckSagas(options),
)

program
  .command('doctor')
  .description('look at everything an instance needs, and say what is wrong and what to do')
  .option('--data <dir>', 'where the data are kept, without DATABASE_URL', './.comptoir')
  .action(async (options) => (await import('./doctor/doctor.ts')).doctor(options))

program
  .command('check')
  .description('check the declared sagas against the handlers, and say what each step is given, answers and does; needs no store')
  .option('--json', 'print the findings as JSON', false)
  .option(
    '--against <place>',
    'look also whether this code ends what is open in a store: the address of its database, or its data folder',
  )
  .action(async (options) => (await import('./check/check.ts')).check(options))

program
  .command('diagram')
  .description('draw a saga, or all of them, from the declaration, as Mermaid text')
  .argument('[saga]', 'its name, such as PlaceOrder; without one, all on a page of Markdown')
  .addOption(new Option('--state', 'its states (the default)').conflicts('sequence'))
  .addOption(new Option('--sequence <style>', 'who says what to whom').choices(['choreographed', 'messages', 'http']))
  .action(async (saga, options) => (await import('./diagram.ts')).diagram(saga, options))

program
  .command('asyncapi')
  .description('describe all messages as an AsyncAPI 3.0 document')
  .action(async () => (await import('./asyncapi.ts')).printAsyncApi())

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`comptoir: ${wordsFor(error)}\n`)
  process.exit(1)
}

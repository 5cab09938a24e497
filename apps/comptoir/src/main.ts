import { Command, InvalidArgumentError, Option } from 'commander'
import { wordsFor } from './command-failure.ts'

const port = (text: string): number => {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) throw new InvalidArgumentError('a port is a number from 0 to 65535.')
  return Number(text)
}

const program = new Command('comptoir')
  .description('Comptoir, the store back office on a saga toolkit')
  .showHelpAfterError('(add --help for the options)')

program
  .command('serve', { isDefault: true })
  .description('run the whole store in this process')
  .option('--port <n>', 'the port to listen on; the next free one when it is taken', port, 8080)
  .option('--data <dir>', 'where the data are kept', './.comptoir')
  .addOption(
    new Option('--ephemeral', 'keep the data in a temporary folder and remove it at the end').default(false).conflicts('data'),
  )
  .option('--json', 'print one line of JSON when ready', false)
  .option('--no-seed', 'begin with an empty store')
  .option('--demo', 'place orders of all kinds all the time', false)
  .action(async (options) => (await import('./serve.ts')).serve(options))

program
  .command('rebuild')
  .description('make the read model again from the write side, while orders flow')
  .option('--data <dir>', 'where the data are kept', './.comptoir')
  .action(async (options) => (await import('./rebuild.ts')).rebuild(options))

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`comptoir: ${wordsFor(error)}\n`)
  process.exit(1)
}

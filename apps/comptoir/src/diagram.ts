import { type SequenceStyle, sequenceDiagram, stateDiagram } from '@comptoir/saga'
import { CommandFailure } from './command-failure.ts'
import { isNewest, sagas } from './installation.ts'

/**
 * Prints a saga as a Mermaid diagram: its states, or, with a style, who says what to whom. Without a name: all sagas, as
 * a page of Markdown. Of several versions, the newest is drawn.
 */
export function diagram(name: string | undefined, { sequence }: { readonly sequence?: SequenceStyle }): void {
  const draw = sequence === undefined ? stateDiagram : (saga: (typeof sagas)[number]) => sequenceDiagram(saga, sequence)
  if (name === undefined) {
    const pages = sagas.filter(isNewest).map((saga) => `## ${saga.name}\n\n\`\`\`mermaid\n${draw(saga)}\`\`\`\n`)
    process.stdout.write(pages.join('\n'))
    return
  }
  const newest = sagas.filter(isNewest)
  const saga = newest.find((one) => one.name === name)
  if (!saga) throw new CommandFailure(`there is no saga ${name}: there are ${newest.map((one) => one.name).join(', ')}`)
  process.stdout.write(draw(saga))
}

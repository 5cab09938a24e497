import { runWorker } from '../child.ts'
import { atLeast, atMost, figure } from '../figure.ts'
import type { Scenario } from '../scenario.ts'
import { quantile } from '../statistics.ts'
import type { Style, StyleAnswer, StyleWork } from '../workers/styles.ts'

const names: readonly Style[] = ['choreographed', 'messages', 'http']

const inFlight = 200
const words: Readonly<Record<Style, string>> = {
  choreographed: 'choreographed',
  messages: 'orchestrated over messages',
  http: 'orchestrated over HTTP',
}

/** The same orders with the same participants in every style, in turns. */
export const styles: Scenario = {
  name: 'styles',
  modes: ['embedded', 'postgres', 'kafka'],
  async run({ scale, places, say }) {
    const answers: Record<Style, StyleAnswer[]> = { choreographed: [], messages: [], http: [] }
    for (let run = 1; run <= scale.runs; run += 1)
      for (const style of names) {
        say(`run ${run} of ${scale.runs}: ${words[style]}`)
        const work = { style, single: scale.single / 2, sagas: scale.sagas / 4, inFlight }
        answers[style].push(
          await places.fresh((place) => runWorker<StyleWork, StyleAnswer>('styles', { place, ...work }), 'prepared'),
        )
      }
    const of = (style: Style, value: (answer: StyleAnswer) => number) => answers[style].map(value)
    const ratios = answers.messages.map(
      ({ sagasPerSecond }, run) => (100 * sagasPerSecond) / (answers.choreographed[run]?.sagasPerSecond ?? Number.NaN),
    )
    const p50Goal = { goal: places.mode === 'embedded' ? atMost(12, 'ms') : undefined }
    return {
      figures: [
        ...names.flatMap((style) => [
          figure(
            `${words[style]}: one at a time, p50`,
            'ms',
            of(style, ({ latencies }) => quantile(latencies, 0.5)),
            style === 'http' ? p50Goal : {},
          ),
          figure(
            `${words[style]}: ${inFlight} in flight`,
            'sagas/s',
            of(style, ({ sagasPerSecond }) => sagasPerSecond),
          ),
          figure(
            `${words[style]}: CPU of our process`,
            'ms/saga',
            of(style, ({ cpuMsPerSaga }) => cpuMsPerSaga),
          ),
          figure(
            `${words[style]}: messages`,
            'per saga',
            of(style, ({ messagesPerSaga }) => messagesPerSaga),
          ),
          figure(
            `${words[style]}: statements, ${inFlight} in flight`,
            'per saga',
            of(style, ({ statementsPerSaga }) => statementsPerSaga),
          ),
        ]),
        figure('orchestrated over messages, of choreographed', '%', ratios, { goal: atLeast(45, '%') }),
      ],
      details: Object.fromEntries(names.map((style) => [style, answers[style].map(({ latencies: _, ...run }) => run)])),
      notes: [],
    }
  },
}

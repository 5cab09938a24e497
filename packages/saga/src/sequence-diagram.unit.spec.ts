import fc from 'fast-check'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { answerType, commandType } from './command.ts'
import { requested, type Saga, type StepDefinition } from './definition.ts'
import { stateDiagram } from './mermaid.ts'
import { message } from './message.ts'
import { routesOf } from './protocol.ts'
import { sequenceDiagram, sequenceStyles } from './sequence-diagram.ts'
import { arbitrarySaga } from './testing/arbitrary-run.ts'
import { declared, shaped, step } from './testing/declared.ts'
import { mermaidFaults } from './testing/mermaid-grammar.ts'

const pay = { ...step('pivot', 'pay', 'bank'), failed: message('payFailed', Type.Literal('no_money')) }
const saga = declared([step('compensatable', 'reserve', 'shop'), pay], { home: 'desk' })
const timed: Saga = { ...saga, steps: saga.steps.map((one) => (one.name === 'pay' ? { ...one, timeout: 600_000 } : one)) }
/** What is said in a diagram: the texts of its arrows. */
const said = (diagram: string) => [...diagram.matchAll(/^\s*\w+--?>>\w+: (.*)$/gm)].map(([, text = '']) => text)

describe('sequenceDiagram', () => {
  it('draws the choreography: who sends what to whom, failures with their compensation', () => {
    expect(sequenceDiagram(timed, 'choreographed')).toMatchInlineSnapshot(`
      "sequenceDiagram
        participant desk
        participant shop
        participant bank
        desk->>shop: SampleRequested
        Note over shop: reserve (DOING_reserve)
        alt reserve is done
          shop->>bank: reserveDone
          Note over bank: pay (DOING_pay), made definite after 10m
          alt pay is done
            bank->>desk: payDone
            Note over desk: ENDED, completed: SampleEnded
          else pay fails: no_money
            bank->>shop: payFailed
            Note over shop: reserveBack (UNDOING_reserve)
            shop->>desk: reserveUndone
            Note over desk: ENDED, cancelled: SampleEnded
          end
        else reserve fails: {}
          shop->>desk: reserveFailed
          Note over desk: ENDED, cancelled: SampleEnded
        end
      "
    `)
  })

  it('draws commands and answers of an orchestrator', () => {
    expect(sequenceDiagram(saga, 'messages')).toMatchInlineSnapshot(`
      "sequenceDiagram
        participant desk
        participant orchestrator
        participant shop
        participant bank
        Note over orchestrator: Sample begins
        orchestrator->>shop: command:do:reserve
        Note over shop: reserve (DOING_reserve)
        alt reserve is done
          shop-->>orchestrator: answer:do:reserve (done)
          orchestrator->>bank: command:do:pay
          Note over bank: pay (DOING_pay)
          alt pay is done
            bank-->>orchestrator: answer:do:pay (done)
            orchestrator->>desk: SampleEnded (completed)
            Note over desk: ENDED, completed: SampleEnded
          else pay fails: no_money
            bank-->>orchestrator: answer:do:pay (failed)
            orchestrator->>shop: command:undo:reserve
            Note over shop: reserveBack (UNDOING_reserve)
            shop-->>orchestrator: answer:undo:reserve (undone)
            orchestrator->>desk: SampleEnded (cancelled)
            Note over desk: ENDED, cancelled: SampleEnded
          end
        else reserve fails: {}
          shop-->>orchestrator: answer:do:reserve (failed)
          orchestrator->>desk: SampleEnded (cancelled)
          Note over desk: ENDED, cancelled: SampleEnded
        end
      "
    `)
  })

  it('draws calls and answers over HTTP', () => {
    expect(sequenceDiagram(declared([pay]), 'http')).toMatchInlineSnapshot(`
      "sequenceDiagram
        participant shop
        participant orchestrator
        participant bank
        Note over orchestrator: Sample begins
        orchestrator->>bank: POST steps/pay/do
        Note over bank: pay (DOING_pay)
        alt pay is done
          bank-->>orchestrator: 200 done {}
          orchestrator->>shop: SampleEnded (completed)
          Note over shop: ENDED, completed: SampleEnded
        else pay fails: no_money
          bank-->>orchestrator: 200 failed no_money
          orchestrator->>shop: SampleEnded (cancelled)
          Note over shop: ENDED, cancelled: SampleEnded
        end
      "
    `)
  })

  it('I8: the choreography says every message with a route, but settles and what happens in one transaction', () => {
    fc.assert(
      fc.property(arbitrarySaga, (any) => {
        const lastToFail = any.steps.findLastIndex(({ failed }) => failed !== undefined)
        // What no later failure turns back to is never undone.
        const idle = any.steps.slice(Math.max(lastToFail, 0)).flatMap(({ undo }) => (undo ? [undo.done.name] : []))
        const first = any.steps[0] as StepDefinition
        const last = any.steps.at(-1) as StepDefinition
        const inside = [
          ...(first.at === any.home ? [requested(any), first.failed?.name, first.undo?.done.name] : []),
          ...(last.at === any.home ? [last.done.name] : []),
        ]
        const unsaid = new Set<string | undefined>([...idle, ...inside])
        const drawn = [...routesOf(any).keys()].filter((type) => !type.startsWith('settle:') && !unsaid.has(type))
        expect([...new Set(said(sequenceDiagram(any, 'choreographed')))].sort()).toEqual(drawn.sort())
      }),
    )
  })

  it('an orchestrator asks only what a driver may ask, and is answered each time', () => {
    const texts = said(sequenceDiagram(shaped(['compensatable', 'compensatable', 'pivot', 'retriable']), 'messages'))
    const forward = ['s1', 's2', 's3', 's4'].map((name) => ({ step: name, phase: 'do' as const }))
    const back = ['s1', 's2'].map((name) => ({ step: name, phase: 'undo' as const }))
    const commands = new Set(texts.filter((text) => text.startsWith('command:')))
    expect([...commands].sort()).toEqual([...forward, ...back].map(commandType).sort())
    const answers = new Set(texts.flatMap((text) => /^(answer:\S+) \(/.exec(text)?.[1] ?? []))
    expect([...answers].sort()).toEqual([...forward, ...back].map(answerType).sort())
  })
})

describe('every diagram is Mermaid', () => {
  it('of any saga', () => {
    fc.assert(
      fc.property(arbitrarySaga, (any) => {
        for (const style of sequenceStyles) expect(mermaidFaults(sequenceDiagram(any, style))).toEqual([])
        expect(mermaidFaults(stateDiagram(any))).toEqual([])
      }),
    )
  })

  it('whatever words of Mermaid name its places and states, and whatever its reasons say', () => {
    const awkward = declared(
      [
        { ...step('compensatable', 'end', 'end'), state: 'NOTE', failed: message('endFailed', Type.Literal('a;b#c')) },
        { ...step('pivot', 'alt', 'my-shop'), state: 'End' },
        step('retriable', 'note', 'end_'),
      ],
      { home: 'my_shop', end: { state: 'state', message: message('Ended', Type.Object({})) } },
    )
    for (const style of sequenceStyles) expect(mermaidFaults(sequenceDiagram(awkward, style))).toEqual([])
    expect(mermaidFaults(stateDiagram(awkward))).toEqual([])
    expect(sequenceDiagram(awkward, 'choreographed')).toContain('participant end__ as end\n')
    expect(sequenceDiagram(awkward, 'choreographed')).toContain('fails: a#59;b#35;c\n')
    expect(stateDiagram(awkward)).toContain('  state "NOTE" as NOTE_\n  state "End" as End_\n')
  })

  it.each([
    ['a place that nobody declared', 'sequenceDiagram\n  a->>b: hello\n'],
    ['a word of Mermaid as a place', 'sequenceDiagram\n  participant end\n'],
    ['an alt without an end', 'sequenceDiagram\n  participant a\n  alt x\n  a->>a: b\n'],
    ['an end without an alt', 'sequenceDiagram\n  end\n'],
    ['a text that ends early', 'sequenceDiagram\n  participant a\n  a->>a: b; c\n'],
    ['a state with a dash', 'stateDiagram-v2\n  a-b --> c\n'],
    ['a state that is a word', 'stateDiagram-v2\n  NOTE --> c : d\n'],
  ])('and %s is found', (_, diagram) => {
    expect(mermaidFaults(diagram)).not.toEqual([])
  })
})

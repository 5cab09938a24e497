import { expect, it } from 'vitest'
import { atLeast, type Figure, figure } from './figure.ts'
import { machine } from './machine.ts'
import { picture } from './picture.ts'

const found = (...figures: Figure[]) => ({ at: '2030-01-15T12:00:00.000Z', commit: 'abc1234', machine, figures })
const widthsOf = (svg: string) =>
  [...svg.matchAll(/<rect x="402" y="[\d.]+" width="([\d.]+)" height="\d+" fill="(#\w+)"/g)].map(([, width, fill]) => [
    Number(width),
    fill,
  ])

it('figures of one scenario and unit share a scale with their goals and the loop by hand', () => {
  const svg = picture('test', {
    throughput: found(
      figure('slow', 'sagas/s', [100], { byHand: [200], goal: atLeast(150, 'sagas/s') }),
      figure('fast', 'sagas/s', [400], { goal: atLeast(150, 'sagas/s') }),
      figure('dear', 'ms', [7]),
    ),
  })
  expect(widthsOf(svg)).toEqual([
    [85, '#c0504d'],
    [170, '#b9b9b9'],
    [340, '#3f8f5f'],
    [340, '#5b7fa6'],
  ])
  expect(svg).toContain('goal ≥ 150 sagas/s: missed')
})

it('what is written is text, not markup', () => {
  expect(picture('a < b & c', {})).toContain('a &lt; b &amp; c')
})

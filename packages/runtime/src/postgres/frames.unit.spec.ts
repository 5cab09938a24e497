import { expect, test } from 'vitest'
import { Frames } from './frames.ts'

function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

const ready = message('Z', Buffer.from('I'))
const answers = [
  Buffer.concat([message('D', Buffer.from('ZZZZZZZZ')), ready]),
  ready,
  Buffer.concat([message('D', Buffer.alloc(300, 'Z')), message('C', Buffer.alloc(0)), ready]),
]
const stream = Buffer.concat([...answers, ...answers])

test.each([1, 2, 3, 5, 7, 64, 100, 333, stream.length])('answers are cut alike when they arrive %s bytes at a time', (size) => {
  const frames = new Frames()
  const taken: string[] = []
  for (let at = 0; at < stream.length; at += size) {
    frames.push(stream.subarray(at, at + size), (answer) => taken.push(answer.toString('latin1')))
  }
  expect(taken).toEqual([...answers, ...answers].map((answer) => answer.toString('latin1')))
  expect(frames.unfinished()).toHaveLength(0)
})

test('an answer larger than what is kept, and what came of the next one', () => {
  const frames = new Frames()
  const large = Buffer.concat([message('D', Buffer.alloc(5_000_000, 'x')), ready])
  const begun = message('D', Buffer.from('begun'))
  const bytes = Buffer.concat([large, begun, begun.subarray(0, 7)])
  const taken: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 65_536) {
    frames.push(bytes.subarray(at, at + 65_536), (answer) => taken.push(Buffer.from(answer)))
  }
  expect(taken).toHaveLength(1)
  expect(taken[0]?.equals(large)).toBe(true)
  expect(frames.unfinished().equals(begun)).toBe(true)
})

import { describe, expect, test } from 'vitest'
import { consoleLines, consolePicture } from './console-picture.ts'

const lines = (text: string) => consoleLines(Buffer.from(text))

test.each<[string, string, string[]]>([
  ['nothing', '', []],
  ['lines', 'one\r\ntwo\r\n\r\n', ['one', 'two']],
  ['a line written over', '10 %\r100 %', ['100 %']],
  ['a character taken back', 'ab\bc', ['ac']],
  ['tabs', 'a\tb', ['a       b']],
  ['a line that is too long', `${'x'.repeat(80)}y`, ['x'.repeat(80), 'y']],
  ['a line that just fits', `${'x'.repeat(80)}\r\ny`, ['x'.repeat(80), 'y']],
  ['colours', '\x1b[1;31mred\x1b[0m', ['red']],
  ['a cleared screen', 'before\x1b[2J\x1b[Hafter', ['after']],
  ['a reset terminal', 'before\x1bcafter', ['after']],
  ['a bell and a delete', '\x07a\x7fb', ['ab']],
  ['a feed without return', 'a\nb', ['a', ' b']],
])('a terminal shows %s', (_title, text, shown) => expect(lines(text)).toEqual(shown))

describe('the picture', () => {
  /** The picture of the character at a place, a row a line. */
  const shape = (console: string, row: number, column: number) => {
    const { width, pixels } = consolePicture(Buffer.from(console))
    return Array.from({ length: 13 }, (_, y) =>
      Array.from({ length: 8 }, (_, x) => (pixels[((row * 13 + y) * width + column * 8 + x) * 4] ? '#' : '.')).join(''),
    )
  }
  const letter = [
    '..##....',
    '.#..#...',
    '#....#..',
    '#....#..',
    '#....#..',
    '######..',
    '#....#..',
    '#....#..',
    '#....#..',
  ]

  test('has 25 lines of 80 characters', () =>
    expect(consolePicture(Buffer.from(''))).toMatchObject({ width: 640, height: 325 }))

  test('draws a character where it stands', () => {
    const drawn = shape('\r\n A', 1, 1)
    expect(drawn.slice(2, 11).map((row) => row.replace('.', ''))).toEqual(letter.map((row) => row.slice(0, 7)))
    expect([...drawn.slice(0, 2), ...drawn.slice(11)]).toEqual(Array(4).fill('........'))
    expect(shape('\r\n A', 0, 1)).toEqual(Array(13).fill('........'))
  })

  test('draws a question mark for what it has no form of', () => expect(shape('é', 0, 0)).toEqual(shape('?', 0, 0)))

  test('shows the end of a long console', () =>
    expect(shape(`${'x\r\n'.repeat(100)}A`, 24, 0)).toEqual(shape('A', 0, 0)))
})

import { stripVTControlCharacters } from 'node:util'
import { glyph, glyphSize } from './console-font.ts'
import { blankPicture, type Picture } from './picture.ts'

const columns = 80
const rows = 25

/** What a console says when the terminal is reset, or its screen cleared. */
const clearings = ['\x1bc', '\x1b[2J']

/** What a terminal of 80 columns shows of a console's bytes: its lines, without those at the end that are empty. */
export function consoleLines(console: Uint8Array): string[] {
  const lines: string[][] = [[]]
  let column = 0
  const newLine = () => {
    lines.push([])
    column = 0
  }
  const all = Buffer.from(console).toString('utf8')
  const cleared = Math.max(0, ...clearings.map((sequence) => all.lastIndexOf(sequence)))
  const text = stripVTControlCharacters(all.slice(cleared))
  for (const character of text) {
    if (character === '\n') lines.push([])
    else if (character === '\r') column = 0
    else if (character === '\b') column = Math.max(0, column - 1)
    else if (character === '\t') column = Math.min(columns - 1, (Math.floor(column / 8) + 1) * 8)
    else if (character >= ' ' && character !== '\x7f') {
      if (column === columns) newLine()
      const line = lines.at(-1) ?? []
      line[column] = character
      column += 1
    }
  }
  const shown = lines.map((line) =>
    Array.from(line, (character) => character ?? ' ')
      .join('')
      .trimEnd(),
  )
  while (shown.at(-1) === '') shown.pop()
  return shown
}

/** The last 25 lines of a console as a picture, as a terminal of 25 lines shows them: light grey on black. */
export function consolePicture(console: Uint8Array): Picture {
  const picture = blankPicture(columns * glyphSize.width, rows * glyphSize.height)
  for (const [row, line] of consoleLines(console).slice(-rows).entries()) {
    for (const [column, character] of [...line].entries()) draw(picture, row, column, character)
  }
  return picture
}

function draw({ width, pixels }: Picture, row: number, column: number, character: string): void {
  for (const [y, bits] of glyph(character).entries()) {
    for (let x = 0; x < glyphSize.width; x += 1) {
      if ((bits & (0x80 >> x)) === 0) continue
      const pixel = (row * glyphSize.height + y) * width + column * glyphSize.width + x
      pixels.fill(0xaa, pixel * 4, pixel * 4 + 3)
    }
  }
}

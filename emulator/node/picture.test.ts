import { describe, expect, test } from 'vitest'
import { blankPicture, fitted, type Picture, readPpm } from './picture.ts'

describe('PPM', () => {
  test('is rows of red, green and blue', () => {
    const file = Buffer.concat([Buffer.from('P6\n2 1\n255\n'), Buffer.from([1, 2, 3, 4, 5, 6])])
    expect(readPpm(file)).toEqual({ width: 2, height: 1, pixels: Uint8Array.from([1, 2, 3, 0, 4, 5, 6, 0]) })
  })

  test.each([
    ['nothing', ''],
    ['another format', 'P5\n1 1\n255\nxxx'],
    ['more colours', 'P6\n1 1\n65535\nxxx'],
    ['too little', 'P6\n1 1\n255\nxx'],
    ['too much', 'P6\n1 1\n255\nxxxx'],
  ])('that is %s is refused', (_title, file) => expect(() => readPpm(Buffer.from(file))).toThrow('PPM'))
})

describe('a picture', () => {
  /** A picture whose pixels bear their place: x in red, y in green. */
  const placed = (width: number, height: number): Picture => {
    const picture = blankPicture(width, height)
    for (let at = 0; at < width * height; at += 1) picture.pixels.set([at % width, Math.floor(at / width)], at * 4)
    return picture
  }
  const places = ({ width, height, pixels }: Picture) =>
    Array.from({ length: width * height }, (_, at) => `${pixels[at * 4]},${pixels[at * 4 + 1]}`)

  test('that fits stays as it is', () => {
    const picture = placed(4, 3)
    expect(fitted(picture, 4, 3)).toBe(picture)
  })

  test.each<[number, number, string[]]>([
    [2, 3, ['0,0', '2,0', '0,2', '2,2']],
    [4, 2, ['0,0', '2,0', '0,2', '2,2']],
    [3, 3, ['0,0', '2,0', '0,2', '2,2']],
    [1, 1, ['0,0']],
  ])('that is too large for %i x %i loses rows and columns alike', (width, height, expected) =>
    expect(places(fitted(placed(4, 3), width, height))).toEqual(expected),
  )
})

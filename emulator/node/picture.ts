/** A picture: rows from the top, four bytes a pixel: red, green, blue, and one without meaning. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly pixels: Uint8Array
}

/** A black picture. */
export const blankPicture = (width: number, height: number): Picture => ({
  width,
  height,
  pixels: new Uint8Array(width * height * 4),
})

/** Reads a picture in the format PPM with 8 bits a colour, as QEMU writes it. Throws for anything else. */
export function readPpm(file: Uint8Array): Picture {
  const [header = '', columns, rows] =
    /^P6\n(\d+) (\d+)\n255\n/.exec(Buffer.from(file.subarray(0, 64)).toString('latin1')) ?? []
  const [width, height] = [Number(columns), Number(rows)]
  if (header === '' || file.length !== header.length + width * height * 3)
    throw new Error('no picture in the format PPM')
  const picture = blankPicture(width, height)
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const from = header.length + pixel * 3
    picture.pixels.set(file.subarray(from, from + 3), pixel * 4)
  }
  return picture
}

/** The picture, made smaller by leaving out rows and columns when it is larger than this. */
export function fitted(picture: Picture, width: number, height: number): Picture {
  const step = Math.ceil(Math.max(picture.width / width, picture.height / height))
  if (step <= 1) return picture
  const small = blankPicture(Math.ceil(picture.width / step), Math.ceil(picture.height / step))
  for (let y = 0; y < small.height; y += 1) {
    for (let x = 0; x < small.width; x += 1) {
      const from = (y * step * picture.width + x * step) * 4
      small.pixels.set(picture.pixels.subarray(from, from + 4), (y * small.width + x) * 4)
    }
  }
  return small
}

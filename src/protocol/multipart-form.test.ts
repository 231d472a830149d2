import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { FormTooLarge, MalformedForm, readUploadForm } from './multipart-form.ts'

const type = 'multipart/form-data; boundary=xYz'
const limits = { beforeFile: 1000, behindFile: 'refused' } as const

/** A body that arrives in pieces of so many bytes. */
const inPieces = (body: Buffer, size: number) =>
  Readable.from(
    Array.from({ length: Math.ceil(body.length / size) }, (_, at) => body.subarray(at * size, (at + 1) * size)),
  )

/** Full of what nearly is the end of the file. */
const file = Buffer.from(['\r\n--xY', '\r\n', '\n--xYz', '\r\r\n--xY\r\n-', 'end\r'].join('').repeat(3))
const whole = Buffer.concat([
  Buffer.from('preamble\r\n--xYz\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\nb\r\n--xYz\r\n'),
  Buffer.from(
    'content-type: text/plain\r\nCONTENT-DISPOSITION: form-data; name=file; filename="C:\\d\\f \\".txt"\r\n\r\n',
  ),
  file,
  Buffer.from('\r\n--xYz--\r\nepilogue'),
])

test.each([1, 2, 3, 5, 7, 8, 9, 64, 1000])('a form in pieces of %i bytes is read the same', async (size) => {
  const form = await readUploadForm(inPieces(whole, size), type, limits)
  expect(form.fields).toEqual([['key', 'a\r\nb']])
  expect(form.file).toMatchObject({ filename: 'f ".txt', contentType: 'text/plain' })
  expect((await buffer(form.file?.body ?? Readable.from([]))).equals(file)).toBe(true)
})

test('every cut is noticed, in the fields or in the file', async () => {
  const end = whole.indexOf('--xYz--') + '--xYz--'.length
  for (let length = 0; length < end; length += 1) {
    const read = async () => {
      const form = await readUploadForm(inPieces(whole.subarray(0, length), 64), type, limits)
      await buffer(form.file?.body ?? Readable.from([]))
    }
    await expect(read(), `of ${length} bytes`).rejects.toThrow(MalformedForm)
  }
})

describe('what stands before the file', () => {
  const before = whole.indexOf(file) - '\r\n'.length

  test('may be as large as it may be', async () => {
    const form = await readUploadForm(inPieces(whole, 10), type, { ...limits, beforeFile: before })
    expect(form.fields).toHaveLength(1)
    form.file?.discard()
  })

  test('may not be larger, and what is left is dropped', async () => {
    const source = inPieces(whole, 10)
    await expect(readUploadForm(source, type, { ...limits, beforeFile: before - 40 })).rejects.toThrow(FormTooLarge)
    await expect.poll(() => source.readableEnded).toBe(true)
  })
})

test('what breaks the source breaks the file', async () => {
  const source = Readable.from(
    (async function* () {
      yield whole.subarray(0, whole.length - 30)
      throw new Error('the client went away')
    })(),
  )
  const form = await readUploadForm(source, type, limits)
  await expect(buffer(form.file?.body ?? Readable.from([]))).rejects.toThrow('the client went away')
})

test.each([
  ['none', undefined],
  ['of another kind', 'text/plain; boundary=x'],
  ['without a boundary', 'multipart/form-data; charset=utf-8'],
])('a content type that is %s is refused', async (_, contentType) => {
  await expect(readUploadForm(inPieces(whole, 64), contentType, limits)).rejects.toThrow(MalformedForm)
})

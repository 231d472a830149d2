import { Readable } from 'node:stream'

/** A body that is no well-formed multipart/form-data. */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm'
}

/** The fields before the file take more bytes than they may. */
export class FormTooLarge extends Error {
  override readonly name = 'FormTooLarge'
}

/** The file of a form, the last part that counts. */
export interface FormFile {
  /** As the client named it, without a path. */
  readonly filename: string | undefined
  readonly contentType: string | undefined
  /** Its bytes as they arrive. It errs where the form ends before its closing boundary, or the source does. */
  readonly body: Readable
  /** Reads and drops what is left of the form, so that its connection can be used again. */
  discard(): void
}

/** A form with one file. */
export interface UploadForm {
  /** In order, as sent. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  /** Undefined when the form has no part named `file`. */
  readonly file: FormFile | undefined
}

/** How a form is read. */
export interface FormLimits {
  /** Bytes of all that stands before the file's own. */
  readonly beforeFile: number
  /** Whether parts behind the file are passed over, or make the form malformed. */
  readonly behindFile: 'ignored' | 'refused'
}

const lineEnd = Buffer.from('\r\n')
const headersEnd = Buffer.from('\r\n\r\n')

/** The boundary in a Content-Type. Throws MalformedForm. */
function boundaryOf(contentType: string | undefined): string {
  const [, quoted, bare] =
    /^multipart\/form-data\s*;.*?\bboundary=(?:"([^"]+)"|([^\s;,"]+))/i.exec(contentType ?? '') ?? []
  const boundary = quoted ?? bare
  // RFC 2046 allows 70 characters; a few clients take more.
  if (boundary === undefined || boundary.length > 200) throw new MalformedForm('Content-Type not multipart/form-data')
  return boundary
}

/** Takes a stream apart at markers, never holding more than was asked for and one chunk. */
class Scanner {
  // Not `for await`: leaving that early destroys the source, and with it the connection that awaits an answer.
  readonly #source: AsyncIterator<Buffer, undefined>
  #held: Buffer
  #room: number

  /** `held` counts as if it had been read; `room` is how many bytes `until` may take in all. */
  constructor(source: Readable, held: Buffer, room: number) {
    this.#source = source[Symbol.asyncIterator]()
    this.#held = held
    this.#room = room
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#source.next()
    if (done) throw new MalformedForm('The form ends before its closing boundary')
    this.#held = this.#held.length ? Buffer.concat([this.#held, value]) : value
  }

  /** The bytes before a marker, which is taken as well. Throws FormTooLarge. */
  async until(marker: Buffer): Promise<Buffer> {
    for (let from = 0; ; ) {
      const at = this.#held.indexOf(marker, from)
      if ((at < 0 ? this.#held.length : at) > this.#room) throw new FormTooLarge('The fields of the form are too large')
      if (at >= 0) {
        const before = this.#held.subarray(0, at)
        this.#room -= at + marker.length
        this.#held = this.#held.subarray(at + marker.length)
        return before
      }
      from = Math.max(0, this.#held.length - marker.length + 1)
      await this.#more()
    }
  }

  /** The next bytes, exactly so many. */
  async take(bytes: number): Promise<Buffer> {
    while (this.#held.length < bytes) await this.#more()
    const taken = this.#held.subarray(0, bytes)
    this.#held = this.#held.subarray(bytes)
    return taken
  }

  /** The bytes before a marker as they come; ends behind it. */
  async *stream(marker: Buffer): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(marker)
      const sure = at < 0 ? Math.max(0, this.#held.length - marker.length + 1) : at
      const piece = this.#held.subarray(0, sure)
      this.#held = this.#held.subarray(at < 0 ? sure : at + marker.length)
      if (piece.length) yield piece
      if (at >= 0) return
      await this.#more()
    }
  }

  /** Reads the source to its end: only then is it known to be what was signed. */
  async drain(): Promise<void> {
    while (!(await this.#source.next()).done);
  }

  /** Drains in the background; what is wrong with bytes that nobody wants no longer matters. */
  discard(): void {
    this.drain().catch(() => undefined)
  }
}

/** A parameter of a Content-Disposition; browsers send quotes in it as `%22`. */
function parameter(disposition: string, name: string): string | undefined {
  const [, quoted, bare] =
    new RegExp(`;\\s*${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]*))`, 'is').exec(disposition) ?? []
  return quoted?.replaceAll('\\"', '"').replaceAll('%22', '"') ?? bare
}

function partHeaders(bytes: Buffer): { name: string; filename: string | undefined; contentType: string | undefined } {
  const lines = bytes.toString('utf8').split('\r\n')
  const header = (name: string) =>
    lines
      .find((line) => line.toLowerCase().startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim()
  const disposition = header('content-disposition') ?? ''
  const name = parameter(disposition, 'name')
  if (!/^form-data\b/i.test(disposition) || !name) throw new MalformedForm('A part of the form has no name')
  const filename = parameter(disposition, 'filename')?.replace(/^.*[/\\]/s, '')
  return { name, filename, contentType: header('content-type') }
}

async function* fileBytes(scanner: Scanner, delimiter: Buffer, behindFile: FormLimits['behindFile']) {
  yield* scanner.stream(delimiter)
  const isLast = (await scanner.take(2)).toString('latin1') === '--'
  if (!isLast && behindFile === 'refused') {
    throw new MalformedForm('Must not have any trailing form parts after file content')
  }
  await scanner.drain()
}

/** Reads parts until one is the file, or the form ends. */
async function readParts(
  scanner: Scanner,
  delimiter: Buffer,
  behindFile: FormLimits['behindFile'],
): Promise<UploadForm> {
  const fields: [string, string][] = []
  await scanner.until(delimiter)
  for (;;) {
    if ((await scanner.take(2)).toString('latin1') === '--') {
      await scanner.drain()
      return { fields, file: undefined }
    }
    const { name, ...about } = partHeaders(await scanner.until(headersEnd))
    if (name.toLowerCase() === 'file') {
      const body = Readable.from(fileBytes(scanner, delimiter, behindFile), { objectMode: false })
      const discard = () => {
        body.destroy()
        scanner.discard()
      }
      return { fields, file: { ...about, body, discard } }
    }
    fields.push([name, (await scanner.until(delimiter)).toString('utf8')])
  }
}

/**
 * Reads a form up to the bytes of its file, in memory that does not depend on the file's size. Fields that stand behind
 * the file are not seen. Throws MalformedForm, FormTooLarge and what the source is destroyed with; the source itself is
 * never destroyed, and what is left of it is dropped.
 */
export async function readUploadForm(
  source: Readable,
  contentType: string | undefined,
  { beforeFile, behindFile }: FormLimits,
): Promise<UploadForm> {
  const delimiter = Buffer.from(`\r\n--${boundaryOf(contentType)}`)
  // The first boundary needs no line end before it.
  const scanner = new Scanner(source, lineEnd, beforeFile)
  try {
    return await readParts(scanner, delimiter, behindFile)
  } catch (error) {
    scanner.discard()
    throw error
  }
}

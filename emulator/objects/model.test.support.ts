import type { PageRequest } from './paging.ts'
import type { Versioning } from './records.ts'

/** A version in the model; without a body it is a delete marker. */
export interface ModelVersion {
  readonly id: string
  readonly body: string | undefined
}

/** What a listing of the model asks for; `afterId` goes with `after`. */
export interface ModelRequest extends PageRequest {
  readonly afterId?: string | undefined
}

/** A page as text: `prefix p/`, `key body` of an object, `key id body latest` of a version. */
export interface ModelPage {
  readonly entries: string[]
  readonly truncated: boolean
  /** What the last entry is, to go on after it. */
  readonly last: { readonly after: string; readonly afterId?: string | undefined } | undefined
}

interface Row {
  readonly name: string
  readonly id?: string
  readonly text: string
}

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** Rows, in order, as a page: S3 counts keys and common prefixes alike. */
function pageOf(rows: readonly Row[], { prefix, delimiter, after, afterId, limit }: ModelRequest): ModelPage {
  const at = rows.findIndex(({ name, id }) => name === after && id === afterId)
  const left = rows.filter(
    ({ name }, index) => after === '' || bytewise(name, after) > 0 || (at >= 0 && name === after && index > at),
  )
  const rolled = new Map<string, Row>()
  for (const [index, row] of left.entries()) {
    if (!row.name.startsWith(prefix)) continue
    const end = delimiter === '' ? -1 : row.name.indexOf(delimiter, prefix.length)
    const common = end < 0 ? undefined : row.name.slice(0, end + delimiter.length)
    if (common === undefined) rolled.set(`${index}`, row)
    else if (after === '' || bytewise(common, after) > 0)
      rolled.set(`prefix ${common}`, { name: common, text: `prefix ${common}` })
  }
  const all = [...rolled.values()]
  const shown = all.slice(0, limit)
  const last = shown.at(-1)
  return {
    entries: shown.map(({ text }) => text),
    truncated: limit > 0 && all.length > limit,
    last: last && { after: last.name, afterId: last.id },
  }
}

export type ModelBucket = ReturnType<typeof modelBucket>

/** A bucket as S3's documentation describes it, in as few words as possible. */
export function modelBucket() {
  let versioning: Versioning | undefined
  const keys = new Map<string, readonly ModelVersion[]>()
  const versions = (key: string) => keys.get(key) ?? []
  const current = (key: string) => (versions(key)[0]?.body === undefined ? undefined : versions(key)[0])
  const add = (key: string, version: ModelVersion) => {
    const kept = versioning === 'Enabled' ? versions(key) : versions(key).filter(({ id }) => id !== 'null')
    keys.set(key, [version, ...kept])
  }
  const inOrder = () => [...keys.keys()].sort(bytewise)
  return {
    versioning: () => versioning,
    setVersioning: (to: Versioning) => {
      versioning = to
    },
    put: (key: string, body: string, id: string) => add(key, { id, body }),
    /** Without versioning there is nothing but the object; with it there is a marker with an id. */
    remove(key: string, markerId = 'null') {
      if (versioning === undefined) keys.delete(key)
      else add(key, { id: markerId, body: undefined })
    },
    /** False when there is no such version. */
    removeVersion(key: string, id: string) {
      const left = versions(key).filter((version) => version.id !== id)
      const isGone = left.length < versions(key).length
      keys.set(key, left)
      return isGone
    },
    versions,
    current,
    keys: inOrder,
    listObjects: (request: PageRequest): ModelPage =>
      pageOf(
        inOrder().flatMap((name) => (current(name) ? [{ name, text: `${name} ${current(name)?.body}` }] : [])),
        request,
      ),
    listVersions: (request: ModelRequest): ModelPage =>
      pageOf(
        inOrder().flatMap((name) =>
          versions(name).map(({ id, body = 'marker' }, index) => ({
            ...{ name, id },
            text: `${name} ${id} ${body} ${index === 0}`,
          })),
        ),
        request,
      ),
  }
}

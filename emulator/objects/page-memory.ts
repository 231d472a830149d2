/**
 * Pages that cost many seeks to read, remembered while nothing is written to their bucket. A page is read, kept and
 * shown again only while no write is under way, and a write that begins forgets the pages of its bucket: so what is
 * shown again is what reading would give.
 */
export interface PageMemory<Page> {
  /** The page that answers a question about a bucket. */
  recall(bucket: string, question: string, read: () => Page): Page
  /** Something is about to be written to the bucket. */
  writing(bucket: string): void
  /** Readers see it now. A write that fails does not say so: its bucket has no remembered pages any more. */
  written(bucket: string): void
}

/** A memory that remembers nothing yet. When it has that many pages, all are forgotten before the next. */
export function createPageMemory<Page>(mostPages: number): PageMemory<Page> {
  const pages = new Map<string, Map<string, Page>>()
  const underWay = new Map<string, number>()
  let count = 0
  const forget = (bucket: string) => {
    count -= pages.get(bucket)?.size ?? 0
    pages.delete(bucket)
  }
  const keep = (bucket: string, question: string, page: Page) => {
    if (count === mostPages) for (const name of [...pages.keys()]) forget(name)
    const ofBucket = pages.get(bucket) ?? new Map<string, Page>()
    pages.set(bucket, ofBucket.set(question, page))
    count += 1
  }
  return {
    recall(bucket, question, read) {
      const known = pages.get(bucket)?.get(question)
      if (known !== undefined) return known
      const page = read()
      if (page !== undefined && !underWay.has(bucket)) keep(bucket, question, page)
      return page
    },
    writing(bucket) {
      forget(bucket)
      underWay.set(bucket, (underWay.get(bucket) ?? 0) + 1)
    },
    written(bucket) {
      const left = (underWay.get(bucket) ?? 0) - 1
      if (left > 0) underWay.set(bucket, left)
      else underWay.delete(bucket)
    },
  }
}

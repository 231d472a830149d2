import type { Draft, Store } from './store.ts'

/** What every record has. */
export interface Identified {
  readonly id: string
}

/** One kind of record in the store, typed. */
export interface Table<Kind extends Identified> {
  get(id: string): Kind | undefined
  list(): Kind[]
  /** The same table as one change sees and alters it. */
  in(draft: Draft): {
    get(id: string): Kind | undefined
    list(): Kind[]
    put(record: Kind): void
    remove(id: string): void
  }
}

/** The table `name` of a store. */
export function table<Kind extends Identified>(store: Store, name: string): Table<Kind> {
  return {
    get: (id) => store.get<Kind>(name, id),
    list: () => store.list<Kind>(name),
    in: (draft) => ({
      get: (id) => draft.get<Kind>(name, id),
      list: () => draft.list<Kind>(name),
      put: (record) => draft.put(name, record.id, record),
      remove: (id) => draft.remove(name, id),
    }),
  }
}

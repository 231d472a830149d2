import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Damage } from './examine.ts'
import { openObjectStore } from './store.ts'
import { openTables } from './tables.ts'

/**
 * Makes good what an examination found in a store that nobody has open. Bytes that are wrong cannot be made right: their
 * versions and uploads are removed. What has no `mend` stays.
 */
export async function mend(folder: string, damage: readonly Damage[]): Promise<void> {
  const tables = openTables(join(folder, 'index.mdb'))
  try {
    for (const { mend } of damage) {
      if (mend?.by === 'rows') await tables.commit((writes) => mend.change(tables, writes))
      if (mend?.by === 'unlink') await unlink(mend.path)
    }
  } finally {
    await tables.close()
  }
  const store = await openObjectStore({ folder })
  const gone = new Set<string>()
  try {
    for (const { mend } of damage) {
      if (mend?.by !== 'removal') continue
      const { of } = mend
      // Of an upload with several bad parts, and of a record with two faults, the first removal is enough.
      const name = JSON.stringify(of)
      if (gone.has(name)) continue
      gone.add(name)
      // Without its bucket it went with its row.
      if (!(await store.findBucket(of.bucket))) continue
      if (of.kind === 'upload') await store.abortUpload(of)
      else await store.deleteObject(of.bucket, of.key, { versionId: of.versionId })
    }
  } finally {
    await store.close()
  }
}

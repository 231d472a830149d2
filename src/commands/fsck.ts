import { type Examination, fsck } from '../../emulator/fsck.ts'
import { progressBar, sizeText } from './progress.ts'

/** What `fsck` is asked for. */
export interface FsckCommand {
  /** The data folder, absolute. */
  readonly data: string
  readonly repair: boolean
  readonly json: boolean
}

/**
 * Examines the Object Storage of a data folder, and makes it good if asked to. Returns what to print, and whether damage
 * is left. Throws DataFolderInUse while an emulator runs on it.
 */
export async function examineData({ data, repair, json }: FsckCommand): Promise<{ text: string; ok: boolean }> {
  const bar = progressBar('reading')
  const found = await fsck({ data, repair, progress: bar.update })
  bar.finish()
  const damage = found.damage.map(({ kind, what, detail, mend }) => {
    return { kind, what, detail, repaired: repair && mend !== undefined }
  })
  const ok = damage.every(({ repaired }) => repaired)
  return { text: json ? `${JSON.stringify({ ...found, damage }, undefined, 2)}\n` : report(found, damage), ok }
}

function report(
  { records, bytes }: Examination,
  damage: readonly { kind: string; what: string; detail: string; repaired: boolean }[],
) {
  const lines = damage.map(({ kind, what, detail, repaired }) => {
    return `${repaired ? 'repaired' : 'DAMAGED '} ${kind.padEnd(9)} ${what}: ${detail}\n`
  })
  const left = damage.filter(({ repaired }) => !repaired).length
  const end = damage.length === 0 ? 'all is well' : `${damage.length} damaged, ${left} left so`
  return `${lines.join('')}${records} objects and parts, ${sizeText(bytes)}: ${end}\n`
}

/** One file of a disk and what lies beneath it. The chain is named here, never taken from a header that a guest may write. */
export type DiskLayer =
  | { format: 'raw'; file: string }
  | { format: 'qcow2'; file: string /** `null` for a file of its own. */; backing: DiskLayer | null }

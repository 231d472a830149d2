import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'snapshot-follows-its-volume',
    'A volume of a snapshot has what the first volume holds now, as where a snapshot is only a name for it.',
  ],
  'storage',
  (storage) => {
    const origins = new Map<string, string>()
    return {
      ...storage,
      snapshotVolume(job) {
        origins.set(job.snapshotId, job.volumeId)
        return storage.snapshotVolume(job)
      },
      freezeVolume(job, switchTo) {
        origins.set(job.snapshotId, job.volumeId)
        return storage.freezeVolume(job, switchTo)
      },
      async createVolume(volume) {
        const { snapshotId } = volume
        const volumeId = snapshotId === undefined ? undefined : origins.get(snapshotId)
        if (volumeId === undefined) return storage.createVolume(volume)
        const now = volume.id.replace(/^vol-./, 'snap-f')
        await storage.snapshotVolume({ snapshotId: now, volumeId })
        await storage.createVolume({ ...volume, snapshotId: now })
      },
    }
  },
)

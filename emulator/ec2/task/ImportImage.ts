import type { Caller } from '../../../src/protocol/operation.ts'
import { list, optional, struct, text, type Values } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import { findSnapshot } from '../snapshot/snapshot.ts'
import { refuseInEucalyptus } from './aws-only.ts'
import { clientData } from './import-client.ts'
import { checkedSource, diskContainer } from './import-source.ts'
import { earlierImport, type ImportTaskDisk, type ImportTaskRecord, keepImport } from './import-task.ts'
import { startImport } from './import-task-job.ts'
import { imageTaskView } from './import-task-view.ts'

const containers = list(struct({ ...diskContainer, DeviceName: optional(text), SnapshotId: optional(text) }))

const input = {
  Architecture: optional(text),
  BootMode: optional(text),
  ClientData: clientData,
  ClientToken: optional(text),
  Description: optional(text),
  DiskContainer: containers,
  Hypervisor: optional(text),
  LicenseType: optional(text),
  Platform: optional(text),
  RoleName: optional(text),
}

/** Makes a task of AWS that imports disk files of Object Storage into snapshots, and registers an image of them. */
export default operation('ImportImage', {
  input,
  async run(cloud, request, { caller }) {
    refuseInEucalyptus(cloud, 'ImportImage')
    const { ClientToken, Description, DiskContainer } = request
    const image = imageOf(request)
    if (!DiskContainer.length) throw fault('importMissing', 'DiskContainer')
    const disks: ImportTaskDisk[] = []
    for (const [index, container] of DiskContainer.entries()) {
      disks.push(await diskOf(cloud, container, index, caller))
    }
    const { task, fresh } = await cloud.store.change((draft) => {
      const earlier = earlierImport(cloud.importTasks.in(draft).list(), caller, ClientToken)
      if (earlier) return { task: earlier, fresh: false }
      const kept = keepImport(cloud, draft, caller, {
        ...{ disks, image },
        ...(Description !== undefined && { description: Description }),
        ...(ClientToken !== undefined && { clientToken: ClientToken }),
      })
      return { task: kept, fresh: true }
    })
    if (fresh) startImport(cloud, task.id)
    return imageTaskView(cloud, task)
  },
})

/** What is said of the image. Throws the fault for what no guest here could be. */
function imageOf(request: Values<typeof input>): NonNullable<ImportTaskRecord['image']> {
  const { Architecture = 'x86_64', BootMode, LicenseType, Platform = 'Linux' } = request
  const invalid = (value: string, name: string) => fault('invalidParameterValue', value, name)
  if (!['i386', 'x86_64'].includes(Architecture)) throw invalid(Architecture, 'Architecture')
  // AWS imports nothing that may start by either.
  const bootMode = (['legacy-bios', 'uefi'] as const).find((mode) => mode === BootMode)
  if (BootMode !== undefined && bootMode === undefined) throw invalid(BootMode, 'BootMode')
  if (!['Linux', 'Windows'].includes(Platform)) throw invalid(Platform, 'Platform')
  if (request.Hypervisor !== undefined && request.Hypervisor !== 'xen') throw invalid(request.Hypervisor, 'Hypervisor')
  if (LicenseType !== undefined && !['AWS', 'BYOL'].includes(LicenseType)) throw invalid(LicenseType, 'LicenseType')
  const chosen = { ...(LicenseType && { licenseType: LicenseType }), ...(bootMode && { bootMode }) }
  return { architecture: Architecture, platform: Platform, ...chosen }
}

/** A disk, the first of which is the root: a file, or a snapshot of the caller's. */
async function diskOf(
  cloud: Cloud,
  container: Values<{ all: typeof containers }>['all'][number],
  index: number,
  caller: Caller,
): Promise<ImportTaskDisk> {
  const { SnapshotId, DeviceName, Description, ...file } = container
  const deviceName = index === 0 ? '/dev/sda1' : (DeviceName ?? `/dev/sd${String.fromCharCode(97 + index)}`)
  if (SnapshotId === undefined) return { ...(await checkedSource(cloud, { Description, ...file }, caller)), deviceName }
  const { id, state } = findSnapshot(cloud.snapshots, SnapshotId, caller)
  if (state !== 'completed') throw fault('snapshotUnfinished', id)
  return { deviceName, snapshotId: id, ...(Description !== undefined && { description: Description }) }
}

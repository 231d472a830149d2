import { vi } from 'vitest'
import type { TestCloud } from '../../cloud.harness.ts'

/** Makes a guest send a frame that means nothing; resolves when the switch has counted it. */
export async function broadcastFrame(it: TestCloud, id: string): Promise<void> {
  const { guestNic } = it.hypervisor.machine(id)
  const mac = Buffer.from(it.cloud.instances.get(id)?.network.mac.replaceAll(':', '') ?? '', 'hex')
  const frame = Buffer.concat([Buffer.alloc(6, 0xff), mac, Buffer.from([0x88, 0xb5]), Buffer.alloc(46)])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(frame.length)
  guestNic?.write(Buffer.concat([length, frame]))
  await vi.waitUntil(() => it.cloud.network.hasHeard(id))
}

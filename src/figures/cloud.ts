import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Parameters, type QueryClient, queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { type Emulator, startEmulator } from '../index.ts'
import type { Fidelity } from '../protocol/faults.ts'

/** An emulator in a folder of its own, to be measured. */
export interface MeasuredCloud {
  readonly emulator: Emulator
  readonly data: string
  readonly ec2: QueryClient
  /** The id of a registered image. */
  image(name: string): string
  /** Runs one m1.small and answers with its id as soon as the cloud does. */
  run(imageId: string, options?: Parameters): Promise<string>
  state(id: string): Promise<string>
  /** Ends an instance and waits until its files are gone. */
  terminate(id: string): Promise<void>
  close(): Promise<void>
}

/** Starts an emulator to be measured. */
export async function measuredCloud(fidelity: Fidelity = 'eucalyptus'): Promise<MeasuredCloud> {
  const data = await mkdtemp(join(tmpdir(), 'euca-emu-figures-'))
  const emulator = await startEmulator({ data, port: 0, fidelity })
  const { accessKeyId, secretAccessKey } = emulator.credentials
  const ec2 = queryClient({
    endpoint: `${emulator.url}/services/compute`,
    accessKeyId,
    secretAccessKey,
    region: 'eucalyptus',
    service: 'ec2',
    version: '2016-11-15',
  })
  const state = async (id: string) => {
    const answer = await ec2.call('DescribeInstances', { InstanceId: [id] })
    return text(list(list(answer, 'reservationSet')[0], 'instancesSet')[0], 'instanceState', 'name') ?? ''
  }
  return {
    emulator,
    data,
    ec2,
    image: (name) => emulator.images.find((image) => image.name === name)?.id ?? '',
    async run(imageId, options = {}) {
      const answer = await ec2.call('RunInstances', {
        ImageId: imageId,
        MinCount: 1,
        MaxCount: 1,
        InstanceType: 'm1.small',
        ...options,
      })
      return text(list(answer, 'instancesSet')[0], 'instanceId') ?? ''
    },
    state,
    async terminate(id) {
      await ec2.call('TerminateInstances', { InstanceId: [id] })
      while ((await state(id)) !== 'terminated') await new Promise((resolve) => setTimeout(resolve, 5))
    },
    async close() {
      await emulator.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

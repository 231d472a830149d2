import { mkdir, readdir, rm, rmdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import type { BootMode } from '../ec2/image/image.ts'
import type { InstanceRecord } from '../ec2/instance/instance.ts'
import type { DataFiles } from '../state/files.ts'
import type { Host } from './host.ts'

/**
 * What an image of this boot mode starts by now. One that prefers UEFI has it where the host has a firmware: all types here
 * support both, as those of AWS' Nitro System do (AWS, "Requirements to launch an EC2 instance in UEFI boot mode").
 */
async function bootModeNow({ hypervisor }: Host, bootMode: BootMode): Promise<'legacy-bios' | 'uefi'> {
  if (bootMode !== 'uefi-preferred') return bootMode
  return (await hypervisor.describe()).uefi ? 'uefi' : 'legacy-bios'
}

/** Notes what an instance whose image has a boot mode starts by this time. */
export async function chooseFirmware(host: Host, instance: InstanceRecord): Promise<InstanceRecord> {
  const { cloud } = host
  const { id, bootMode } = instance
  if (bootMode === undefined) return instance
  const currentBootMode = await bootModeNow(host, bootMode)
  if (instance.currentBootMode === currentBootMode) return instance
  return cloud.store.change((draft) => {
    const instances = cloud.instances.in(draft)
    const chosen = { ...(instances.get(id) ?? instance), currentBootMode }
    instances.put(chosen)
    return chosen
  })
}

/**
 * Has a machine's folder hold nothing but what its UEFI firmware keeps from one start to the next, and removes it when that
 * is nothing.
 */
export async function clearMachine({ folder, uefiVariables }: ReturnType<DataFiles['machine']>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const names = await readdir(folder)
  const kept = basename(uefiVariables)
  for (const name of names) if (name !== kept) await rm(join(folder, name), { recursive: true })
  if (!names.includes(kept)) await rmdir(folder)
}

import { probe, untold } from '../../conformance/probe.ts'
import type { Settings } from '../settings.ts'
import { type PlaceOptions, placeOf } from './conformance-place.ts'
import { CommandFailed } from './data-folder.ts'

/** Prints the draft of a target file for the cloud that the options name. Its keys come from the environment at every run. */
export async function probeCloud(options: PlaceOptions, settings: () => Settings): Promise<void> {
  const place = await placeOf(options, settings)
  if (!place)
    throw new CommandFailed('name a cloud by --eucarc, --aws-profile, --target or the variables of its clients')
  const target = await place.open()
  const { administrator, user: _, reach: __, cloudCertificate, capabilities: ___, ...rest } = target
  const found = (await probe(target)).filter((word) => word !== 'images' || cloudCertificate !== undefined)
  const { accountId } = administrator
  const certificate = cloudCertificate !== undefined && { cloudCertificate }
  const name = new URL(target.endpoints.ec2).host
  const draft = { ...rest, name, administrator: { accountId }, ...certificate, capabilities: found }
  process.stdout.write(`${JSON.stringify(draft, undefined, 2)}\n`)
  console.error(`declare besides what only its owner knows: ${untold.join(', ')}`)
}

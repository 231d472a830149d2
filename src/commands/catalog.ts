import { type QueryClient, queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import type { Offer } from './catalog-offers.ts'
import type { DataFolder } from './data-folder.ts'
import { addImage } from './image-add.ts'
import { sizeText } from './progress.ts'

/** The bucket that installed images are bundled to. */
const bucket = 'catalog'

/** An image of a catalog as it was installed. */
export interface Installed {
  readonly id: string
  readonly name: string
  /** It was there already. */
  readonly wasThere: boolean
}

/** The query client of the running emulator. */
export function ec2Of({ url, region, accessKeyId, secretAccessKey }: DataFolder): QueryClient {
  const endpoint = `${url}/services/compute`
  return queryClient({ endpoint, region, accessKeyId, secretAccessKey, service: 'ec2', version: '2016-11-15' })
}

/**
 * Installs an image of a catalog in the running emulator and lets every account run it: a paravirtual one with the kernel
 * and the ramdisk that belong to it. One that is there already is only shared. Throws CommandFailed.
 */
export async function installImage(folder: DataFolder, offer: Offer, signal: AbortSignal): Promise<Installed> {
  const { name, virtualization: type, architecture } = offer
  const ec2 = ec2Of(folder)
  const present = await idOf(ec2, name)
  if (present !== undefined) {
    await share(ec2, [present])
    return { id: present, name, wasThere: true }
  }
  const files = await offer.obtain(signal)
  signal.throwIfAborted()
  const made = await addImage(folder, { files, type, name, bucket, architecture }, signal)
  await share(
    ec2,
    made.map(({ id }) => id),
  )
  return { id: made.at(-1)?.id ?? '', name, wasThere: false }
}

/** The id of our image of that name. */
async function idOf(ec2: QueryClient, name: string): Promise<string | undefined> {
  const Filter = [{ Name: 'name', Value: [name] }]
  const [found] = list(await ec2.call('DescribeImages', { Owner: ['self'], Filter }), 'imagesSet')
  return found && text(found, 'imageId')
}

async function share(ec2: QueryClient, ids: readonly string[]): Promise<void> {
  for (const ImageId of ids) {
    await ec2.call('ModifyImageAttribute', { ImageId, LaunchPermission: { Add: [{ Group: 'all' }] } })
  }
}

/** What is on offer, for a person or as JSON. */
export function offersText(offers: readonly Offer[], json: boolean): string {
  if (json)
    return `${JSON.stringify(
      offers.map(({ obtain, ...about }) => about),
      undefined,
      2,
    )}\n`
  const rows = offers.map(({ name, virtualization, login = '-', size, isAtHand, catalog, description }) => {
    const state = isAtHand ? 'at hand' : catalog === undefined ? 'to be built' : 'to be fetched'
    return [name, virtualization, login, size === undefined ? '-' : sizeText(size), state, description]
  })
  const table = [['NAME', 'VIRTUALIZATION', 'LOGIN', 'SIZE', 'STATE', 'DESCRIPTION'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return `${table.map((row) => line(row).trimEnd()).join('\n')}\n`
}

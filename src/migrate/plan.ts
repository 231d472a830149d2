import type { CloudAccess } from '../client/cloud-access.ts'
import { list, text } from '../client/xml.ts'
import { MigrationRefused } from './refused.ts'
import { findSource, type SourceImage } from './source-image.ts'

/** What is to be moved. */
export interface MigrationRequest {
  /** The machine image (or a kernel or ramdisk alone) by its id at the source. */
  readonly image: string
  /** Its name at the target; the same unless told. */
  readonly name?: string
  /** A kernel and a ramdisk that the target has: then those of the source are not moved. */
  readonly kernel?: string
  readonly ramdisk?: string
  /** PEM: what opens the bundles at the source. */
  readonly privateKeys: readonly string[]
  readonly signal: AbortSignal
}

/** One image on its way: what it is at the source, what it is called at the target. */
export interface Move {
  readonly source: SourceImage
  readonly name: string
}

/** All that moves, in the order of registration: the kernel and the ramdisk before the machine image that names them. */
export interface Plan {
  readonly moves: readonly Move[]
  readonly kernel?: string
  readonly ramdisk?: string
}

/**
 * Looks at everything that a migration needs, and changes nothing: the images and their bundles at the source, whether a
 * key opens them, and whether the names are free at the target. Throws MigrationRefused, or what either cloud refuses.
 */
export async function planMigration(from: CloudAccess, to: CloudAccess, request: MigrationRequest): Promise<Plan> {
  const { image, name, kernel, ramdisk } = request
  const machine = await findSource(from, image, request)
  const also = async (id: string | undefined, given: string | undefined, role: string): Promise<Move[]> => {
    if (id === undefined || given !== undefined) return []
    const source = await findSource(from, id, request).catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause)
      const advice = `name one of ${to.name} with --${role}`
      throw new MigrationRefused(`the ${role} ${id} of ${image} cannot be moved: ${why}; ${advice}`, { cause })
    })
    return [{ source, name: name === undefined ? source.name : `${name}-${role}` }]
  }
  const moves = [
    ...(await also(machine.kernelId, kernel, 'kernel')),
    ...(await also(machine.ramdiskId, ramdisk, 'ramdisk')),
    { source: machine, name: name ?? machine.name },
  ]
  await checkNames(to, moves)
  await checkGiven(to, { kernel, ramdisk })
  return { moves, ...(kernel !== undefined && { kernel }), ...(ramdisk !== undefined && { ramdisk }) }
}

/** Names are unique among an account's images, and a cloud says so only after the upload. */
async function checkNames(to: CloudAccess, moves: readonly Move[]): Promise<void> {
  const Value = moves.map(({ name }) => name)
  const odd = Value.find((name) => !/^[A-Za-z0-9()./_-]{3,128}$/.test(name))
  if (odd !== undefined) throw new MigrationRefused(`no image can have the name "${odd}": choose one with --name`)
  const answer = await to.ec2.call('DescribeImages', { Owner: ['self'], Filter: [{ Name: 'name', Value }] })
  const [taken] = list(answer, 'imagesSet')
  if (!taken) return
  const [id, name] = [text(taken, 'imageId'), text(taken, 'name')]
  const instead = moves.at(-1)?.name === name ? '' : `, or name that one with --kernel or --ramdisk`
  throw new MigrationRefused(`${id} of ${to.name} has the name ${name} already: choose another with --name${instead}`)
}

/** A cloud may register an image whose kernel it does not have, and fails only its launches. */
async function checkGiven(to: CloudAccess, given: Readonly<Record<string, string | undefined>>): Promise<void> {
  for (const [role, id] of Object.entries(given)) {
    if (id === undefined) continue
    const [image] = list(await to.ec2.call('DescribeImages', { ImageId: [id] }), 'imagesSet')
    if (text(image, 'imageType') !== role) throw new MigrationRefused(`${id} is no ${role} of ${to.name}`)
  }
}

import type { Parameters } from '../../src/client/ec2.ts'
import { ServiceError } from '../../src/client/service-error.ts'
import { list, readXml, text, type Xml } from '../../src/client/xml.ts'
import type { Capability } from '../case.ts'
import type { Clients } from '../clients.ts'
import { instancesOf, stateOf } from '../instances.ts'
import { mostPages } from '../limits.ts'
import { ConformanceRefused } from '../refused.ts'
import type { Target } from '../target.ts'

/** The kinds of things that cases make, in the order in which leftovers are removed. */
export type Kind =
  | 'conversion task'
  | 'import task'
  | 'export task'
  | 'bundle task'
  | 'instance'
  | 'address'
  | 'image'
  | 'volume'
  | 'snapshot'
  | 'key pair'
  | 'group'
  | 'role'
  | 'instance profile'
  | 'bucket'

/** Something that an account has. */
export interface Thing {
  readonly kind: Kind
  /** By which it is removed. */
  readonly id: string
  readonly state: string | undefined
  /** All that the cloud tells of it. */
  readonly about: Xml
  /** Whether it only shows what was, and will go by itself. */
  readonly isOver: boolean
}

/** How the things of a kind are listed, in a query service. */
interface Listing {
  readonly kind: Kind
  readonly needs: Capability
  readonly action: string
  readonly parameters?: (target: Target) => Parameters
  readonly items: (answer: Xml) => Xml[]
  readonly id: (item: Xml) => string | undefined
  readonly state?: (item: Xml) => string | undefined
  /** The states of what is over. */
  readonly over?: readonly string[]
}

const at =
  (...path: string[]) =>
  (item: Xml) =>
    text(item, ...path)
const set =
  (...path: string[]) =>
  (answer: Xml) =>
    list(answer, ...path)

const ended = ['completed', 'complete', 'cancelled', 'canceled', 'failed', 'deleted', 'deleting']
const self = () => ({ Owner: ['self'] })

/** Eucalyptus' administrators see images that are hidden but not yet deleted by a pseudo id. */
const images = ({ fidelity }: Target): Parameters => (fidelity === 'eucalyptus' ? { ImageId: ['verbose'] } : self())

const ec2: readonly Listing[] = [
  {
    kind: 'conversion task',
    needs: 'imports',
    action: 'DescribeConversionTasks',
    items: set('conversionTasks'),
    id: at('conversionTaskId'),
    state: at('state'),
    over: ended,
  },
  ...(['Snapshot', 'Image'] as const).map(
    (what): Listing => ({
      kind: 'import task',
      needs: 'vm-import',
      action: `DescribeImport${what}Tasks`,
      items: set(`import${what}TaskSet`),
      id: at('importTaskId'),
      state: (item) => text(item, 'status') ?? text(item, 'snapshotTaskDetail', 'status'),
      over: ended,
    }),
  ),
  {
    kind: 'export task',
    needs: 'vm-import',
    action: 'DescribeExportTasks',
    items: set('exportTaskSet'),
    id: at('exportTaskId'),
    state: at('state'),
    over: ended,
  },
  {
    kind: 'export task',
    needs: 'vm-import',
    action: 'DescribeExportImageTasks',
    items: set('exportImageTaskSet'),
    id: at('exportImageTaskId'),
    state: at('status'),
    over: ended,
  },
  {
    kind: 'bundle task',
    needs: 'bundle-instance',
    action: 'DescribeBundleTasks',
    items: set('bundleInstanceTasksSet'),
    id: at('bundleId'),
    state: at('state'),
    over: ended,
  },
  {
    kind: 'instance',
    needs: 'instance-store',
    action: 'DescribeInstances',
    items: instancesOf,
    id: at('instanceId'),
    state: stateOf,
    over: ['terminated'],
  },
  { kind: 'address', needs: 'addresses', action: 'DescribeAddresses', items: set('addressesSet'), id: at('publicIp') },
  {
    kind: 'image',
    needs: 'images',
    action: 'DescribeImages',
    parameters: images,
    items: set('imagesSet'),
    id: at('imageId'),
  },
  {
    kind: 'volume',
    needs: 'ebs',
    action: 'DescribeVolumes',
    items: set('volumeSet'),
    id: at('volumeId'),
    state: at('status'),
    over: ended,
  },
  {
    kind: 'snapshot',
    needs: 'ebs',
    action: 'DescribeSnapshots',
    parameters: self,
    items: set('snapshotSet'),
    id: at('snapshotId'),
    state: (item) => (text(item, 'status') === 'deleted' ? 'deleted' : undefined),
    over: ended,
  },
  { kind: 'key pair', needs: 'key-pairs', action: 'DescribeKeyPairs', items: set('keySet'), id: at('keyName') },
  {
    kind: 'group',
    needs: 'security-groups',
    action: 'DescribeSecurityGroups',
    items: set('securityGroupInfo'),
    id: at('groupId'),
  },
]

const iam: readonly Listing[] = [
  {
    kind: 'instance profile',
    needs: 'iam',
    action: 'ListInstanceProfiles',
    items: set('ListInstanceProfilesResult', 'InstanceProfiles'),
    id: at('InstanceProfileName'),
  },
  { kind: 'role', needs: 'iam', action: 'ListRoles', items: set('ListRolesResult', 'Roles'), id: at('RoleName') },
]

/** All pages of a listing. Throws when they have no end. */
export async function pages(
  call: (more: Parameters) => Promise<Xml>,
  { action, items }: Pick<Listing, 'action' | 'items'>,
): Promise<Xml[]> {
  const found: Xml[] = []
  let more: Parameters = {}
  for (let page = 1; page <= mostPages; page += 1) {
    const answer = await call(more)
    found.push(...items(answer))
    const [NextToken, Marker] = [text(answer, 'nextToken'), text(answer, `${action}Result`, 'Marker')]
    if (NextToken) more = { NextToken }
    else if (Marker) more = { Marker }
    else return found
  }
  throw new ConformanceRefused(`${action} has no end: after ${mostPages} pages the cloud says that there is more`)
}

/** So many answers in a row may be lost before a cloud counts as gone. */
const mostLost = 3

/** Asks again when the answer is lost; what only reads may be asked any number of times. */
async function heard<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let lost = 0; ; lost += 1) {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof ServiceError || lost === mostLost) throw error
    }
  }
}

async function listed(client: 'ec2' | 'iam', clients: Clients, target: Target, listing: Listing): Promise<Thing[]> {
  const { kind, action, parameters, id, state, over = [] } = listing
  const asked = parameters?.(target)
  const all = await pages((more) => heard(() => clients[client].call(action, { ...asked, ...more })), listing)
  return all.map((about) => {
    const now = state?.(about)
    return { kind, id: id(about) ?? '', state: now, about, isOver: now !== undefined && over.includes(now) }
  })
}

async function buckets({ s3 }: Clients): Promise<Thing[]> {
  const { body } = await heard(() => s3({ method: 'GET', path: '/' }))
  return list(readXml(body.toString()).content, 'Buckets', 'Bucket').map((about) => {
    return { kind: 'bucket', id: text(about, 'Name') ?? '', state: undefined, about, isOver: false }
  })
}

/** Whether something needs what a target declares; what it does not declare is not asked for. */
const isThere = ({ capabilities }: Target, needs: Capability) => capabilities.includes(needs)

/** Everything that an account of the target has, of the kinds that cases make and the target can have. */
export async function inventory(target: Target, clients: Clients): Promise<Thing[]> {
  const found: Thing[] = []
  for (const listing of ec2.filter(({ needs }) => isThere(target, needs))) {
    found.push(...(await listed('ec2', clients, target, listing)))
  }
  for (const listing of iam.filter(({ needs }) => isThere(target, needs))) {
    found.push(...(await listed('iam', clients, target, listing)))
  }
  return isThere(target, 's3') ? [...found, ...(await buckets(clients))] : found
}

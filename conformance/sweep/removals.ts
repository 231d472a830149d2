import { ServiceError } from '../../src/client/service-error.ts'
import { list, text } from '../../src/client/xml.ts'
import { removeBucket, removeVersions } from '../buckets.ts'
import type { Clients } from '../clients.ts'
import type { Fidelity } from '../target.ts'
import type { Kind, Thing } from './listings.ts'

type Remove = (clients: Clients, thing: Thing, fidelity: Fidelity) => Promise<unknown>

/** Waits for nothing: what cannot be removed yet is tried again with the next look. */
const removals: Readonly<Record<Kind, Remove>> = {
  'conversion task': ({ ec2 }, { id }) => ec2.call('CancelConversionTask', { ConversionTaskId: id }),
  'import task': ({ ec2 }, { id }) => ec2.call('CancelImportTask', { ImportTaskId: id }),
  'export task': ({ ec2 }, { id }) => ec2.call('CancelExportTask', { ExportTaskId: id }),
  'bundle task': ({ ec2 }, { id }) => ec2.call('CancelBundleTask', { BundleId: id }),
  instance: removeInstance,
  address: removeAddress,
  async image({ ec2 }, { id }, fidelity) {
    await ec2.call('DeregisterImage', { ImageId: id })
    // Eucalyptus hides it first.
    if (fidelity === 'eucalyptus') await ec2.call('DeregisterImage', { ImageId: id })
  },
  volume: removeVolume,
  snapshot: ({ ec2 }, { id }) => ec2.call('DeleteSnapshot', { SnapshotId: id }),
  'key pair': ({ ec2 }, { id }) => ec2.call('DeleteKeyPair', { KeyName: id }),
  group: ({ ec2 }, { id }) => ec2.call('DeleteSecurityGroup', { GroupId: id }),
  async 'instance profile'({ iam }, { id, about }) {
    for (const role of list(about, 'Roles')) {
      const RoleName = text(role, 'RoleName')
      await iam.call('RemoveRoleFromInstanceProfile', { InstanceProfileName: id, RoleName })
    }
    await iam.call('DeleteInstanceProfile', { InstanceProfileName: id })
  },
  async role({ iam }, { id }) {
    const answer = await iam.call('ListRolePolicies', { RoleName: id })
    for (const PolicyName of list(answer, 'ListRolePoliciesResult', 'PolicyNames')) {
      await iam.call('DeleteRolePolicy', { RoleName: id, PolicyName: String(PolicyName) })
    }
    await iam.call('DeleteRole', { RoleName: id })
  },
  async bucket(clients, { id }) {
    // A policy may forbid all that comes.
    await clients.s3({ method: 'DELETE', path: `/${id}`, query: 'policy' })
    await removeVersions(clients, id)
    await removeBucket(clients, id)
  },
}

async function removeInstance({ ec2 }: Clients, { id, state }: Thing): Promise<void> {
  if (state === 'shutting-down') return
  const protection = await ec2.call('DescribeInstanceAttribute', { InstanceId: id, Attribute: 'disableApiTermination' })
  if (text(protection, 'disableApiTermination', 'value') === 'true') {
    await ec2.call('ModifyInstanceAttribute', { InstanceId: id, DisableApiTermination: { Value: false } })
  }
  await ec2.call('TerminateInstances', { InstanceId: [id] })
}

async function removeAddress({ ec2 }: Clients, { id, about }: Thing): Promise<void> {
  const [allocation, association] = [text(about, 'allocationId'), text(about, 'associationId')]
  if (association) await ec2.call('DisassociateAddress', { AssociationId: association })
  else if (text(about, 'instanceId')) await ec2.call('DisassociateAddress', { PublicIp: id })
  await ec2.call('ReleaseAddress', allocation ? { AllocationId: allocation } : { PublicIp: id })
}

/** One that hangs on an instance of the run goes when that is gone. */
async function removeVolume({ ec2 }: Clients, { id, state }: Thing): Promise<void> {
  if (state === 'in-use') await ec2.call('DetachVolume', { VolumeId: id, Force: true })
  else await ec2.call('DeleteVolume', { VolumeId: id })
}

/** Removes a thing, or gives the reason why it could not be. What is gone already is no reason. */
export async function remove(clients: Clients, thing: Thing, fidelity: Fidelity): Promise<string | undefined> {
  try {
    await removals[thing.kind](clients, thing, fidelity)
    return undefined
  } catch (error) {
    // Whether it is gone after an answer that was lost is seen by the next look.
    if (!(error instanceof ServiceError)) return error instanceof Error ? error.message : String(error)
    return /NotFound|^NoSuch/.test(error.code) ? undefined : `${error.code}: ${error.message}`
  }
}

/** The order in which things are removed: whatever uses another before that. */
export const order = Object.keys(removals) as Kind[]

import type { Caller } from '../../../src/protocol/operation.ts'
import { deep, items, type TestCloud, theText } from '../../cloud.harness.ts'

/** Allocates an address; resolves with it and with how a request names it in this fidelity. */
export async function allocate(
  it: TestCloud,
  as?: Caller,
): Promise<{ publicIp: string; name: Record<string, string> }> {
  const answer = await it.call('AllocateAddress', {}, as)
  const publicIp = theText(answer, 'publicIp')
  const id = deep(answer, 'allocationId')
  return { publicIp, name: typeof id === 'string' ? { AllocationId: id } : { PublicIp: publicIp } }
}

/** Gives an instance an address; resolves with how a request names what is to be undone then, in this fidelity. */
export async function associate(
  it: TestCloud,
  { publicIp, name }: { publicIp: string; name: Record<string, string> },
  InstanceId: string,
): Promise<Record<string, string>> {
  const id = deep(await it.call('AssociateAddress', { ...name, InstanceId }), 'associationId')
  return typeof id === 'string' ? { AssociationId: id } : { PublicIp: publicIp }
}

/** A running instance; resolves with its id. */
export async function running(it: TestCloud, parameters: Record<string, string> = {}, as?: Caller): Promise<string> {
  const id = await it.run(parameters, as)
  await it.idle()
  return id
}

/** The public address of an instance, as DescribeInstances tells it; undefined when it shows none. */
export async function addressOfInstance(it: TestCloud, id: string): Promise<unknown> {
  const answer = await it.call('DescribeInstances', { 'InstanceId.1': id })
  return deep(answer, 'reservationSet', '0', 'instancesSet', '0', 'ipAddress')
}

/** Every address of the caller with its instance, as DescribeAddresses tells them: `127.8.1.2 i-…`, `127.8.1.3 -`. */
export async function told(it: TestCloud, as?: Caller): Promise<string[]> {
  const answer = await it.call('DescribeAddresses', {}, as)
  return items(answer, 'addressesSet').map((one) => `${theText(one, 'publicIp')} ${deep(one, 'instanceId') ?? '-'}`)
}

import { expect, test } from 'vitest'
import type { Parameters, QueryClient } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import type { Xml } from '../src/client/xml.ts'
import type { JournalLine } from './journal.ts'
import { markedClient } from './marked.ts'

/** A client that gives this answer or error, and what it and the journal were told, in order. */
function marked(answer: Xml | Error, fidelity: 'eucalyptus' | 'aws' = 'eucalyptus') {
  const told: (JournalLine | { sent: string; parameters: Parameters | undefined })[] = []
  const client: QueryClient = {
    async call(sent, parameters) {
      told.push({ sent, parameters })
      if (answer instanceof Error) throw answer
      return answer
    },
    rawRequest: () => Promise.reject(new Error('not here')),
  }
  const journal = { write: (line: JournalLine) => void told.push(line), close: () => undefined }
  return { told, ec2: markedClient(client, { fidelity, journal, newMark: (action) => `mark-${action}` }) }
}

const tag = (action: string) => ({
  Tag: [{ Key: 'conformance', Value: `mark-${action}` }],
  ResourceType: 'volume',
})
const own = { ClientToken: 'own', TagSpecification: [] }

test.each<[string, Parameters, Xml, Parameters, string[]]>([
  [
    'RunInstances',
    {},
    { instancesSet: [{ instanceId: 'i-1' }] },
    { ClientToken: 'mark-RunInstances', TagSpecification: [tag('RunInstances')] },
    ['i-1'],
  ],
  ['RunInstances', own, { instancesSet: '' }, own, []],
  ['CreateVolume', { Size: 1 }, { volumeId: 'vol-1' }, { Size: 1, TagSpecification: [tag('CreateVolume')] }, ['vol-1']],
  [
    'CreateVolume',
    { 'TagSpecification.1.ResourceType': 'volume' },
    { volumeId: 'vol-1' },
    { 'TagSpecification.1.ResourceType': 'volume' },
    ['vol-1'],
  ],
  [
    'CreateVolume',
    { ClientToken: 'own' },
    { volumeId: 'vol-1' },
    { ClientToken: 'own', TagSpecification: [{ ...tag('CreateVolume'), Tag: [{ Key: 'conformance', Value: 'own' }] }] },
    ['vol-1'],
  ],
  ['CreateSnapshot', {}, { snapshotId: 'snap-1' }, { Description: 'mark-CreateSnapshot' }, ['snap-1']],
  ['AllocateAddress', {}, { publicIp: '192.0.2.1' }, {}, ['192.0.2.1']],
  ['RegisterImage', { Name: 'own' }, { imageId: 'emi-1' }, { Name: 'own' }, ['emi-1']],
])('%s of %j is in the journal before it is sent, and what it made afterwards', async (...row) => {
  const [action, parameters, answer, sent, made] = row
  const { told, ec2 } = marked(answer)
  expect(await ec2.call(action, parameters)).toEqual(answer)
  const mark = `mark-${action}`
  expect(told).toEqual([
    { asked: action, mark },
    { sent: action, parameters: sent },
    { answered: mark, made },
  ])
})

test('an address carries a tag where it can', async () => {
  const { told, ec2 } = marked({ publicIp: '192.0.2.1' }, 'aws')
  await ec2.call('AllocateAddress')
  expect(told[1]).toMatchObject({ parameters: { TagSpecification: [{ ResourceType: 'elastic-ip' }] } })
})

test('where an address has an id for ever, that is what was made', async () => {
  const { told, ec2 } = marked({ publicIp: '192.0.2.1', allocationId: 'eipalloc-1' }, 'aws')
  await ec2.call('AllocateAddress')
  expect(told.at(-1)).toEqual({ answered: 'mark-AllocateAddress', made: ['eipalloc-1'] })
})

test.each([{ PublicIp: '192.0.2.1' }, { AllocationId: '192.0.2.1' }])(
  'that %j was given back is in the journal, unless it was refused',
  async (name) => {
    const { told, ec2 } = marked({ return: 'true' })
    await ec2.call('ReleaseAddress', name)
    expect(told.at(-1)).toEqual({ released: '192.0.2.1' })
    const refused = marked(new ServiceError('AuthFailure', 400, 'no'))
    await expect(refused.ec2.call('ReleaseAddress', name)).rejects.toThrow('no')
    expect(refused.told).toHaveLength(1)
  },
)

test('when nobody hears whether an address was given back, it is no longer known to be of the run', async () => {
  const { told, ec2 } = marked(new Error('socket hang up'))
  await expect(ec2.call('ReleaseAddress', { PublicIp: '192.0.2.1' })).rejects.toThrow('hang up')
  expect(told.slice(1)).toEqual([{ released: '192.0.2.1' }, { asked: 'AllocateAddress', mark: 'mark-ReleaseAddress' }])
  const lasting = marked(new Error('socket hang up'))
  await expect(lasting.ec2.call('ReleaseAddress', { AllocationId: 'eipalloc-1' })).rejects.toThrow('hang up')
  expect(lasting.told).toHaveLength(1)
})

test('what makes nothing goes out as it is', async () => {
  const { told, ec2 } = marked({ volumeSet: '' })
  await ec2.call('DescribeVolumes', { VolumeId: ['vol-1'] })
  expect(told).toEqual([{ sent: 'DescribeVolumes', parameters: { VolumeId: ['vol-1'] } }])
})

test('a refusal has made nothing; of what broke off nobody knows', async () => {
  const refused = marked(new ServiceError('InvalidZone.NotFound', 400, 'no'))
  await expect(refused.ec2.call('CreateVolume')).rejects.toThrow('no')
  expect(refused.told.at(-1)).toEqual({ answered: 'mark-CreateVolume', made: [] })
  for (const error of [new Error('ECONNRESET'), new ServiceError('InternalError', 500, 'broken')]) {
    const broken = marked(error)
    await expect(broken.ec2.call('CreateVolume')).rejects.toThrow(error.message)
    expect(broken.told).toHaveLength(2)
  }
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fidelity } from '../../src/protocol/faults.ts'
import type { MetadataFacts } from './facts.ts'
import { ebs, full, paravirtual, plain, testService } from './service.harness.ts'

const { ask } = testService()
const get = (fidelity: Fidelity, facts: MetadataFacts, path: string): string | number => {
  const { status, body } = ask(fidelity, facts, `/latest/${path}`)
  return status === 200 ? body.toString() : status
}

const interfacePath = `meta-data/network/interfaces/macs/${plain.mac}`

describe('a path', () => {
  test.each<[path: string, facts: MetadataFacts, eucalyptus: string | number, aws?: string | number]>([
    ['', plain, 'dynamic\nmeta-data'],
    ['', full, 'dynamic\nmeta-data\nuser-data'],
    ['user-data', plain, 404],
    ['user-data/', full, full.userData?.toString() ?? ''],
    ['meta-data/ami-id', plain, 'emi-0000000c'],
    ['meta-data/ami-launch-index', { ...plain, launchIndex: 7 }, '7'],
    ['meta-data/ami-manifest-path', plain, 'bucket/image.manifest.xml'],
    ['meta-data/ami-manifest-path', ebs, 404, '(unknown)'],
    ['meta-data/ancestor-ami-ids', full, 404],
    ['meta-data/hostname', plain, plain.privateHostname],
    ['meta-data/local-hostname/', plain, plain.privateHostname],
    ['meta-data/local-ipv4', plain, '172.31.0.9'],
    ['meta-data/instance-action', plain, 404, 'none'],
    ['meta-data/instance-life-cycle', plain, 404, 'on-demand'],
    ['meta-data/instance-id', plain, 'i-0000000a'],
    ['meta-data/instance-type', plain, 'm1.small'],
    ['meta-data/kernel-id', plain, 404],
    ['meta-data/kernel-id', full, 'eki-00000002'],
    ['meta-data/mac', plain, 'D0:0D:00:00:00:0A', plain.mac],
    ['meta-data/placement', plain, 'availability-zone', 'availability-zone\nregion'],
    ['meta-data/placement/availability-zone', plain, 'one'],
    ['meta-data/placement/region', plain, 404, 'eucalyptus'],
    ['meta-data/product-codes', plain, 404],
    ['meta-data/product-codes', full, 'one\ntwo'],
    ['meta-data/profile', paravirtual, 404, 'default-paravirtual'],
    ['meta-data/public-hostname', plain, '127.8.0.9'],
    ['meta-data/public-hostname', full, 'euca-127-8-0-9.eucalyptus.cloud.internal'],
    ['meta-data/public-ipv4', { ...plain, publicAddress: undefined }, 404],
    ['meta-data/public-keys', plain, 404],
    ['meta-data/public-keys', full, '0=my key'],
    ['meta-data/public-keys/', full, '0=my key'],
    ['meta-data/public-keys/0', full, 'openssh-key'],
    ['meta-data/public-keys/0/openssh-key', full, 'ssh-rsa AAAA my key'],
    ['meta-data/ramdisk-id', full, 'eri-00000003'],
    ['meta-data/reservation-id', plain, 'r-0000000b'],
    ['meta-data/security-groups', full, 'default\nweb'],
    ['meta-data/services/', plain, 'domain', 'domain\npartition'],
    ['meta-data/services/domain', plain, 'cloud.internal'],
    ['meta-data/services/partition', plain, 404, 'aws'],
    ['meta-data/block-device-mapping/', plain, 'ami\nemi\nephemeral0\nroot', 'ami\nephemeral0\nroot'],
    ['meta-data/block-device-mapping/ami', plain, 'sda'],
    ['meta-data/block-device-mapping/root', plain, '/dev/sda'],
    ['meta-data/block-device-mapping/ephemeral0', plain, 'sdb'],
    ['meta-data/block-device-mapping/swap', plain, 404],
    ['meta-data/block-device-mapping/ami', paravirtual, 'sda1'],
    ['meta-data/block-device-mapping/ephemeral0', paravirtual, 'sda2'],
    ['meta-data/block-device-mapping/swap', paravirtual, 'sda3'],
    [
      'meta-data/block-device-mapping',
      ebs,
      'ami\nebs1\nebs2\nemi\nephemeral0\nroot',
      'ami\nebs1\nebs2\nephemeral0\nroot',
    ],
    ['meta-data/block-device-mapping/ebs1', ebs, 'sdf'],
    ['meta-data/block-device-mapping/ebs2', ebs, 'sdg'],
    ['meta-data/block-device-mapping/ephemeral0', ebs, 'sdb'],
    ['meta-data/network', plain, 'interfaces/'],
    ['meta-data/network/interfaces/', plain, 'macs/'],
    ['meta-data/network/interfaces/macs/', plain, `${plain.mac}/`],
    [
      `${interfacePath}/`,
      { ...plain, publicAddress: undefined },
      'device-number\nlocal-hostname\nlocal-ipv4s\nmac\nowner-id\npublic-hostname\npublic-ipv4s',
      'device-number\nlocal-hostname\nlocal-ipv4s\nmac\nowner-id',
    ],
    [
      interfacePath,
      full,
      'device-number\ninterface-id\nipv4-associations/\nlocal-hostname\nlocal-ipv4s\nmac\nowner-id\npublic-hostname\n' +
        'public-ipv4s\nsecurity-group-ids\nsecurity-groups\nsubnet-id\nsubnet-ipv4-cidr-block\nvpc-id\nvpc-ipv4-cidr-block',
    ],
    [`${interfacePath}/ipv4-associations/`, full, '127.8.0.9'],
    [`${interfacePath}/ipv4-associations/127.8.0.9`, full, '172.31.0.9'],
    [`${interfacePath}/public-ipv4s`, { ...plain, publicAddress: undefined }, '', 404],
    [`${interfacePath}/security-group-ids`, full, 'sg-0000000d\nsg-0000000e'],
    [`${interfacePath}/security-groups`, full, 'default\nweb'],
    [`${interfacePath}/subnet-ipv4-cidr-block`, full, '172.31.0.0/20'],
    [`${interfacePath}/mac`, full, plain.mac],
    [`${interfacePath}/owner-id`, full, '000123456789'],
    ['meta-data/iam/', full, 404],
    ['dynamic', plain, 'fws/\ninstance-identity/'],
    ['dynamic/fws/instance-monitoring', plain, 'disabled'],
    ['dynamic/fws/instance-monitoring', full, 'enabled'],
    ['dynamic/instance-identity', plain, 'document\npkcs7\nsignature', 'document\npkcs7\nrsa2048\nsignature'],
    ['dynamic/instance-identity/rsa2048', plain, 404, expect.stringMatching(/^P\d+$/)],
    ['meta-data/ami', plain, 404],
    ['meta-data/ami-id/x', plain, 404],
    ['meta-data/__proto__', plain, 404],
    ['meta-data/../meta-data/ami-id', plain, 404],
    ['elsewhere', plain, 404],
  ])('%s', (path, facts, eucalyptus, aws = eucalyptus) => {
    expect(get('eucalyptus', facts, path)).toEqual(eucalyptus)
    expect(get('aws', facts, path)).toEqual(aws)
  })

  test.each<[Fidelity, string]>([
    [
      'eucalyptus',
      'ami-id ami-launch-index ami-manifest-path block-device-mapping/ hostname instance-id instance-type kernel-id ' +
        'local-hostname local-ipv4 mac network/ placement/ product-codes public-hostname public-ipv4 public-keys/ ' +
        'ramdisk-id reservation-id security-groups services/',
    ],
    [
      'aws',
      'ami-id ami-launch-index ami-manifest-path block-device-mapping/ hostname instance-action instance-id ' +
        'instance-life-cycle instance-type kernel-id local-hostname local-ipv4 mac network/ placement/ product-codes ' +
        'profile public-hostname public-ipv4 public-keys/ ramdisk-id reservation-id security-groups services/',
    ],
  ])('listed by %s is one that it has', (fidelity, expected) => {
    const names = String(get(fidelity, full, 'meta-data/')).split('\n')
    expect(names).toEqual(expected.split(' '))
    for (const name of names) expect([name, typeof get(fidelity, full, `meta-data/${name}`)]).toEqual([name, 'string'])
    expect(get(fidelity, plain, 'meta-data')).not.toContain('public-keys')
  })

  test('of the identity tells who the instance is, and the seals cover just that', () => {
    const document = String(get('eucalyptus', plain, 'dynamic/instance-identity/document'))
    expect(document.startsWith('{\n  "privateIp": "172.31.0.9",\n  "devpayProductCodes": null,')).toBe(true)
    expect(JSON.parse(document)).toMatchObject({
      instanceId: 'i-0000000a',
      version: '2010-08-31',
      pendingTime: '2026-01-02T03:04:05.678Z',
      kernelId: null,
    })
    expect(get('eucalyptus', plain, 'dynamic/instance-identity/pkcs7')).toBe(`P${document.length}`)
    const signature = String(get('eucalyptus', plain, 'dynamic/instance-identity/signature'))
    expect(signature.split('\n').map((line) => line.length)).toEqual([76, 76, 8])
    const aws = JSON.parse(String(get('aws', plain, 'dynamic/instance-identity/document')))
    expect(aws).toMatchObject({ version: '2017-09-30', pendingTime: '2026-01-02T03:04:05Z' })
  })
})

describe('a version', () => {
  test.each<[url: string, eucalyptus: number, aws?: number]>([
    ['/', 200],
    ['/latest', 200],
    ['/latest//meta-data///ami-id', 200],
    ['/1.0/meta-data/ami-id', 200],
    ['/2009-04-04/meta-data/ami-id', 200],
    ['/2016-09-02/meta-data/instance-id', 200],
    ['/2021-03-23/meta-data/instance-id', 200],
    ['/9999-99-99/meta-data/ami-id', 200, 404],
    ['/2009-04-041/meta-data/ami-id', 404],
    ['/1.1/meta-data/ami-id', 404],
    ['/meta-data/ami-id', 404],
    ['//latest/meta-data/ami-id', 404],
    ['/latestmeta-data/ami-id', 404],
    ['/latest/meta-data/ami-id?x=/', 200],
    ['http://169.254.169.254/latest/meta-data/ami-id', 200],
    ['*', 404],
  ])('%s', (url, eucalyptus, aws = eucalyptus) => {
    expect(ask('eucalyptus', plain, url).status).toBe(eucalyptus)
    expect(ask('aws', plain, url).status).toBe(aws)
  })

  test('list is the one of section 6.7', () => {
    const listed = String(ask('eucalyptus', plain, '/').body).split('\n')
    expect([listed.length, listed[0], listed.at(-1)]).toEqual([14, '1.0', 'latest'])
    for (const fidelity of ['eucalyptus', 'aws'] as const) {
      for (const version of String(ask(fidelity, plain, '/').body).split('\n')) {
        expect([version, ask(fidelity, plain, `/${version}/`).status]).toEqual([version, 200])
      }
    }
  })

  test('that is missing answers with the page of a miss', () => {
    const { status, body } = ask('eucalyptus', plain, '/nothing')
    expect(status).toBe(404)
    expect(String(body)).toContain('<title>404 - Not Found</title>')
  })
})

test('whatever is asked, the answer is a body or a refusal of this service', () => {
  const words = ['latest', '1.0', '2009-04-04', 'meta-data', 'dynamic', 'user-data', 'api', 'token', 'public-keys', '0']
  const part = fc.oneof(fc.constantFrom(...words, '', '.', '..', '%2e', '__proto__', 'constructor'), fc.string())
  const url = fc.oneof(
    fc.array(part).map((parts) => `/${parts.join('/')}`),
    fc.string(),
    fc.webUrl(),
  )
  fc.assert(
    fc.property(url, fc.constantFrom<Fidelity>('eucalyptus', 'aws'), (path, fidelity) => {
      const { status, body } = ask(fidelity, full, path)
      expect([200, 404, 405]).toContain(status)
      if (status === 404) expect(String(body)).toContain('404 - Not Found')
    }),
    { numRuns: 2_000 },
  )
})

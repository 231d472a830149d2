import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { readSettings } from '../settings.ts'
import { examine, examineAddresses, examineSsh, examineUefi, findingsText, tryToListen } from './doctor.ts'

const findings = [
  { subject: 'host', ok: true, finding: '2 cores' },
  { subject: 'QEMU', ok: false, finding: 'not found: apt-get install qemu-system-x86' },
]

test('for a person', () =>
  expect(findingsText(findings, false)).toBe(
    'ok      host            2 cores\nMISSING QEMU            not found: apt-get install qemu-system-x86\n',
  ))
test('as JSON', () => expect(JSON.parse(findingsText(findings, true))).toEqual(findings))

describe('public addresses', () => {
  test.each<[string, Record<number, string>, string]>([
    ['are bound as they are', {}, 'those of instances, in 127.8.0.0/16, are listened on at their own ports 22, 80'],
    [
      'whose port another program has',
      { 22: 'EADDRINUSE' },
      'high ports of 127.0.0.1 stand in for port 22 (another program listens on that port of all addresses): "euca-emu ssh ID" finds them',
    ],
    [
      'on a host with 127.0.0.1 alone',
      { 22: 'EADDRNOTAVAIL', 80: 'EADDRNOTAVAIL' },
      'high ports of 127.0.0.1 stand in for port 22, 80 (this host has 127.0.0.1 alone): "euca-emu ssh ID" finds them',
    ],
    [
      'for several reasons',
      { 22: 'EADDRINUSE', 80: 'EACCES' },
      'high ports of 127.0.0.1 stand in for port 22 (another program listens on that port of all addresses) and 80 (no right to listen there): "euca-emu ssh ID" finds them',
    ],
    [
      'for a reason that nobody foresaw',
      { 80: 'EMFILE' },
      'high ports of 127.0.0.1 stand in for port 80 (EMFILE): "euca-emu ssh ID" finds them',
    ],
  ])('%s', async (_what, errors, finding) => {
    const asked: string[] = []
    const listen = async (address: string, port: number) => {
      asked.push(`${address}:${port}`)
      return errors[port]
    }
    expect(await examineAddresses({ listen }, [22, 80])).toEqual({ subject: 'addresses', ok: true, finding })
    expect(asked).toEqual(['127.8.0.255:22', '127.8.0.255:80'])
  })

  test('are tried by listening: a port that somebody has is not free, and one that was tried is', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    )
    expect(await tryToListen('127.0.0.1', port)).toBe('EADDRINUSE')
    await new Promise((resolve) => server.close(resolve))
    expect(await tryToListen('127.0.0.1', port)).toBeUndefined()
    expect(await tryToListen('127.0.0.1', port)).toBeUndefined()
  })
})

test.each([
  ['that is there', 'OpenSSH_9.2p1', true, /^OpenSSH_9\.2p1$/],
  ['that is missing', undefined, false, /^not found.*apt-get install openssh-client/],
])('ssh %s', async (_what, version, ok, finding) =>
  expect(await examineSsh({ sshVersion: async () => version })).toEqual({
    subject: 'ssh',
    ok,
    finding: expect.stringMatching(finding),
  }),
)

test.each([
  [
    'that is there',
    'there',
    [{ subject: 'UEFI', ok: true, finding: 'for images of boot mode uefi, in fidelity aws: there' }],
  ],
  [
    'that is missing, which only some images mind,',
    'type "apt-get install ovmf"',
    [
      {
        subject: 'UEFI',
        ok: true,
        finding: 'for images of boot mode uefi, in fidelity aws: type "apt-get install ovmf"',
      },
    ],
  ],
  ['of a QEMU that is missing', undefined, []],
])('UEFI %s', (_what, uefi, findings) => expect(examineUefi(uefi === undefined ? {} : { uefi })).toEqual(findings))

test('of Object Storage alone nothing is asked of QEMU', async () => {
  const found = await examine(readSettings({ services: 's3' }, {}))
  expect(found.map(({ subject, ok }) => [subject, ok])).toEqual([
    ['euca-emu', true],
    ['host', true],
  ])
})

import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  closeDebianCloud,
  consoleOf,
  type DebianCloud,
  type DebianKind,
  endDebian,
  inDebian,
  makeKeyPair,
  openDebianCloud,
  registerDebian,
  runDebian,
  untilLogin,
} from './debian.contract.ts'
import { debianSources, isProven, recordProof } from './debian-proof.contract.ts'

/**
 * An unmodified distribution: Debian 12 with stock cloud-init takes its identity, key and user-data from the metadata
 * service and is reached by ssh. It takes minutes, so that `npm test` does it only when what decides about it has changed.
 */
const script = '#!/bin/sh\necho "script of $(cat /var/lib/cloud/data/instance-id)" > /var/tmp/from-script\n'
const config = `#cloud-config
write_files:
  - path: /var/tmp/from-config
    content: written
runcmd:
  - [sh, -c, 'echo "runcmd as $(id -un)" > /var/tmp/from-runcmd']
`
const part = (type: string, text: string) =>
  `--border\nContent-Type: text/${type}; charset="utf-8"\nMIME-Version: 1.0\n\n${text}\n`
const multipart =
  'Content-Type: multipart/mixed; boundary="border"\nMIME-Version: 1.0\n\n' +
  `${part('x-shellscript', script)}${part('cloud-config', config)}--border--\n`

const byScript = (id: string) => ({ '/var/tmp/from-script': `script of ${id}` })
const byConfig = () => ({ '/var/tmp/from-config': 'written', '/var/tmp/from-runcmd': 'runcmd as root' })

/** The forms of user-data, and what is in the guest's files when it was heeded. */
const forms = {
  'a shell script': { userData: script, files: byScript },
  'cloud-config': { userData: config, files: byConfig },
  'multipart user-data': { userData: multipart, files: (id: string) => ({ ...byScript(id), ...byConfig() }) },
} as const

/** Milliseconds for building, bundling and one boot on a busy machine. */
const timeout = 2_400_000
const sources = await debianSources()
const proven = await isProven(sources)

let cloud: DebianCloud
const images = new Map<DebianKind, Promise<string>>()
beforeAll(async () => {
  cloud = await openDebianCloud({ accelerator: 'tcg' })
}, timeout)
afterAll(() => cloud && closeDebianCloud(cloud), timeout)

function imageOf(kind: DebianKind): Promise<string> {
  const image = images.get(kind) ?? registerDebian(cloud, kind)
  images.set(kind, image)
  return image
}

async function prove(kind: DebianKind, form: keyof typeof forms): Promise<void> {
  const { userData, files } = forms[form]
  const guest = await runDebian(cloud, await imageOf(kind), userData)
  await untilLogin(cloud, guest)
  const say = (command: string) => inDebian(cloud, guest, command)
  expect(await say('cloud-init status --wait --long || true')).toContain('status: done')
  const { v1 } = JSON.parse(await say('cat /run/cloud-init/result.json'))
  expect(v1).toEqual({ datasource: expect.stringMatching(/^DataSourceEc2/), errors: [] })
  expect(await say('cat /var/lib/cloud/data/instance-id')).toBe(guest.id)
  for (const [path, text] of Object.entries(files(guest.id)))
    expect([path, await say(`cat ${path}`)]).toEqual([path, text])
  const { identity } = await makeKeyPair(cloud)
  await expect(inDebian(cloud, { ...guest, identity }, 'true')).rejects.toThrow('Permission denied')
  expect(await consoleOf(cloud, guest)).toMatch(/Debian GNU\/Linux 12 \S+ ttyS0[\s\S]* login:/)
  await endDebian(cloud, guest)
}

let asDisk: Promise<void> | undefined
/** The boot that decides whether the sources are proven; once, whichever tests ask for it. */
function proveDisk(): Promise<void> {
  asDisk ??= prove('hvm', 'multipart user-data').then(() => recordProof(sources))
  return asDisk
}

if (proven) console.log('Debian 12 has booted with these very sources (fixtures/debian-12.proven): not booted again')
test.skipIf(proven)('Debian 12 boots from its disk, as what decides about it has changed', { timeout }, proveDisk)

test('Debian 12 boots from its disk, with multipart user-data', { timeout, tags: ['slow'] }, proveDisk)

test.each([
  ['hvm', 'cloud-config'],
  ['paravirtual', 'a shell script'],
] as const)('Debian 12 boots as %s, with %s', { timeout, tags: ['slow'] }, prove)

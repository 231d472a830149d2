import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { makeGroup } from '../../conformance/groups.ts'
import { registerRandomImage } from '../../conformance/images.ts'
import { runInstance } from '../../conformance/instances.ts'
import { openJournal } from '../../conformance/journal.ts'
import { readTarget, type Target } from '../../conformance/target.ts'
import { folderPrefix, openTools } from '../../conformance/tools.ts'
import { makeSnapshot, makeVolume } from '../../conformance/volumes.ts'
import { list, text } from '../client/xml.ts'
import { readSettings } from '../settings.ts'
import { bundleCloud, never } from './bundle-cloud.harness.ts'
import { type ConformanceOptions, conformance } from './conformance.ts'
import { placeOf } from './conformance-place.ts'
import { probeCloud } from './conformance-probe.ts'
import { journalFolder, sweepRuns } from './conformance-sweep.ts'

const { cloud, rc, emulator, folder } = await bundleCloud()
const settings = () => readSettings({}, {})
const eucarc = join(rc, 'eucarc')
const lanes = { parallel: 2, boots: 1 }
let said: string[]

beforeEach(() => {
  vi.stubEnv('EUCA_EMU_CACHE', folder())
  said = []
  vi.spyOn(console, 'log').mockImplementation((line) => void said.push(String(line)))
  vi.spyOn(console, 'error').mockReturnValue()
  vi.spyOn(process.stdout, 'write').mockImplementation((piece) => said.push(...String(piece).trimEnd().split('\n')) > 0)
})

const run = (names: string[], options: Partial<ConformanceOptions> = {}) =>
  conformance(names, { eucarc, ...lanes, ...options }, settings, never)

test('cases run on the cloud of an eucarc, in a random order that can be repeated, and leave no journal', async () => {
  expect(await run(['zones/'], { seed: 7 })).toBe(true)
  expect(said[0]).toMatch(/^run [0-9a-f]{8}: \d+ cases on .*eucarc, in the random order of --seed 7$/)
  expect(said.at(-1)).toMatch(/^\d+ passed, 0 failed, 0 skipped$/)
  expect(readdirSync(journalFolder())).toEqual([])
})

test('what nobody declares is skipped, and in a certificate that is a failure', async () => {
  const only = ['key-pairs/created']
  expect(await run(only, { capabilities: 's3' })).toBe(true)
  expect(said).toContain('        the target does not declare key-pairs')
  expect(await run(only, { capabilities: 's3', certify: 'bronze' })).toBe(false)
  expect(said.join('\n')).toMatch(
    /the certificate "bronze" lets nothing be skipped: the target does not declare key-pairs/,
  )
})

test('a list runs nothing, and what bills is not begun without consent', async () => {
  expect(await run(['key-pairs/'], { list: true })).toBe(true)
  expect(said.join('\n')).toMatch(/^key-pairs\/[\s\S]* cases, about \d+ minutes one after the other, /)
  const target = join(folder(), 'target.json')
  const { administrator, ...rest } = await targetOf()
  writeFileSync(target, JSON.stringify({ ...rest, administrator, bills: true }))
  const onFile = (more: Partial<ConformanceOptions>) =>
    conformance(['zones/'], { target, ...lanes, ...more }, settings, never)
  await expect(onFile({})).rejects.toThrow(/--i-own-this-account/)
  expect(await onFile({ iOwnThisAccount: true, budget: 0 })).toBe(true)
})

async function targetOf(): Promise<Target> {
  const place = await placeOf({ eucarc }, settings, {})
  if (!place) throw new Error('no place')
  return place.open()
}

test('an eucarc leads to a target that lacks nothing', async () => {
  const target = await targetOf()
  expect(target).toMatchObject({
    fidelity: 'eucalyptus',
    zone: 'one',
    instanceType: { name: 'm1.small', diskGiB: 5 },
    administrator: { accountId: await cloud.accountId(), secretAccessKey: emulator.credentials.secretAccessKey },
    cloudCertificate: emulator.cloudCertificate,
  })
  expect(target.capabilities).toEqual(expect.arrayContaining(['s3', 'images', 'iam', 'boots-hvm']))
  expect(target.capabilities).not.toContain('two-accounts')
})

test.each<[string, Record<string, string>, object | undefined]>([
  ['nothing', { HOME: '/' }, undefined],
  [
    'a cloud',
    { AWS_ENDPOINT_URL: 'http://c' },
    { name: 'the environment', fidelity: 'eucalyptus', endpoint: 'http://c' },
  ],
  [
    'AWS',
    { AWS_ENDPOINT_URL: 'https://ec2.eu-west-1.amazonaws.com' },
    { fidelity: 'aws', bills: true, endpoint: 'https://ec2.eu-west-1.amazonaws.com' },
  ],
])('variables that name %s', async (_, environment, expected) => {
  const place = await placeOf({}, settings, environment)
  if (expected) expect(place).toMatchObject(expected)
  else expect(place).toBeUndefined()
})

test('a profile of AWS bills, wherever it leads', async () => {
  const config = join(folder(), 'config')
  writeFileSync(config, '[profile p]\nendpoint_url = http://c\naws_access_key_id = A\naws_secret_access_key = s\n')
  vi.stubEnv('AWS_CONFIG_FILE', config)
  const place = await placeOf({ awsProfile: 'p' }, settings, {})
  expect(place).toMatchObject({ name: 'p', bills: true, fidelity: 'aws', endpoint: 'http://c' })
  await expect(placeOf({ awsProfile: 'q' }, settings, {})).rejects.toThrow(/there is no profile q/)
})

test('a probe prints a target file without secrets, which the environment completes', async () => {
  await probeCloud({ eucarc }, settings)
  const printed = said.join('\n')
  const { accessKeyId, secretAccessKey } = emulator.credentials
  expect(printed).not.toContain(secretAccessKey)
  expect(printed).not.toContain(accessKeyId)
  const file = join(folder(), 'target.json')
  writeFileSync(file, printed)
  const keys = { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey }
  const target = await readTarget(file, keys)
  expect(target).toMatchObject({ administrator: { accountId: await cloud.accountId(), secretAccessKey } })
  expect(target.capabilities).toEqual(
    expect.arrayContaining(['s3', 'versioning', 'signature-2', 'ebs', 'iam', 'imports']),
  )
  expect(target.capabilities).not.toContain('object-tagging')
  expect(target.capabilities).not.toContain('vm-import')
  const buckets = await cloud.objects().bucketExists('conformance')
  expect(buckets).toBe(false)
})

/** Makes one of everything as a run that is killed then: nobody clears up. */
async function killedRun(runId: string): Promise<string> {
  const target = await targetOf()
  const path = join(journalFolder(), `${runId}.jsonl`)
  const head = { run: runId, target: target.name, endpoint: target.endpoints.ec2, started: '', pid: process.pid }
  const journal = openJournal(path, head)
  journal.write({ addresses: [] })
  const { tools } = openTools(target, runId, { journal })
  const { ec2, iam } = tools.administrator
  await makeGroup(tools)
  await ec2.call('CreateKeyPair', { KeyName: tools.name('key') })
  const instance = await runInstance(tools, { ImageId: await registerRandomImage(tools) })
  await ec2.call('ModifyInstanceAttribute', { InstanceId: instance, DisableApiTermination: { Value: true } })
  await makeSnapshot(tools, await makeVolume(tools))
  await ec2.call('AllocateAddress')
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: ['ec2.amazonaws.com'] }, Action: ['sts:AssumeRole'] }],
  }
  const [RoleName, InstanceProfileName] = [tools.name('role'), tools.name('profile')]
  await iam.call('CreateRole', { RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) })
  await iam.call('CreateInstanceProfile', { InstanceProfileName })
  await iam.call('AddRoleToInstanceProfile', { InstanceProfileName, RoleName })
  await tools.folder()
  journal.close(false)
  return path
}

test('what a killed run has made is swept, and nothing else', async () => {
  await cloud.ec2.call('CreateKeyPair', { KeyName: 'conformance-of-somebody-else' })
  const path = await killedRun('0123abcd')
  const { folder: left } = readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
    .at(-1)
  // The process that the journal names is still there.
  expect(await sweepRuns({ eucarc }, settings)).toBe(true)
  expect(said).toEqual([`run 0123abcd is under way: process ${process.pid}`])
  expect(await sweepRuns({ eucarc, run: '0123abcd' }, settings)).toBe(true)
  const kinds = said.flatMap((line) => /^removed (\D+) \S+$/.exec(line)?.[1] ?? [])
  const expected = [
    'instance',
    'address',
    'image',
    'volume',
    'snapshot',
    'key pair',
    'group',
    'instance profile',
    'role',
    'bucket',
  ]
  expect(kinds.sort()).toEqual(expected.sort())
  expect([existsSync(path), existsSync(left)]).toEqual([false, false])
  const pairs = list(await cloud.ec2.call('DescribeKeyPairs'), 'keySet').map((pair) => text(pair, 'keyName'))
  expect(pairs).toEqual(['conformance-of-somebody-else'])
  said = []
  expect(await sweepRuns({ eucarc, run: '0123abcd' }, settings)).toBe(true)
  expect(said).toEqual(['run 0123abcd: 0 removed, 0 left'])
})

test('of a run on an emulator of its own the folders are left, and only what is named so is removed', async () => {
  const own = await mkdtemp(join(tmpdir(), folderPrefix))
  const other = folder()
  const path = join(journalFolder(), '0123abcd.jsonl')
  // No process has this id: the runner is not there any more.
  const pid = 2 ** 30
  const journal = openJournal(path, {
    run: '0123abcd',
    target: 'an emulator of its own',
    endpoint: '',
    started: '',
    pid,
  })
  for (const one of [own, other]) journal.write({ folder: one })
  journal.close(false)
  expect(await sweepRuns({}, settings)).toBe(true)
  expect([own, other, path].map((one) => existsSync(one))).toEqual([false, true, false])
  expect(said).toEqual(['run 0123abcd: its emulator has gone with it, and now its folders'])
})

test('a sweep does not go for the leftovers of one cloud on another', async () => {
  const path = join(folder(), 'run.jsonl')
  openJournal(path, { run: '0123abcd', target: 'far', endpoint: 'http://far', started: '', pid: 1 }).close(false)
  expect(await sweepRuns({ eucarc, journal: path }, settings)).toBe(false)
  expect(said).toEqual(['run 0123abcd was on far (http://far): name it by --target, --eucarc or --aws-profile'])
  await expect(sweepRuns({ eucarc, journal: path, run: '00000000' }, settings)).rejects.toThrow(
    /is of the run 0123abcd/,
  )
  await expect(sweepRuns({ eucarc, run: 'all' }, settings)).rejects.toThrow(/"all" is no id of a run/)
})

test('a journal of other accounts is no matter of this one, and stays', async () => {
  const { administrator, endpoints } = await targetOf()
  const path = join(folder(), 'run.jsonl')
  const head = { run: '0123abcd', target: 'here', endpoint: endpoints.ec2, started: '', pid: 2 ** 30 }
  const journal = openJournal(path, head)
  journal.write({ addresses: [], accounts: [administrator.accountId, '000000000042'], capabilities: ['s3'] })
  journal.close(false)
  expect(await sweepRuns({ eucarc, journal: path }, settings)).toBe(false)
  expect(said).toEqual(['run 0123abcd was on the account 000000000042, too: name a target with its keys'])
  expect(existsSync(path)).toBe(true)
})

test('what a run could make is looked for also where less is declared now', async () => {
  const { administrator, endpoints } = await targetOf()
  await cloud.ec2.call('CreateKeyPair', { KeyName: 'conformance-0123abcd-key' })
  const path = join(folder(), 'run.jsonl')
  const head = { run: '0123abcd', target: 'here', endpoint: endpoints.ec2, started: '', pid: 2 ** 30 }
  const journal = openJournal(path, head)
  journal.write({ addresses: [], accounts: [administrator.accountId], capabilities: ['s3', 'key-pairs'] })
  journal.close(false)
  expect(await sweepRuns({ eucarc, capabilities: 's3', journal: path }, settings)).toBe(true)
  expect(said).toEqual(['removed key pair conformance-0123abcd-key', 'run 0123abcd: 1 removed, 0 left'])
})

test('damaged journals are named and stay, empty ones go, and neither keeps the others from being swept', async () => {
  const journal = openJournal(join(journalFolder(), 'ffffffff.jsonl'), {
    ...{ run: 'ffffffff', target: 'an emulator of its own', endpoint: '', started: '', pid: 2 ** 30 },
  })
  journal.close(false)
  const [damaged, empty] = ['00000000.jsonl', '11111111.jsonl'].map((name) => join(journalFolder(), name)) as [
    string,
    string,
  ]
  writeFileSync(damaged, 'garbage\n')
  writeFileSync(empty, '{"run":"11')
  utimesSync(empty, 0, 0)
  expect(await sweepRuns({}, settings)).toBe(false)
  expect(said).toEqual([
    `the journal ${damaged} is damaged: its first line names no run`,
    'run ffffffff: its emulator has gone with it, and now its folders',
  ])
  expect(readdirSync(journalFolder())).toEqual(['00000000.jsonl'])
})

test('what would run nothing, or everything by mistake, is refused', async () => {
  await expect(run([], { only: '' })).rejects.toThrow('--only names no case')
  await expect(run(['zones/instance-types'], { level: 'smoke' })).rejects.toThrow(
    /no case is all of what was asked for/,
  )
  const target = join(folder(), 'target.json')
  writeFileSync(target, JSON.stringify(await targetOf()))
  const onFile = conformance(['zones/'], { target, fidelity: 'aws', ...lanes }, settings, never)
  await expect(onFile).rejects.toThrow(/says eucalyptus, and --fidelity aws/)
})

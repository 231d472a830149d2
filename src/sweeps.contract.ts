import { spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Account, Target } from '../conformance/target.ts'
import { queryClient } from './client/ec2.ts'
import { s3Request } from './client/s3.ts'
import { list, readXml, text, type Xml } from './client/xml.ts'
import { program, until } from './program.contract.ts'

/** What a number of killed runs has left. */
export interface SweptKills {
  /** How much the runs had written down when they were killed, in lines of their journals. */
  readonly lines: readonly number[]
  /** What was there after the kills and before the sweeps, in all. */
  readonly leftovers: number
  /** What was there after a sweep that was not there before, a line each. */
  readonly left: readonly string[]
}

/** What EC2 lists: the action, its set, the id, and the states of what only shows what was. */
const listings: readonly (readonly [action: string, set: string, id: string, state?: string, over?: RegExp])[] = [
  ['DescribeVolumes', 'volumeSet', 'volumeId', 'status', /^delet/],
  ['DescribeSnapshots', 'snapshotSet', 'snapshotId'],
  ['DescribeKeyPairs', 'keySet', 'keyName'],
  ['DescribeSecurityGroups', 'securityGroupInfo', 'groupName', 'groupName', /^default$/],
  ['DescribeAddresses', 'addressesSet', 'publicIp'],
  ['DescribeConversionTasks', 'conversionTasks', 'conversionTaskId', 'state', /^(completed|cancelled)$/],
  ['DescribeBundleTasks', 'bundleInstanceTasksSet', 'bundleId', 'state', /^(complete|failed|cancelled|canceled)$/],
]

/** All that an account has, asked for without anything of the suite. */
async function listed({ endpoints, region, fidelity }: Target, account: Account): Promise<string[]> {
  const { accountId: _, ...key } = account
  const ec2 = queryClient({ ...key, region, endpoint: endpoints.ec2, service: 'ec2', version: '2015-10-01' })
  const iam = queryClient({ ...key, region, endpoint: endpoints.iam ?? '', service: 'iam', version: '2010-05-08' })
  const found: string[] = []
  for (const [action, set, id, state, over] of listings) {
    const items = list(await ec2.call(action), set)
    found.push(...items.filter((one) => !over?.test(text(one, state ?? '') ?? '')).map((one) => text(one, id) ?? ''))
  }
  const hidden = fidelity === 'eucalyptus' ? { ImageId: ['verbose'] } : { Owner: ['self'] }
  found.push(...list(await ec2.call('DescribeImages', hidden), 'imagesSet').map((one) => text(one, 'imageId') ?? ''))
  const reservations = list(await ec2.call('DescribeInstances'), 'reservationSet')
  const instances = reservations.flatMap((one: Xml) => list(one, 'instancesSet'))
  const running = instances.filter((one) => text(one, 'instanceState', 'name') !== 'terminated')
  found.push(...running.map((one) => text(one, 'instanceId') ?? ''))
  for (const what of ['Role', 'InstanceProfile']) {
    const items = list(await iam.call(`List${what}s`), `List${what}sResult`, `${what}s`)
    found.push(...items.map((one) => text(one, `${what}Name`) ?? ''))
  }
  const { body } = await s3Request({ ...key, region, endpoint: endpoints.s3 }, { method: 'GET', path: '/' })
  const buckets = list(readXml(body.toString()).content, 'Buckets', 'Bucket')
  return [...found, ...buckets.map((one) => text(one, 'Name') ?? '')]
}

async function everything(target: Target): Promise<Set<string>> {
  const accounts = [target.administrator, ...(target.user ? [target.user] : [])]
  return new Set((await Promise.all(accounts.map((account) => listed(target, account)))).flat())
}

/** Runs the program to its end; resolves with its exit code and what it has printed. */
function run(args: readonly string[], cache: string, onStart: (kill: () => void) => void = () => undefined) {
  const env = { ...process.env, EUCA_EMU_CACHE: cache }
  const child = spawn(process.execPath, [program, 'conformance', ...args], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (piece) => (output += piece))
  onStart(() => child.kill('SIGKILL'))
  return new Promise<{ code: number | null; output: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, output })),
  )
}

/** The lines of the journal of the run under way; none while there is none. */
async function journalLines(folder: string): Promise<number> {
  const names = existsSync(folder) ? await readdir(folder) : []
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8').catch(() => '')))
  return texts.reduce((sum, content) => sum + content.split('\n').length - 1, 0)
}

/**
 * Kills the runner (SIGKILL) that many times at random moments, after some lines of its journal and in the middle of what is
 * next, sweeps after each, and compares with what was there before.
 */
export async function sweepKills(target: Target, folder: string, times: number): Promise<SweptKills> {
  const cache = join(folder, 'cache')
  await mkdir(cache, { recursive: true })
  const file = join(folder, 'target.json')
  await writeFile(file, JSON.stringify(target))
  const before = await everything(target)
  const lines: number[] = []
  const left: string[] = []
  let leftovers = 0
  const added = async () => [...(await everything(target))].filter((id) => !before.has(id))
  for (let time = 0; time < times && !left.length; time += 1) {
    let kill = () => {}
    const ended = run(['--target', file, '--seed', String(randomInt(2 ** 31))], cache, (by) => (kill = by))
    const enough = randomInt(1, 150)
    const journals = join(cache, 'conformance')
    const isOver = ended.then(() => true)
    await until(`${enough} lines of the journal`, async () => {
      const isEnough = (await journalLines(journals)) >= enough
      return isEnough || (await Promise.race([isOver, pause(1, false)])) ? true : undefined
    })
    await pause(randomInt(40))
    lines.push(await journalLines(journals))
    kill()
    const { output } = await ended
    if (lines.at(-1) === 0) throw new Error(`the runner has ended by itself:\n${output}`)
    leftovers += (await added()).length
    const swept = await run(['sweep', '--target', file], cache)
    const files = await readdir(journals)
    if (swept.code !== 0 || files.length) left.push(`the sweep ended with ${swept.code}, ${files}:\n${swept.output}`)
    left.push(...(await added()))
  }
  return { lines, leftovers, left }
}

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fakeHypervisor } from '../../emulator/node/fake.ts'
import { queryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { startEmulator } from '../index.ts'
import { spread } from './measure.ts'

/**
 * What bundles cost over the bare tools on the same bytes: bundling, uploading, registering and verifying 1 GiB in one
 * stream; unbundling it; and the memory of both for 10 GiB (sparse). Arguments: rounds, and an image of one's own.
 */
const rounds = Number(process.argv[2] ?? 3)
const run = promisify(execFile)
const folder = await mkdtemp(join(tmpdir(), 'euca-emu-bundles-'))
const data = join(folder, 'data')
const program = fileURLToPath(new URL('../cli.js', import.meta.url))

/** Seconds that a shell's command takes in the folder. */
async function shell(command: string): Promise<number> {
  const start = performance.now()
  await run('bash', ['-c', `set -o pipefail; ${command}`], { cwd: folder })
  return (performance.now() - start) / 1000
}

/** Seconds that a command of `euca-emu image` takes, and the most memory that it had, in MiB. */
async function image(...args: string[]): Promise<{ seconds: number; memory: number }> {
  const start = performance.now()
  const running = run(process.execPath, [program, 'image', ...args, '--data', data], { cwd: folder })
  let memory = 0
  const look = setInterval(async () => {
    const status = await readFile(`/proc/${running.child.pid}/status`, 'utf8').catch(() => '')
    memory = Math.max(memory, Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1024)
  }, 20)
  await running.finally(() => clearInterval(look))
  return { seconds: (performance.now() - start) / 1000, memory }
}

/** Seconds until the cloud has verified every byte of a registered image, which it does at the first launch. */
async function verify(name: string): Promise<number> {
  const start = performance.now()
  const ImageLocation = `figures/${name}.manifest.xml`
  const registered = await ec2.call('RegisterImage', { Name: name, ImageLocation, VirtualizationType: 'hvm' })
  const asked = { ImageId: text(registered, 'imageId'), MinCount: 1, MaxCount: 1, InstanceType: 'm1.medium' }
  const InstanceId = [text(list(await ec2.call('RunInstances', asked), 'instancesSet')[0], 'instanceId') ?? '']
  for (let state = ''; state !== 'running'; ) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const answer = await ec2.call('DescribeInstances', { InstanceId })
    state = text(list(list(answer, 'reservationSet')[0], 'instancesSet')[0], 'instanceState', 'name') ?? ''
    if (state === 'terminated') throw new Error(`the launch of ${name} failed`)
  }
  await ec2.call('TerminateInstances', { InstanceId })
  return (performance.now() - start) / 1000
}

const emulator = await startEmulator({ catalog: false, data, port: 0, hypervisor: fakeHypervisor() })
const { accessKeyId, secretAccessKey } = emulator.credentials
const ec2 = queryClient({
  ...{ accessKeyId, secretAccessKey, region: 'x', service: 'ec2', version: '2016-11-15' },
  endpoint: `${emulator.url}/services/compute`,
})
try {
  // Files of a system, as an image holds them, then free space.
  if (process.argv[3]) await shell(`cp --sparse=always '${process.argv[3]}' disk`)
  else await shell('(tar c /usr/lib /usr/share 2>/dev/null || true) | head -c 600000000 > disk; truncate -s 1G disk')
  const { size } = await stat(join(folder, 'disk'))
  const rate = (seconds: number) => size / 1e6 / seconds
  const key = '-aes-128-cbc -K 00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff'
  const ratios: Record<string, number[]> = {}
  const note = (what: string, value: number) => {
    ratios[what] ??= []
    ratios[what].push(value)
  }
  for (let round = 0; round < rounds; round += 1) {
    const name = `disk-${round}`
    const bare = await shell(`tar c disk | gzip | openssl enc ${key} > bare`)
    const upload = await image('upload', '-b', 'figures', '-i', 'disk', '-p', name)
    const whole = upload.seconds + (await verify(name))
    const fast = await shell(`tar c disk | gzip -1 | openssl enc ${key} > bare`)
    const bareBack = await shell(`openssl enc -d ${key} < bare | gzip -d | tar xO > back`)
    const unbundled = await image('unbundle', '-b', 'figures', '-p', name)
    await shell(`cmp disk ${name} && rm ${name} back bare`)
    note('MB/s: tar|gzip|openssl', rate(bare))
    note('MB/s: bundle and upload', rate(upload.seconds))
    note('MB/s: bundle, upload, register and verify', rate(whole))
    note('the whole over tar|gzip|openssl (goal 0.8)', bare / whole)
    note('the whole over tar|gzip -1|openssl', fast / whole)
    note('MB/s: openssl|gzip|tar', rate(bareBack))
    note('MB/s: download and unbundle', rate(unbundled.seconds))
    note('unbundling over openssl|gzip|tar (goal 0.8)', bareBack / unbundled.seconds)
    note('MiB of memory: upload', upload.memory)
    note('MiB of memory: unbundle', unbundled.memory)
  }
  for (const [what, values] of Object.entries(ratios)) console.log(`${what}: ${spread(values)}`)
  await truncate(join(folder, 'disk'), 10 * 2 ** 30)
  const [up, down] = [await image('upload', '-b', 'figures', '-i', 'disk', '-p', 'large'), 'large']
  const { memory, seconds } = await image('unbundle', '-b', 'figures', '-p', down)
  console.log(`10 GiB, sparse: upload ${up.memory.toFixed(0)} MiB of memory in ${up.seconds.toFixed(0)} s`)
  console.log(
    `10 GiB, sparse: unbundle ${memory.toFixed(0)} MiB of memory in ${seconds.toFixed(0)} s (goal: below 200 MiB)`,
  )
} finally {
  await emulator.stop()
  await rm(folder, { recursive: true, force: true })
}

import { copyFile, mkdtemp, open, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultCache, installedFixtures } from '../../fixtures/catalog.ts'
import { bundleAndUpload } from '../client/bundle-image.ts'
import { text } from '../client/xml.ts'
import { type MeasuredCloud, measuredCloud } from './cloud.ts'
import { median, spread, untilFileShows } from './measure.ts'

/** What an image's size costs: bundling, unbundling, and a launch of 10 GiB (sparse) over one of 64 MiB. */
const pairs = Number(process.argv[2] ?? 10)
const gibibytes = Number(process.argv[3] ?? 10)

async function register(cloud: MeasuredCloud, name: string, file: string): Promise<string> {
  const { url, credentials, cloudCertificate } = cloud.emulator
  const { accountId, accessKeyId, secretAccessKey } = credentials
  const start = performance.now()
  const { location } = await bundleAndUpload({
    image: file,
    name,
    kind: 'machine',
    architecture: 'x86_64',
    accountId,
    cloudCertificate,
    s3: { endpoint: url, accessKeyId, secretAccessKey },
    bucket: 'figures',
  })
  rate(`${name}: bundling and upload`, (await stat(file)).size, performance.now() - start)
  const answer = await cloud.ec2.call('RegisterImage', {
    Name: name,
    ImageLocation: location,
    VirtualizationType: 'hvm',
  })
  return text(answer, 'imageId') ?? ''
}

function rate(what: string, bytes: number, milliseconds: number): void {
  console.log(
    `${what}: ${(bytes / 1e6).toFixed(0)} MB in ${(milliseconds / 1000).toFixed(1)} s, ${(bytes / 1e3 / milliseconds).toFixed(0)} MB/s`,
  )
}

async function launch(cloud: MeasuredCloud, image: string): Promise<number> {
  const start = performance.now()
  const answer = await cloud.ec2.call('RunInstances', {
    ImageId: image,
    MinCount: 1,
    MaxCount: 1,
    InstanceType: 'm1.medium',
  })
  const id = text((answer as { instancesSet: { instanceId: string }[] }).instancesSet[0], 'instanceId') ?? ''
  const milliseconds = await untilFileShows(join(cloud.data, 'machines', id, 'console.log'), 'login:', start)
  await cloud.terminate(id)
  return milliseconds
}

const cloud = await measuredCloud()
const folder = await mkdtemp(join(tmpdir(), 'euca-emu-sizes-'))
try {
  const tiny = (await installedFixtures(defaultCache())).find(({ name }) => name === 'tiny-hvm')
  if (tiny?.virtualization !== 'hvm') throw new Error('run "euca-emu fixtures build" first')
  const [large, half] = [join(folder, 'large'), join(folder, 'half')]
  for (const copy of [large, half]) await copyFile(tiny.files.disk, copy)
  await truncate(large, gibibytes * 2 ** 30)
  const file = await open(half, 'r+')
  for (let mebibyte = 128; mebibyte < 256; mebibyte += 1) {
    await file.write(crypto.getRandomValues(Buffer.alloc(65_536)), 0, 65_536, mebibyte * 2 ** 20)
    for (let piece = 1; piece < 16; piece += 1) {
      await file.write(crypto.getRandomValues(Buffer.alloc(65_536)), 0, 65_536, mebibyte * 2 ** 20 + piece * 65_536)
    }
  }
  await file.close()
  const small = cloud.image('tiny-hvm')
  const big = await register(cloud, 'large', large)
  const mixed = await register(cloud, 'half-random', half)
  const first = async (what: string, image: string, bytes: number) => {
    const [cold, warm] = [await launch(cloud, image), await launch(cloud, image)]
    rate(`${what}: unbundling, as the first launch over the second`, bytes, cold - warm)
  }
  await first('half-random', mixed, (await stat(half)).size)
  await first('large', big, gibibytes * 2 ** 30)
  await launch(cloud, small)
  const [smallTimes, bigTimes]: [number[], number[]] = [[], []]
  for (let pair = 0; pair < pairs; pair += 1) {
    bigTimes.push(await launch(cloud, big))
    smallTimes.push(await launch(cloud, small))
  }
  const ratios = bigTimes.map((time, index) => time / (smallTimes[index] ?? 1))
  console.log(`launch of ${gibibytes} GiB ${spread(bigTimes, 0)} ms, of 64 MiB ${spread(smallTimes, 0)} ms`)
  console.log(`ratio ${spread(ratios)}, median ${median(ratios).toFixed(3)} of ${pairs} pairs`)
} finally {
  await cloud.close()
  await rm(folder, { recursive: true, force: true })
}

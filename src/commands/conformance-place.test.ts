import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { readSettings } from '../settings.ts'
import { type ConformanceOptions, conformance } from './conformance.ts'
import { type PlaceOptions, placeOf } from './conformance-place.ts'
import { explain } from './failure.ts'

const settings = () => readSettings({}, {})
const cloud = { AWS_ENDPOINT_URL: 'http://c', AWS_ACCESS_KEY_ID: 'A', AWS_SECRET_ACCESS_KEY: 's' }

test.each<[string, PlaceOptions, RegExp]>([
  ['a capability that there is not', { capabilities: 's3,flying' }, /capability "flying" is none of s3/],
  ['no capability', { capabilities: '' }, /nothing to be tested/],
  ['a fidelity that there is not', { fidelity: 'azure' }, /--fidelity takes eucalyptus or aws, not "azure"/],
])('%s is refused for every cloud, and for an emulator', async (_, options, why) => {
  await expect(placeOf(options, settings, cloud)).rejects.toThrow(why)
  await expect(placeOf(options, settings, {})).rejects.toThrow(why)
})

test.each(['accel', 'memory'])('--%s is for the emulator, and nothing that another cloud would do', async (option) => {
  const told = { [option]: '1' }
  expect(await placeOf(told, settings, {})).toBeUndefined()
  await expect(placeOf(told, settings, cloud)).rejects.toThrow(`--${option} is for an emulator`)
})

test('an endpoint of the environment that is no URL is named', async () => {
  const environment = { ...cloud, S3_URL: 's3.example.org' }
  await expect(placeOf({}, settings, environment)).rejects.toThrow(/no URL for its s3: "s3\.example\.org"/)
})

/** The path of a target file of a cloud there. */
async function targetFile(s3: string, more: object = {}): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-place-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'target.json')
  const target = {
    ...{ name: 'there', fidelity: 'aws', region: 'r', zone: 'z', capabilities: ['s3'], timeScale: 1 },
    endpoints: { ec2: 'http://127.0.0.1:9', s3, sts: 'http://127.0.0.1:9' },
    administrator: { accountId: '1', accessKeyId: 'A', secretAccessKey: 's' },
    instanceType: { name: 't', diskGiB: 1 },
  }
  await writeFile(path, JSON.stringify({ ...target, ...more }))
  return path
}

test('nothing is asked of AWS without consent, whatever a target file leaves out', async () => {
  const target = await targetFile('https://s3.us-east-1.api.aws')
  const options: ConformanceOptions = { target, parallel: 1, boots: 1 }
  const run = (more: Partial<ConformanceOptions>) =>
    conformance(['object-storage/'], { ...options, ...more }, settings, AbortSignal.abort())
  await expect(run({})).rejects.toThrow(/there bills its account .* --i-own-this-account/)
  await expect(run({ iOwnThisAccount: true })).rejects.toThrow(/name a limit by --budget/)
})

test('keys that nobody has set are asked for in a sentence', async () => {
  const target = await targetFile('http://c', { administrator: { accountId: '1' } })
  const error = await placeOf({ target }, settings, {}).catch((error: unknown) => error)
  expect(explain(error).sentence).toMatch(/^none of these variables is set: AWS_ACCESS_KEY_ID, /)
})

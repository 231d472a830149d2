import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/**
 * Which files of the repository a file may import, beside those of its own layer (ARCHITECTURE.md, "Layers"). The first
 * row that is found in its path counts, and what it matched is the layer's name: ec2 and iam share a row, not a layer.
 */
const layers: readonly [from: RegExp, may: RegExp][] = [
  [/^src\/protocol\//, /^$/],
  [/^src\/bundle\//, /^src\/protocol\//],
  [/^src\/inspect\//, /^src\/protocol\//],
  [/^src\/catalog\//, /^$/],
  [/^src\/client\//, /^src\/(protocol|bundle)\//],
  [/^src\/setup\//, /^src\/closing-line\.mjs$/],
  // Measurements look at what they measure; nothing imports them.
  [/^src\/figures\//, /^(emulator\/(node|disk|network|state)|fixtures|src)\//],
  [/^bench\//, /^src\/(protocol|figures|commands)\//],
  // What the tour shows is what any client of a cloud sees.
  [/^src\/tour\//, /^(src\/(client|bundle)\/|fixtures\/(catalog|nonce)\.ts$)/],
  [/^src\/migrate\//, /^src\/(protocol|bundle|client)\//],
  // The top of the program: what is typed and what is imported.
  [
    /^src\/(?=(commands\/)?[^/]+$)/,
    /^(emulator\/(index|surface|fsck|installation(-folder)?|temporary-folder|imaging\/convert-tool|state\/(settings|files))|conformance\/([\w-]+|reports\/reporting|sweep\/sweep)|fixtures\/(debian-12\/)?(build|catalog))\.ts$|^src\/(protocol|client|bundle|migrate|inspect|catalog|setup|tour)\//,
  ],
  [/^fixtures\//, /^$/],
  [/^emulator\/state\//, /^$/],
  [/^emulator\/disk\//, /^emulator\/state\//],
  [/^emulator\/node\//, /^emulator\/(state|disk|network)\//],
  [/^emulator\/storage\//, /^emulator\/(state|disk)\//],
  [/^emulator\/(objects|network)\//, /^emulator\/state\//],
  [/^emulator\/imaging\//, /^(emulator\/(state|disk|objects|storage)|src\/(bundle|inspect))\//],
  // Where instances, images and volumes as the APIs know them become machines that the node can start.
  [/^emulator\/machines\//, /^emulator\/((ec2|disk|node|imaging|storage|network|metadata|objects|state)\/|cloud\.ts$)/],
  // Object Storage's engine is in the words of S3: records, grants and refusals are shared as they are.
  [/^emulator\/s3\//, /^(src\/protocol\/|emulator\/(state|objects)\/|emulator\/cloud\.ts$)/],
  [
    /^emulator\/(ec2|iam|sts|empyrean|metadata)\//,
    /^(src\/(protocol|bundle)\/|emulator\/state\/|emulator\/(cloud|senders)\.ts$)/,
  ],
  // Bugs on purpose: they may be put around anything, and nothing but their names is known to the rest.
  [/^emulator\/mutants\//, /^(emulator|src\/protocol)\//],
  [/^emulator\/(?=[^/]+$)/, /^(emulator\/(?!mutants\/)|src\/protocol\/)/],
  // The adapters that run the cases on an emulator, and what it alone can show; nothing else of the suite knows one.
  [/^conformance\/(?=mutants\.[\w.]+$)/, /^(src\/index|emulator\/(node\/fake|seams))\.ts$/],
  [/^conformance\/(?=emulator\.test\.ts$)/, /^(src\/index|emulator\/node\/fake)\.ts$/],
  [
    /^conformance\/(?=asked\.harness\.ts$)/,
    /^(src\/protocol\/rest|emulator\/(routes|surface|s3\/(operation|router)))\.ts$/,
  ],
  [/^conformance\/(?=(emulator|aws|disks)\.boot\.test\.ts$)/, /^src\/index\.ts$/],
  // The servers of others that the benchmark knows how to install and start.
  [/^conformance\/(?=peers\.harness\.ts$)/, /^bench\/(peers|server)\.ts$/],
  [/^conformance\//, /^(src\/(client|bundle)\/|fixtures\/(catalog|nonce)\.ts$)/],
]

/** Tests, and the harness that the tests of operations share. */
const isTest = /\.(test|harness)\.ts$/

/** What they may import besides: images to boot, the node that boots nothing, the harness; it sees bundles and clients. */
const forTests = /^fixtures\/|^emulator\/(node\/fake|\w+\.harness)\.ts$|^src\/(bundle|client)\//

const root = fileURLToPath(new URL('..', import.meta.url))

/** The modules that a source names: static and dynamic imports, re-exports, type imports, mocks of tests. */
function imports(source: string): string[] {
  const pattern = /(?:\bfrom|\bimport|\bimport\(|\bvi\.mock\()\s*['"]([^'"]+)['"]/g
  return [...source.matchAll(pattern)].map(([, name]) => name ?? '')
}

/** The row of a file, and the name of its layer. */
function layerOf(file: string) {
  const row = layers.find(([from]) => from.test(file))
  return { name: row?.[0].exec(file)?.[0], may: row?.[1] }
}

/** What is wrong with one file's imports, a sentence each. */
function breaches(file: string, source: string): string[] {
  const { name, may } = layerOf(file)
  return imports(source)
    .filter((module) => module.startsWith('.'))
    .map((module) => join(dirname(file), module))
    .filter((target) => !name || layerOf(target).name !== name)
    .filter((target) => !may?.test(target) && !(isTest.test(file) && forTests.test(target)))
    .map((target) => `${file} must not import ${target}`)
}

const words = /\bDate\.now\b|\bsetTimeout\b|\bsetInterval\b|\bMath\.random\b|\bnew Date\(\)|\bnode:timers\b/

/** The places where a file takes time or chance from the machine instead of from the cloud. */
function forbiddenWords(file: string, source: string): string[] {
  if (!/^(emulator\/(?!state\/)|src\/protocol\/)/.test(file)) return []
  const code = source.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*/g, (comment) => comment.replace(/[^\n]/g, ' '))
  return code.split('\n').flatMap((line, index) => {
    const word = words.exec(line)?.[0]
    return word ? [`${file}:${index + 1} uses ${word}: take the clock, ids or tasks of the cloud`] : []
  })
}

const files = ['src', 'emulator', 'conformance', 'fixtures', 'bench']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((path) => `${folder}/${path}`))
  // This file's own imports are planted below.
  .filter((path) => /\.(ts|mjs)$/.test(path) && path !== 'src/layers.test.ts')
const sources = files.map((file) => [file, readFileSync(join(root, file), 'utf8')] as const)
const seesEveryImport = sources.flatMap(([, source]) => imports(source)).filter((name) => name.startsWith('.'))

describe('the repository', () => {
  test('is seen: a check that finds nothing to check would pass as well', () => {
    expect(files.length).toBeGreaterThan(60)
    expect(seesEveryImport.length).toBeGreaterThan(150)
  })

  test('imports only downwards', () => expect(sources.flatMap(([file, source]) => breaches(file, source))).toEqual([]))

  test('takes time and chance from the cloud', () =>
    expect(sources.flatMap(([file, source]) => forbiddenWords(file, source))).toEqual([]))

  test('has no file of more than 300 lines', () =>
    expect(sources.filter(([, source]) => source.split('\n').length > 301).map(([file]) => file)).toEqual([]))
})

describe('the check', () => {
  test.each([
    ['src/protocol/xml.ts', "import { table } from '../../emulator/state/table.ts'"],
    ['emulator/ec2/volume/AttachVolume.ts', "import type { Bucket } from '../../s3/bucket.ts'"],
    ['emulator/ec2/volume/AttachVolume.ts', "const { open } = await import('../../objects/store.ts')"],
    ['emulator/ec2/service.ts', "export * from '../node/qemu.ts'"],
    ['emulator/objects/store.ts', "import '../node/qemu.ts'"],
    ['emulator/objects/store.ts', "import {\n  fault,\n} from '../ec2/faults.ts'"],
    ['emulator/state/store.ts', "import { a } from '../cloud.ts'"],
    ['conformance/cases/ebs/attach.ts', "import { startEmulator } from '../../../src/index.ts'"],
    ['conformance/run.ts', "import { x } from '../emulator/index.ts'"],
    ['emulator/disk/qcow2.ts', "import { x } from '../node/hypervisor.ts'"],
    ['emulator/machines/spec.ts', "import { x } from '../s3/service.ts'"],
    ['emulator/ec2/service.ts', "import { x } from '../machines/spec.ts'"],
    ['emulator/node/qemu.ts', "import { x } from '../../fixtures/catalog.ts'"],
    ['fixtures/build.ts', "import { x } from '../src/bundle/manifest.ts'"],
    ['emulator/ec2/volume/AttachVolume.ts', "import { testCloud } from '../../cloud.harness.ts'"],
    ['emulator/http.ts', "import { x } from '../src/client/xml.ts'"],
    ['src/cli.ts', "import { x } from '../emulator/ec2/service.ts'"],
    ['emulator/index.ts', "import x from './mutants/etag-is-wrong.ts'"],
    ['conformance/mutants.test.ts', "import x from '../emulator/mutants/etag-is-wrong.ts'"],
    ['elsewhere/new.ts', "import { x } from '../src/index.ts'"],
  ])('reports %s with %s', (file, source) => expect(breaches(file, source)).toHaveLength(1))

  test.each([
    ['src/protocol/xml.ts', "import { crc32 } from 'node:zlib'\nimport { a } from './faults.ts'"],
    [
      'emulator/ec2/volume/AttachVolume.ts',
      "import { fault } from '../faults.ts'\nimport { text } from '../../../src/protocol/shape.ts'",
    ],
    [
      'emulator/imaging/unbundle.ts',
      "import { a } from '../objects/store.ts'\nimport { b } from '../../src/bundle/tar.ts'",
    ],
    ['conformance/emulator.test.ts', "import { startEmulator } from '../src/index.ts'"],
    ['emulator/node/qemu.boot.test.ts', "import { x } from '../../fixtures/catalog.ts'"],
    ['emulator/ec2/volume/AttachVolume.test.ts', "import { testCloud } from '../../cloud.harness.ts'"],
    ['emulator/cloud.harness.ts', "import { readXml } from '../src/client/xml.ts'"],
    ['src/cli.ts', "import { a } from './settings.ts'\nimport { b } from '../emulator/index.ts'"],
  ])('lets %s with %j pass', (file, source) => expect(breaches(file, source)).toEqual([]))

  test.each([
    'Date.now()',
    'setTimeout(f, 1)',
    'setInterval(f, 1)',
    'Math.random()',
    'new Date()',
    "import 'node:timers/promises'",
  ])('reports %s in an engine, not in state, and not in a comment', (code) => {
    expect(forbiddenWords('emulator/node/qemu.ts', `let a\n${code}`)).toEqual([
      expect.stringMatching(/^emulator\/node\/qemu\.ts:2 uses /),
    ])
    expect(forbiddenWords('src/protocol/xml.ts', code)).toHaveLength(1)
    expect(forbiddenWords('emulator/state/clock.ts', code)).toEqual([])
    expect(forbiddenWords('emulator/node/qemu.ts', `/** ${code} */\n// ${code}`)).toEqual([])
  })

  test('lets the parsing of a date pass', () =>
    expect(forbiddenWords('emulator/ec2/a.ts', 'new Date(text)')).toEqual([]))
})

import { describe, expect, test } from 'vitest'
import { parseCatalog } from './catalog-file.ts'

const sha256 = 'a'.repeat(64)
const file = (location: string) => ({ location, sha256, size: 10 })
const image = (also: object = {}) => ({
  name: 'one',
  virtualization: 'hvm',
  files: { disk: file('disk.img') },
  ...also,
})
const parse = (images: unknown, base = '/catalogs/mine.json') => parseCatalog(JSON.stringify({ images }), base)

test('an image, with what goes without saying', () =>
  expect(parse([image()])).toEqual([
    {
      name: 'one',
      description: '',
      virtualization: 'hvm',
      architecture: 'x86_64',
      bootLine: 'login:',
      files: [{ location: '/catalogs/disk.img', sha256, size: 10 }],
    },
  ]))

test('a paravirtual image with all that can be said, its files in the order of image add', () => {
  const files = { kernel: file('vmlinuz'), ramdisk: file('https://other/initrd'), root: file('../root') }
  const said = { description: 'One.', architecture: 'i386', login: 'ec2-user', bootLine: 'ready' }
  const [found] = parse([image({ ...said, virtualization: 'paravirtual', files })], 'https://host/a/catalog.json')
  expect(found).toMatchObject(said)
  expect(found?.files.map(({ location }) => location)).toEqual([
    'https://host/root',
    'https://host/a/vmlinuz',
    'https://other/initrd',
  ])
})

describe('is refused', () => {
  test.each<[string, unknown, RegExp]>([
    ['no list', 'x', /"images" is no list/],
    ['no image', ['x'], /image 1 is no object with name/],
    ['two of a name', [image(), image()], /two images named one/],
    ['a field nobody knows', [image({ url: 'x' })], /image 1: "url" is none of name, description/],
    ['no name', [image({ name: undefined })], /"name" is undefined/],
    ['a name like a path', [image({ name: '../../etc' })], /"name" is "..\/..\/etc"/],
    ['another virtualization', [image({ virtualization: 'xen' })], /one: "virtualization" is "xen"/],
    ['another architecture', [image({ architecture: 'vax' })], /"architecture"/],
    ['a login that is an option', [image({ login: '-oProxyCommand=x' })], /"login"/],
    ['control characters', [image({ description: '\u001b[2J' })], /"description"/],
    ['no files', [image({ files: undefined })], /"files" is no object with disk/],
    ['files of the other kind', [image({ files: { root: file('x') } })], /"files": "root" is none of disk/],
    ['a missing file', [image({ virtualization: 'paravirtual', files: { root: file('x') } })], /"kernel" is no object/],
    ['no checksum', [image({ files: { disk: { ...file('x'), sha256: undefined } } })], /"sha256" is undefined/],
    ['half a checksum', [image({ files: { disk: { ...file('x'), sha256: 'abc' } } })], /"sha256" is "abc"/],
    ['a size that is a word', [image({ files: { disk: { ...file('x'), size: '10' } } })], /"size" is "10"/],
    ['a negative size', [image({ files: { disk: { ...file('x'), size: -1 } } })], /"size" is -1/],
    ['a size of 4 TiB', [image({ files: { disk: { ...file('x'), size: 2 ** 42 } } })], /"size"/],
  ])('%s', (_what, images, why) => expect(() => parse(images)).toThrow(why))

  test.each(['file:///etc/passwd', 'ftp://host/x', 'http://'])('a catalog from the network that names %s', (location) =>
    expect(() => parse([image({ files: { disk: file(location) } })], 'https://host/catalog.json')).toThrow(
      /no http or https/,
    ),
  )

  test.each(['file:///etc/passwd', 'ftp://host/x', 's3://bucket/key'])('a catalog file that names %s', (location) =>
    expect(() => parse([image({ files: { disk: file(location) } })])).toThrow(
      `one: "disk": "location" is ${location}, which is neither a path nor an http or https URL`,
    ),
  )

  test('what is no JSON', () => expect(() => parseCatalog('images: []', 'x.yaml')).toThrow(/x.yaml is no JSON/))
})

test('an absolute path of a catalog from the network is one of that host', () => {
  const [found] = parse([image({ files: { disk: file('/etc/passwd') } })], 'https://host/a/catalog.json')
  expect(found?.files[0]?.location).toBe('https://host/etc/passwd')
})

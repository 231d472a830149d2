import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { descriptor, dynamicVhd, fixedVhd, qcow2, streamVmdk, vdi, vhdx, vmdk } from './disks.harness.ts'
import { type DiskHeader, inspectHeader } from './header.ts'

/** Looks at bytes, and holds that only those of the file were asked for. */
function inspect(bytes: Buffer, size = bytes.length): Promise<DiskHeader> {
  return inspectHeader(async (offset, length) => {
    if (offset < 0 || offset + length > size) throw new Error(`${length} bytes at ${offset} are not of the file`)
    return bytes.subarray(offset, offset + length)
  }, size)
}

/** Zeros with text somewhere. */
function at(offset: number, text: string, size = 65_536): Buffer {
  const bytes = Buffer.alloc(size)
  bytes.write(text, offset, 'latin1')
  return bytes
}

describe('is opened, in the format it is of', () => {
  test.each<[string, Buffer, Omit<DiskHeader, 'problems'>]>([
    ['zeros', Buffer.alloc(4096), { format: 'raw', virtualBytes: 4096 }],
    ['one byte', Buffer.from('x'), { format: 'raw', virtualBytes: 1 }],
    ['an ISO image', at(32_769, 'CD001'), { format: 'iso', virtualBytes: 65_536 }],
    ['qcow2', qcow2(), { format: 'qcow2', subformat: 'v3', virtualBytes: 2 ** 30 }],
    ['qcow2 of version 2', qcow2([[4, 4, 2]]), { format: 'qcow2', subformat: 'v2', virtualBytes: 2 ** 30 }],
    ['qcow2 with subclusters', qcow2([[72, 8, 0x19]]), { format: 'qcow2', subformat: 'v3', virtualBytes: 2 ** 30 }],
    ['VDI', vdi(), { format: 'vdi', subformat: 'dynamic', virtualBytes: 2 ** 30 }],
    ['dynamic VHD', dynamicVhd(), { format: 'vhd', subformat: 'dynamic', virtualBytes: 2 ** 20 }],
    ['fixed VHD', fixedVhd(), { format: 'vhd', subformat: 'fixed', virtualBytes: 2 ** 20 }],
    ['VHDX', vhdx(), { format: 'vhdx', subformat: 'dynamic', virtualBytes: 2 ** 30 }],
    ['sparse VMDK', vmdk(), { format: 'vmdk', subformat: 'monolithicSparse', virtualBytes: 2 ** 20 }],
    ['VMDK for streaming', streamVmdk(), { format: 'vmdk', subformat: 'streamOptimized', virtualBytes: 2 ** 20 }],
    ['gzip', at(0, '\x1f\x8b\x08'), { format: 'gzip' }],
    ['xz', at(0, '\xfd7zXZ\0'), { format: 'xz' }],
    ['zstd', at(0, '\x28\xb5\x2f\xfd'), { format: 'zstd' }],
    ['tar', at(257, 'ustar'), { format: 'tar' }],
  ])('%s', async (_what, bytes, header) => expect(await inspect(bytes)).toEqual({ ...header, problems: [] }))
})

const [parent, cut] = [/rests on another file/, /beyond its end/]
describe('is not opened', () => {
  test.each<[string, Buffer, RegExp]>([
    ['an empty file', Buffer.alloc(0), /empty/],
    ['LUKS', at(0, 'LUKS\xba\xbe'), /encrypted/],
    ['the old qcow', at(0, 'QFI\xfb\0\0\0\x01'), /format qcow,/],
    ['QED', at(0, 'QED\0'), /format qed,/],
    ['parallels', at(0, 'WithoutFreeSpace'), /format parallels,/],
    ['an extent of ESX', at(0, 'COWD'), /format vmdk,/],
    ['bzip2', at(0, 'BZh'), /format bzip2,/],
    ['zip', at(0, 'PK\x03\x04'), /format zip,/],
    ['lz4', at(0, '\x04\x22\x4d\x18'), /format lz4,/],
    ['qcow2 with a backing file', qcow2([[8, 8, 300]]), parent],
    ['qcow2 with the length of a name', qcow2([[16, 4, 9]]), parent],
    ['qcow2 with its data elsewhere', qcow2([[72, 8, 4]]), /data file/],
    ['qcow2 that only names a data file', qcow2([[104, 4, 0x44415441]]), /names another file for its data/],
    [
      'qcow2 that names a data file further on',
      qcow2([
        [104, 4, 0x6803f857],
        [108, 4, 3],
        [120, 4, 0x44415441],
      ]),
      /names another file for its data/,
    ],
    ['qcow2 that is encrypted', qcow2([[32, 4, 2]]), /encrypted/],
    ['qcow2 with snapshots', qcow2([[60, 4, 1]]), /snapshots/],
    ['qcow2 that is damaged', qcow2([[72, 8, 2]]), /damaged/],
    ['qcow2 with new features', qcow2([[72, 8, 1n << 63n]]), /not known/],
    ['qcow2 of version 4', qcow2([[4, 4, 4]]), /version 4/],
    ['qcow2 of clusters of 1 byte', qcow2([[20, 4, 0]]), /clusters of 2\^0/],
    ['qcow2 of enormous clusters', qcow2([[20, 4, 0xffff_ffff]]), /clusters of/],
    ['qcow2 of 500 TiB', qcow2([[24, 8, 500 * 2 ** 40]]), /more than any disk/],
    ['qcow2 of nothing', qcow2([[24, 8, 0]]), /no bytes/],
    ['qcow2 with short tables', qcow2([[24, 8, 2 ** 40]]), /too short/],
    ['qcow2 with a far table', qcow2([[40, 8, 1n << 62n]]), cut],
    ['qcow2 with a huge table', qcow2([[36, 4, 0xffff_ffff]]), cut],
    ['qcow2 cut in its header', qcow2().subarray(0, 80), /within its header/],
    ['qcow2 cut before its tables', qcow2().subarray(0, 0x20_000), cut],
    ['VDI of a snapshot', vdi([[76, 4, 4]]), parent],
    ['VDI that names its parent', vdi([[440, 4, 1]]), /its parent/],
    ['VDI of another version', vdi([[68, 4, 9]]), /version/],
    ['VDI with a short table', vdi([[384, 4, 1]]), /too short/],
    ['VDI with a far table', vdi([[340, 4, 0xffff_ffff]]), cut],
    ['VDI cut short', vdi().subarray(0, 100), /within its header/],
    ['differencing VHD', dynamicVhd([[60, 4, 4]]), parent],
    ['VHD of a type nobody knows', dynamicVhd([[60, 4, 9]]), /type/],
    ['VHD of another version', fixedVhd([[12, 4, 7]]), /version/],
    ['dynamic VHD that says it is fixed', dynamicVhd([[60, 4, 2]]), /do not agree/],
    ['dynamic VHD that names its parent', dynamicVhd([], [[40, 4, 1]]), /its parent/],
    ['dynamic VHD without second header', dynamicVhd([[16, 8, 1n << 62n]]), /second header is missing/],
    ['dynamic VHD with a short table', dynamicVhd([[48, 8, 2 ** 30]]), /too short/],
    ['dynamic VHD with odd blocks', dynamicVhd([], [[32, 4, 3]]), /too short/],
    ['dynamic VHD with a far table', dynamicVhd([], [[16, 8, 1n << 60n]]), cut],
    ['VHD that lost its header', fixedVhd([[60, 4, 3]]), /header is missing/],
    ['fixed VHD cut short', fixedVhd([], 2 ** 19), /shorter than its disk/],
    ['VHD whose header was changed', Buffer.concat([at(0, 'conectix'), Buffer.alloc(512)]), /checksum/],
    ['VHDX with a parent', vhdx([[2 * 2 ** 20 + 65_540, 4, 2]]), parent],
    ['VHDX with a locator of a parent', vhdx([], ['2d5fd3a80bb34d45abf7d3d84834ab0c']), parent],
    ['VHDX with a log', vhdx([[131_120, 8, 5]]), /log/],
    ['VHDX without regions', vhdx([[196_608, 4, 0]]), /region table/],
    ['VHDX with far metadata', vhdx([[196_640, 8, 1n << 63n]]), /metadata is missing/],
    ['VHDX with a far size', vhdx([[2 * 2 ** 20 + 80, 4, 0xffff_ffff]]), /how large/],
    ['VHDX of 2^64 bytes', vhdx([[2 * 2 ** 20 + 65_544, 8, 0xffff_ffff_ffff_ffffn]]), /more than any disk/],
    ['VHDX without headers', vhdx([[65_536, 4, 0]]).fill(0, 131_072, 131_076), /headers are missing/],
    ['VMDK as text', Buffer.from(descriptor('', 'monolithicFlat')), /other files/],
    ['VMDK with a parent', vmdk(descriptor('').replace('ffffffff', '11111111')), parent],
    ['VMDK that hints at a parent', vmdk(descriptor('x parentFileNameHint="/etc/passwd"')), parent],
    [
      'VMDK whose hint hides behind its end',
      vmdk(descriptor('parentFileNameHint="x"'), [[36, 8, 0x1_0000_0000]]),
      parent,
    ],
    ['VMDK with a flat extent', vmdk(descriptor('', 'monolithicSparse', 'RW 2048 FLAT "/etc/passwd" 0')), /extents/],
    ['VMDK with a path', vmdk(descriptor('', 'monolithicSparse', 'RW 2048 SPARSE "/etc/passwd"')), /extents/],
    ['VMDK with two extents', vmdk(descriptor('RW 1 FLAT "/etc/passwd" 0')), /extents/],
    ['VMDK of another kind', vmdk(descriptor('', 'vmfsSparse')), /vmfsSparse, is not opened/],
    ['VMDK that is one of several', vmdk('', [[28, 8, 0]]), /one part/],
    ['VMDK of no size, which QEMU reads as text', vmdk(descriptor(), [[12, 8, 0]]), /no bytes/],
    ['VMDK with a far table', vmdk(descriptor(), [[56, 8, 2 ** 40]]), cut],
    ['VMDK with odd grains', vmdk(descriptor(), [[20, 8, 0]]), /tables are none/],
    ['VMDK of 2^73 bytes', vmdk(descriptor(), [[12, 8, 1n << 63n]]), /more than any disk/],
    ['VMDK stream that was cut', streamVmdk().subarray(0, 65_000), /cut short/],
    ['VMDK stream of two sizes', streamVmdk([[12, 8, 4096]]), /do not agree/],
    ['VMDK cut in its header', vmdk().subarray(0, 100), /within its header/],
  ])('%s', async (_what, bytes, problem) => expect((await inspect(bytes)).problems.join('; ')).toMatch(problem))
})

test('a guest cannot make its raw disk be another one by writing behind its first bytes', async () => {
  expect(await inspect(at(512, 'QFI\xfb\0\0\0\x03'))).toEqual({ format: 'raw', virtualBytes: 65_536, problems: [] })
})

test('whatever bytes are changed, an answer comes, from inside of the file', async () => {
  const originals = [qcow2(), vdi(), dynamicVhd(), fixedVhd(), vmdk(), streamVmdk(), vhdx()]
  for (let run = 0; run < 700; run++) {
    const bytes = Buffer.from(originals[run % originals.length] ?? '')
    const cut = run % 3 === 0 ? 1 + (randomBytes(4).readUInt32LE() % bytes.length) : bytes.length
    for (let change = 0; change < 6; change++) bytes[8 + (randomBytes(2).readUInt16LE() % 500)] = randomBytes(1)[0] ?? 0
    const { problems, format } = await inspect(bytes.subarray(0, cut))
    expect([Array.isArray(problems), typeof format]).toEqual([true, 'string'])
  }
})

test('what cannot be read is no answer', async () => {
  const failing = inspectHeader(async () => Promise.reject(new Error('EIO')), 4096)
  await expect(failing).rejects.toThrow('EIO')
})

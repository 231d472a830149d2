import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Drive, MachineSpec } from './hypervisor.ts'
import { qemuArguments } from './qemu-arguments.ts'

const uuid = 'ec212345-6789-4abc-adef-0123456789ab'
const root: Drive = {
  id: 'root',
  format: 'qcow2',
  file: '/data/i-1/root.qcow2',
  backing: { format: 'raw', file: '/data/images/emi-1.raw' },
  serial: 'euca-bdm-emi-dev-vda',
  durable: false,
}
const hvm: MachineSpec = {
  id: 'i-1',
  uuid,
  folder: '/data/i-1',
  memoryMiB: 256,
  cpus: 2,
  boot: { kind: 'disk' },
  drives: [root],
  console: '/data/i-1/console.log',
}
const boot = { kind: 'kernel', kernel: '/k', ramdisk: '/r', commandLine: 'root=/dev/vda1 console=ttyS0' } as const
const host = { accelerator: 'tcg', sandbox: true } as const

/** The value after `option`, wherever it occurs. */
const valuesOf = (args: string[], option: string) => args.filter((_, index) => args[index - 1] === option)
const nodes = (args: string[]) => valuesOf(args, '-blockdev').map((json) => JSON.parse(json))
const disks = (args: string[]) =>
  valuesOf(args, '-device')
    .map((json) => JSON.parse(json))
    .filter(({ driver }) => driver === 'virtio-blk-pci')

test('an HVM machine, word for word', () => {
  expect(qemuArguments(hvm, host)).toEqual([
    ...['-name', 'i-1', '-S'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-boot', 'menu=off,strict=on'],
    ...['-machine', 'pc,i8042=off', '-accel', 'tcg,thread=multi,tb-size=64', '-cpu', 'max'],
    ...['-action', 'reboot=reset,shutdown=pause,panic=shutdown'],
    ...['-m', '256', '-smp', 'cpus=2,sockets=1,cores=2,threads=1', '-uuid', uuid],
    ...['-smbios', `type=1,manufacturer=Eucalyptus,product=Eucalyptus,serial=${uuid},uuid=${uuid}`],
    ...['-chardev', 'socket,id=qmp,fd=3', '-mon', 'chardev=qmp,mode=control'],
    ...['-chardev', 'stdio,id=console,signal=off', '-serial', 'chardev:console'],
    ...['-device', '{"driver":"VGA","id":"video"}', '-vnc', 'unix:vnc.sock'],
    ...['-object', '{"qom-type":"rng-builtin","id":"rng"}'],
    ...['-device', '{"driver":"virtio-rng-pci","id":"entropy","rng":"rng"}'],
    '-blockdev',
    '{"driver":"file","node-name":"root-b1-f","filename":"/data/images/emi-1.raw","read-only":true,"discard":"ignore","cache":{"direct":false,"no-flush":true}}',
    '-blockdev',
    '{"driver":"raw","node-name":"root-b1","file":"root-b1-f","read-only":true,"discard":"ignore","cache":{"direct":false,"no-flush":true}}',
    '-blockdev',
    '{"driver":"file","node-name":"root-f","filename":"/data/i-1/root.qcow2","read-only":false,"discard":"unmap","cache":{"direct":false,"no-flush":true}}',
    '-blockdev',
    '{"driver":"qcow2","node-name":"root","file":"root-f","backing":"root-b1","read-only":false,"discard":"unmap","cache":{"direct":false,"no-flush":true}}',
    '-device',
    '{"driver":"virtio-blk-pci","id":"disk-root","drive":"root","serial":"euca-bdm-emi-dev-vda","bootindex":0}',
  ])
})

test('a paravirtual machine has kernel, ramdisk and command line, no screen and no claim to the boot order', () => {
  const args = qemuArguments({ ...hvm, boot }, host)
  const at = args.indexOf('-kernel')
  expect(args.slice(at, at + 6)).toEqual(['-kernel', '/k', '-initrd', '/r', '-append', boot.commandLine])
  expect(args.join(' ')).not.toMatch(/VGA|vnc|bootindex/)
})

test('an installer is a disc behind the disk in the boot order, and has a keyboard', () => {
  const args = qemuArguments({ ...hvm, boot: { kind: 'disk', installer: '/installer.iso' } }, host)
  expect(nodes(args).slice(0, 2)).toMatchObject([
    { driver: 'file', filename: '/installer.iso', 'read-only': true },
    { driver: 'raw', 'node-name': 'installer.iso', 'read-only': true },
  ])
  expect(valuesOf(args, '-device')).toContain(
    '{"driver":"ide-cd","id":"disc","bus":"ide.1","drive":"installer.iso","bootindex":1}',
  )
  expect(disks(args)).toMatchObject([{ drive: 'root', bootindex: 0 }])
  expect(valuesOf(args, '-machine').at(-1)).toBe('i8042=on')
})

test("UEFI comes as two chips of flash memory, one only read, one the machine's own", () => {
  const uefi: MachineSpec = { ...hvm, boot: { kind: 'disk', uefiVariables: '/data/i-1/uefi,x' } }
  const args = qemuArguments(uefi, host, '/firmware/code.fd')
  expect(nodes(args).slice(0, 4)).toMatchObject([
    { driver: 'file', filename: '/firmware/code.fd', 'read-only': true },
    { driver: 'raw', 'node-name': 'uefi.code', 'read-only': true },
    { driver: 'file', filename: '/data/i-1/uefi,x', 'read-only': false, cache: { 'no-flush': false } },
    { driver: 'raw', 'node-name': 'uefi.variables', 'read-only': false },
  ])
  expect(valuesOf(args, '-machine').at(-1)).toBe('pflash0=uefi.code,pflash1=uefi.variables')
  expect(() => qemuArguments(uefi, host)).toThrow('apt-get install ovmf')
  expect(qemuArguments(hvm, host, '/firmware/code.fd').join(' ')).not.toMatch(/pflash|code\.fd/)
})

test('a network card has its address and a cable of its own, and nothing to boot from', () => {
  const args = qemuArguments({ ...hvm, network: { mac: 'd0:0d:01:02:03:04' } }, host)
  expect(valuesOf(args, '-netdev')).toEqual([
    '{"type":"stream","id":"cable","server":false,"addr":{"type":"fd","str":"4"}}',
  ])
  expect(valuesOf(args, '-device')).toContain(
    '{"driver":"virtio-net-pci","id":"nic","netdev":"cable","mac":"d0:0d:01:02:03:04","host_mtu":9001,"romfile":""}',
  )
  expect(qemuArguments(hvm, host).join(' ')).not.toMatch(/net/)
})

test('a kernel without a ramdisk', () => {
  const args = qemuArguments({ ...hvm, boot: { kind: 'kernel', kernel: '/k', commandLine: '' } }, host)
  expect(args).not.toContain('-initrd')
  expect(valuesOf(args, '-append')).toEqual([''])
})

test('only the first disk boots, and disks come in the order given', () => {
  const data: Drive = { id: 'data', format: 'raw', file: '/data/v.raw', serial: 'vol-1', durable: true, readOnly: true }
  const args = qemuArguments({ ...hvm, drives: [root, data] }, host)
  expect(disks(args).map(({ drive, bootindex }) => [drive, bootindex])).toEqual([
    ['root', 0],
    ['data', undefined],
  ])
  const node = nodes(args).find((each) => each['node-name'] === 'data')
  expect(node).toMatchObject({ driver: 'raw', 'read-only': true, cache: { 'no-flush': false } })
})

test('a qcow2 file of its own states that nothing is beneath it, and a chain is named to its end', () => {
  const alone = qemuArguments({ ...hvm, drives: [{ ...root, backing: null }] }, host)
  expect(nodes(alone).at(-1)).toMatchObject({ 'node-name': 'root', backing: null })
  const snapshot = { format: 'qcow2', file: '/s', backing: { format: 'raw', file: '/b' } } as const
  const chain = nodes(qemuArguments({ ...hvm, drives: [{ ...root, backing: snapshot }] }, host))
  const named = chain.filter(({ driver }) => driver !== 'file').map((node) => [node['node-name'], node.backing])
  expect(named).toEqual([
    ['root-b2', undefined],
    ['root-b1', 'root-b2'],
    ['root', 'root-b1'],
  ])
})

test.each([
  ['kvm', 'kvm'],
  ['hvf', 'hvf'],
  ['tcg', 'tcg,thread=multi,tb-size=64'],
] as const)('accelerator %s', (accelerator, argument) => {
  const args = qemuArguments(hvm, { accelerator, sandbox: false })
  expect(valuesOf(args, '-accel')).toEqual([argument])
  expect(args).not.toContain('-sandbox')
})

describe('no value means more to QEMU than it should', () => {
  test('whatever paths and command lines say, they fill their own places only', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 }).map((value) => value.replace(/[\0\r\n]/g, ''))
    const plain = qemuArguments({ ...hvm, boot }, host)
    const places = ['-kernel', '-initrd', '-append', '-blockdev']
    fc.assert(
      fc.property(text, text, (path, commandLine) => {
        const drives: Drive[] = [{ ...root, file: `/${path}` }]
        const console = `/${path}/c`
        const wild = { kind: 'kernel', kernel: `/${path}`, ramdisk: `/${path}`, commandLine } as const
        const args = qemuArguments({ ...hvm, drives, console, boot: wild }, host)
        expect(args.length).toBe(plain.length)
        const changed = args.flatMap((arg, index) => (arg === plain[index] ? [] : [args[index - 1]]))
        expect(places).toEqual(expect.arrayContaining(changed))
        expect(valuesOf(args, '-append')).toEqual([commandLine])
        expect(nodes(args).map(({ filename }) => filename)).toContain(`/${path}`)
      }),
    )
  })

  test.each<[string, Partial<MachineSpec>]>([
    ['id', { id: 'i-1,process=x' }],
    ['id', { id: '-i' }],
    ['uuid', { uuid: uuid.toUpperCase() }],
    ['uuid', { uuid: `${uuid},serial=x` }],
    ['memoryMiB', { memoryMiB: 0 }],
    ['cpus', { cpus: 1.5 }],
    ['path', { console: 'console.log' }],
    ['path', { folder: '/data/\0' }],
    ['path', { drives: [{ ...root, backing: { format: 'raw', file: 'nbd:host' } }] }],
    ['path', { boot: { ...boot, kernel: 'vmlinuz' } }],
    ['path', { boot: { ...boot, ramdisk: 'initrd' } }],
    ['path', { boot: { kind: 'disk', uefiVariables: 'uefi' } }],
    ['command line', { boot: { ...boot, commandLine: 'a\nb' } }],
    ['drive to boot from', { drives: [] }],
    ['drive id', { drives: [{ ...root, id: 'Root' }] }],
    ['drive ids', { drives: [root, root] }],
    ['number of drives', { drives: Array.from({ length: 28 }, (_, index) => ({ ...root, id: `d${index}` })) }],
    ['mac', { network: { mac: 'D0:0d:01:02:03:04' } }],
    ['mac', { network: { mac: '01:0d:01:02:03:04' } }],
    ['mac', { network: { mac: 'd0:0d:01:02:03:04,romfile=x' } }],
    ['drive serial', { drives: [{ ...root, serial: 'a b' }] }],
  ])('refused: a bad %s %#', (what, change) => {
    expect(() => qemuArguments({ ...hvm, ...change }, host)).toThrow(`has no valid ${what}`)
  })
})

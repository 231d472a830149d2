import { isIPv4 } from 'node:net'
import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { instanceTypes } from '../emulator/state/settings.ts'
import { nameTemporaryFolder } from '../emulator/temporary-folder.ts'
import type { Fidelity } from './protocol/faults.ts'

/** A setting that does not make sense; the message names the flag and what it takes. */
export class BadSetting extends Error {
  override readonly name = 'BadSetting'
}

/** One setting: its flag, what the help says of it, its default, and how its text is read. */
interface Setting<Value> {
  readonly flag: string
  readonly help: string
  readonly byDefault: (settings: { fidelity: Fidelity }) => Value
  /** Undefined when the text does not fit. */
  readonly read: (text: string) => Value | undefined
  readonly takes: string
  /** What the flag stands for where nothing follows it; without it something must. */
  readonly bare?: string
}

const wholeNumber = (least: number, most: number) => ({
  read: (text: string) =>
    /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : undefined,
  takes: `a whole number from ${least} to ${most}`,
})
const word = <const Word extends string>(...words: Word[]) => ({
  read: (text: string) => words.find((one) => one === text),
  takes: words.join(' or '),
})
const isRange = (text: string) => {
  const [address = '', bits = '', ...more] = text.split('/')
  return more.length === 0 && isIPv4(address) && /^\d{1,2}$/.test(bits) && Number(bits) <= 32
}
const anyText = (takes: string) => ({ read: (text: string) => text || undefined, takes })
const onOrOff = {
  read: (text: string) => (text === 'on' ? true : text === 'off' ? false : undefined),
  takes: 'on or off',
  bare: 'on',
}
const seconds = {
  read: (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : undefined),
  takes: 'a number of seconds',
}
const setting = <Value>(one: Setting<Value>): Setting<Value> => one

/** All settings: `--flag` on the command line, `EUCA_EMU_FLAG` in the environment, else the default. */
export const settingsTable = {
  fidelity: setting<Fidelity>({
    flag: 'fidelity',
    help: 'which cloud is spoken: eucalyptus or aws',
    byDefault: () => 'eucalyptus',
    ...word('eucalyptus', 'aws'),
  }),
  services: setting<'all' | 's3'>({
    flag: 'services',
    help: 'all, or s3: Object Storage and accounts alone, ready at once and without QEMU',
    byDefault: () => 'all',
    ...word('all', 's3'),
  }),
  tls: setting<boolean>({
    flag: 'tls',
    help: 'answer HTTPS on the port, beside HTTP, by a certificate authority in the data folder',
    byDefault: () => false,
    ...onOrOff,
  }),
  ephemeral: setting<boolean>({
    flag: 'ephemeral',
    help: 'for throw-away clouds: sync nothing to disk, in a temporary data folder unless one is named',
    byDefault: () => false,
    ...onOrOff,
  }),
  data: setting({
    flag: 'data',
    help: 'folder of all that the emulator keeps',
    byDefault: () => '.euca-emu',
    ...anyText('a folder'),
  }),
  port: setting({
    flag: 'port',
    help: 'port to listen on; 0 picks a free one',
    byDefault: () => 8773,
    ...wholeNumber(0, 65_535),
  }),
  host: setting({
    flag: 'host',
    help: 'address to listen on; beyond loopback only if asked',
    byDefault: () => '127.0.0.1',
    ...anyText('an address'),
  }),
  region: setting({
    flag: 'region',
    help: 'name of the region; in aws, one that is given must be that of signatures for Object Storage',
    byDefault: ({ fidelity }) => (fidelity === 'aws' ? 'us-east-1' : 'eucalyptus'),
    ...anyText('a name'),
  }),
  zone: setting({
    flag: 'zone',
    help: 'name of the availability zone',
    byDefault: ({ fidelity }) => (fidelity === 'aws' ? 'us-east-1a' : 'one'),
    ...anyText('a name'),
  }),
  instanceType: setting({
    flag: 'instance-type',
    help: 'instance type of launches that name none',
    byDefault: ({ fidelity }) => (fidelity === 'aws' ? 't2.micro' : 'm1.small'),
    ...word(...instanceTypes.map(({ name }) => name)),
  }),
  accelerator: setting({
    flag: 'accel',
    help: 'accelerator of guests; auto boots a probe on each and takes the first that passes',
    byDefault: () => 'auto' as const,
    ...word('auto', 'kvm', 'hvf', 'tcg'),
  }),
  memory: setting({
    flag: 'memory',
    help: "MiB that guests may have together (80 % of the host's by default)",
    byDefault: () => Math.floor((totalmem() * 0.8) / 2 ** 20),
    ...wholeNumber(1, 2 ** 30),
  }),
  cpuOvercommit: setting({
    flag: 'cpu-overcommit',
    help: 'vCPUs that may be promised for each core',
    byDefault: () => 16,
    ...wholeNumber(1, 1024),
  }),
  faultStatus: setting({
    flag: 'fault-status',
    help: 'faithful, or 4xx to answer 400 where the real cloud answers bad input with 500',
    byDefault: () => 'faithful' as const,
    ...word('faithful', '4xx'),
  }),
  publicPorts: setting<readonly number[]>({
    flag: 'public-ports',
    help: 'TCP ports of public addresses that can be opened by security groups',
    byDefault: () => [22, 80, 443, 3389, 5985, 8080],
    read: (text) => {
      const ports = text.split(',').map((port) => Number(port.trim()))
      return ports.every((port) => Number.isInteger(port) && port > 0 && port < 65_536) ? ports : undefined
    },
    takes: 'ports from 1 to 65535 with commas between them',
  }),
  guestNet: setting({
    flag: 'guest-net',
    help: 'what instances reach beyond their network: off, or nat for TCP and UDP by this machine, but never itself',
    byDefault: () => 'off' as const,
    ...word('off', 'nat'),
  }),
  guestNetAllow: setting<readonly string[]>({
    flag: 'guest-net-allow',
    help: 'private networks, and those that this machine is attached to, that nat opens as well',
    byDefault: () => [],
    read: (text) => {
      const ranges = text.split(',').map((range) => range.trim())
      return ranges.every(isRange) ? ranges : undefined
    },
    takes: 'IPv4 ranges such as 192.168.7.0/24 with commas between them',
  }),
  lifecycleDay: setting({
    flag: 'lifecycle-day',
    help: 'seconds that lifecycle rules of buckets mean by a day, so that tests need not wait for one',
    byDefault: () => 86_400_000,
    read: (text) =>
      /^\d+$/.test(text) && Number(text) > 0 && Number(text) <= 86_400 ? Number(text) * 1000 : undefined,
    takes: 'a whole number from 1 to 86400',
  }),
  stopGrace: setting({
    flag: 'stop-grace',
    help: 'seconds that guests have to shut down when the emulator stops',
    byDefault: () => 10_000,
    ...seconds,
  }),
  shutdownGrace: setting({
    flag: 'shutdown-grace',
    help: 'seconds that a guest has to shut down at a reboot before it is switched off',
    byDefault: () => 60_000,
    ...seconds,
  }),
}

type SettingsTable = typeof settingsTable

/** The settings of one run, frozen. Times are milliseconds, `data` is absolute. */
export type Settings = Readonly<{ [Name in keyof SettingsTable]: ReturnType<SettingsTable[Name]['byDefault']> }> & {
  /** The data folder goes when the emulator stops: nobody has named it. */
  readonly temporary: boolean
  /** Somebody has named the region, so that it is no default. */
  readonly regionIsNamed: boolean
  /** A bug on purpose, by its name: for the tests of the conformance suite, and no setting of a cloud. */
  readonly mutant?: string
}

/** Names a bug on purpose. It has no flag: the environment of a test says it, and nobody types it. */
const mutantVariable = 'EUCA_EMU_MUTANT'

/** The name of a setting's variable in the environment. */
export const variableOf = (flag: string): string => `EUCA_EMU_${flag.toUpperCase().replaceAll('-', '_')}`

/**
 * Reads all settings: flags (by the names of the table) before the environment before defaults. Throws BadSetting for a
 * value that does not fit and for a variable EUCA_EMU_… that no setting has.
 */
export function readSettings(flags: Record<string, string | undefined>, environment: NodeJS.ProcessEnv): Settings {
  const known = new Set([...Object.values(settingsTable).map(({ flag }) => variableOf(flag)), 'EUCA_EMU_CACHE'])
  const stray = Object.keys(environment).find(
    (name) => name.startsWith('EUCA_EMU_') && name !== mutantVariable && !known.has(name),
  )
  if (stray)
    throw new BadSetting(`the environment has ${stray}, which is no setting; there are ${[...known].sort().join(', ')}`)
  const settings: Record<string, unknown> = {}
  for (const [name, one] of Object.entries(settingsTable)) {
    const fromFlag = flags[name]
    const text = fromFlag ?? environment[variableOf(one.flag)]
    const value = text === undefined ? one.byDefault(settings as { fidelity: Fidelity }) : one.read(text)
    if (value === undefined) {
      const where = fromFlag === undefined ? variableOf(one.flag) : `--${one.flag}`
      throw new BadSetting(`${where} takes ${one.takes}, not "${text}"`)
    }
    settings[name] = value
  }
  const { guestNet, guestNetAllow } = settings as Pick<Settings, 'guestNet' | 'guestNetAllow'>
  if (guestNet === 'off' && guestNetAllow.length > 0) {
    throw new BadSetting(
      '--guest-net-allow opens networks to guests that have --guest-net nat; without it they have no way out',
    )
  }
  const isNamed = (name: 'data' | 'region') => (flags[name] ?? environment[variableOf(name)]) !== undefined
  const temporary = settings['ephemeral'] === true && !isNamed('data')
  const data = temporary ? nameTemporaryFolder() : String(settings['data'])
  const { [mutantVariable]: mutant } = environment
  const more = { ...(mutant && { mutant }), temporary, regionIsNamed: isNamed('region') }
  return Object.freeze({ ...settings, ...more, data: resolve(data) }) as Settings
}

import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BadSetting, readSettings, settingsTable, variableOf } from './settings.ts'

describe('a setting', () => {
  test.each<[flag: string, text: string, name: keyof typeof settingsTable, value: unknown]>([
    ['fidelity', 'aws', 'fidelity', 'aws'],
    ['data', 'some/where', 'data', resolve('some/where')],
    ['services', 's3', 'services', 's3'],
    ['tls', 'on', 'tls', true],
    ['ephemeral', 'off', 'ephemeral', false],
    ['port', '0', 'port', 0],
    ['port', '65535', 'port', 65_535],
    ['host', '::1', 'host', '::1'],
    ['region', 'mars', 'region', 'mars'],
    ['zone', 'two', 'zone', 'two'],
    ['instance-type', 'm1.xlarge', 'instanceType', 'm1.xlarge'],
    ['accel', 'tcg', 'accelerator', 'tcg'],
    ['memory', '512', 'memory', 512],
    ['cpu-overcommit', '1', 'cpuOvercommit', 1],
    ['fault-status', '4xx', 'faultStatus', '4xx'],
    ['public-ports', '22, 8080', 'publicPorts', [22, 8080]],
    ['guest-net', 'nat', 'guestNet', 'nat'],
    ['stop-grace', '0', 'stopGrace', 0],
    ['shutdown-grace', '1.5', 'shutdownGrace', 1500],
  ])('--%s %s', (flag, text, name, value) => {
    expect(readSettings({ [name]: text }, {})[name]).toEqual(value)
    expect(readSettings({}, { [variableOf(flag)]: text })[name]).toEqual(value)
  })

  test.each<[name: keyof typeof settingsTable, text: string, takes: string]>([
    ['fidelity', 'AWS', 'eucalyptus or aws'],
    ['data', '', 'a folder'],
    ['services', 'ec2', 'all or s3'],
    ['tls', '', 'on or off'],
    ['ephemeral', 'yes', 'on or off'],
    ['port', '65536', 'a whole number from 0 to 65535'],
    ['port', '-1', 'a whole number from 0 to 65535'],
    ['port', '80a', 'a whole number from 0 to 65535'],
    ['port', '', 'a whole number from 0 to 65535'],
    ['host', '', 'an address'],
    ['region', '', 'a name'],
    ['zone', '', 'a name'],
    ['instanceType', 'z9.huge', 't1.micro or t2.nano or'],
    ['accelerator', 'xen', 'auto or kvm or hvf or tcg'],
    ['memory', '0', 'a whole number from 1 to 1073741824'],
    ['cpuOvercommit', '0.5', 'a whole number from 1 to 1024'],
    ['faultStatus', '5xx', 'faithful or 4xx'],
    ['publicPorts', '', 'ports from 1 to 65535 with commas between them'],
    ['publicPorts', '22,', 'ports from 1 to 65535 with commas between them'],
    ['publicPorts', '0', 'ports from 1 to 65535 with commas between them'],
    ['publicPorts', '22,65536', 'ports from 1 to 65535 with commas between them'],
    ['publicPorts', 'ssh', 'ports from 1 to 65535 with commas between them'],
    ['guestNet', 'bridge', 'off or nat'],
    ...['', '10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::/0', '::ffff:10.0.0.0/104', '10.0.0.0/8,'].map(
      (text): ['guestNetAllow', string, string] => ['guestNetAllow', text, 'IPv4 ranges such as 192.168.7.0/24'],
    ),
    ['lifecycleDay', '0', 'a whole number from 1 to 86400'],
    ['lifecycleDay', '86401', 'a whole number from 1 to 86400'],
    ['stopGrace', '-1', 'a number of seconds'],
    ['stopGrace', '1e9', 'a number of seconds'],
    ['shutdownGrace', 'a minute', 'a number of seconds'],
  ])('%s does not take %j', (name, text, takes) => {
    const { flag } = settingsTable[name]
    expect(() => readSettings({ [name]: text }, {})).toThrow(`--${flag} takes ${takes}`)
    expect(() => readSettings({ [name]: text }, {})).toThrow(BadSetting)
    expect(() => readSettings({}, { [variableOf(flag)]: text })).toThrow(`${variableOf(flag)} takes ${takes}`)
  })
})

describe('the data folder of an ephemeral cloud', () => {
  test('is a new one, which goes at the end', () => {
    const [one, other] = [readSettings({ ephemeral: 'on' }, {}), readSettings({}, { EUCA_EMU_EPHEMERAL: 'on' })]
    expect(one).toMatchObject({ ephemeral: true, temporary: true })
    expect(one.data.startsWith(`${tmpdir()}/`)).toBe(true)
    expect(other.data).not.toBe(one.data)
  })

  test.each<[flags: Record<string, string>, environment: Record<string, string>]>([
    [{ ephemeral: 'on', data: '/it' }, {}],
    [{ ephemeral: 'on' }, { EUCA_EMU_DATA: '/it' }],
  ])('stays when somebody has named it: %j %j', (flags, environment) =>
    expect(readSettings(flags, environment)).toMatchObject({ ephemeral: true, temporary: false, data: '/it' }),
  )

  test('is like any other without being ephemeral', () =>
    expect(readSettings({}, {})).toMatchObject({ ephemeral: false, temporary: false, data: resolve('.euca-emu') }))
})

test.each<[flags: Record<string, string>, environment: Record<string, string>, isNamed: boolean]>([
  [{}, {}, false],
  [{ fidelity: 'aws' }, {}, false],
  [{ region: 'us-east-1' }, {}, true],
  [{}, { EUCA_EMU_REGION: 'us-east-1' }, true],
])('whether the region is named: %j %j', (flags, environment, isNamed) =>
  expect(readSettings(flags, environment).regionIsNamed).toBe(isNamed),
)

describe('networks for guests', () => {
  const asked = { guestNetAllow: '192.168.7.0/24, 10.0.0.0/8' }

  test('are opened to those that reach the outside', () =>
    expect(readSettings({ ...asked, guestNet: 'nat' }, {}).guestNetAllow).toEqual(['192.168.7.0/24', '10.0.0.0/8']))

  test('mean nothing to those that do not', () =>
    expect(() => readSettings(asked, {})).toThrow(
      '--guest-net-allow opens networks to guests that have --guest-net nat',
    ))
})

describe('all settings', () => {
  test('a flag goes before the environment, and that before the default', () => {
    const environment = { EUCA_EMU_PORT: '1', EUCA_EMU_ZONE: 'three' }
    expect(readSettings({ port: '2' }, environment)).toMatchObject({ port: 2, zone: 'three', region: 'eucalyptus' })
  })

  test('a good flag hides a bad variable', () =>
    expect(readSettings({ port: '2' }, { EUCA_EMU_PORT: 'x' }).port).toBe(2))

  test.each([
    ['eucalyptus', { region: 'eucalyptus', zone: 'one', instanceType: 'm1.small' }],
    ['aws', { region: 'us-east-1', zone: 'us-east-1a', instanceType: 't2.micro' }],
  ])('have the defaults of %s', (fidelity, expected) =>
    expect(readSettings({ fidelity }, {})).toMatchObject({
      ...expected,
      port: 8773,
      host: '127.0.0.1',
      accelerator: 'auto',
      faultStatus: 'faithful',
      cpuOvercommit: 16,
      data: resolve('.euca-emu'),
    }),
  )

  test('a variable of ours that is no setting is a slip of the pen', () => {
    expect(() => readSettings({}, { EUCA_EMU_PROT: '1' })).toThrow(
      'the environment has EUCA_EMU_PROT, which is no setting',
    )
    expect(() => readSettings({}, { EUCA_EMU_CACHE: '/x', EUCA_OTHER: '1', PATH: '/bin' })).not.toThrow()
  })

  test('has no mutant unless the environment names one', () => {
    expect(readSettings({}, {})).not.toHaveProperty('mutant')
    expect(readSettings({}, { EUCA_EMU_MUTANT: '' })).not.toHaveProperty('mutant')
    expect(readSettings({}, { EUCA_EMU_MUTANT: 'etag-is-wrong' }).mutant).toBe('etag-is-wrong')
  })

  test('are frozen', () => expect(Object.isFrozen(readSettings({}, {}))).toBe(true))

  test('each has a flag and a help text of its own', () => {
    const rows = Object.values(settingsTable)
    expect(new Set(rows.map(({ flag }) => flag)).size).toBe(rows.length)
    for (const { flag, help } of rows) {
      expect(flag).toMatch(/^[a-z]+(-[a-z]+)*$/)
      expect(help.length).toBeGreaterThan(10)
    }
  })
})

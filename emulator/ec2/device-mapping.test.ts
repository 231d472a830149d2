import { describe, expect, test } from 'vitest'
import { nest } from '../../src/protocol/query.ts'
import { readFields } from '../../src/protocol/shape.ts'
import { deviceMappings, refuseEbs } from './device-mapping.ts'

/** Reads mappings as they come on the wire, each as `device=what`. */
function read(...mappings: string[]) {
  const pairs = mappings.flatMap((mapping, index): [string, string][] => {
    const [device = '', what] = mapping.split('=')
    const prefix = `BlockDeviceMapping.${index + 1}.`
    const first: [string, string] = [`${prefix}DeviceName`, device]
    if (what === undefined) return [first]
    if (what === 'none') return [first, [`${prefix}NoDevice`, 'true']]
    if (what === 'ebs') return [first, [`${prefix}Ebs.VolumeSize`, '1']]
    return [first, [`${prefix}VirtualName`, what]]
  })
  return readFields({ BlockDeviceMapping: deviceMappings }, nest(pairs)).BlockDeviceMapping
}

describe('mappings that pass', () => {
  test.each([
    [[]],
    [['/dev/sda']],
    [['sdb=ephemeral0']],
    [['/dev/xvdz=ephemeral3']],
    [['vdb', 'hdb', '/dev/sdb']],
    [['sdb=none', 'sdc=ephemeral1']],
  ])('%j', (mappings) => {
    expect(() => refuseEbs(read(...mappings), 'image')).not.toThrow()
    expect(() => refuseEbs(read(...mappings), 'launch')).not.toThrow()
  })
})

describe('mappings that are refused', () => {
  test.each<[string[], string]>([
    [['/dev/sda1'], '/dev/sda1 is not supported. Device name cannot be a partition'],
    [[''], 'Device name  is invalid'],
    [['/dev/sd'], 'Device name /dev/sd is invalid'],
    [['/dev/sda0'], 'Device name /dev/sda0 is invalid'],
    [['/dev/../sda'], 'Device name /dev/../sda is invalid'],
    [['SDA'], 'Device name SDA is invalid'],
    [['sda\n'], 'Device name sda\n is invalid'],
    [['sdb', '/dev/sdb'], '/dev/sdb is assigned multiple times'],
    [['sdb=ebs'], 'Ebs block device mappings are not supported'],
    [['sdb=ephemeral4'], 'Virtual device name must be of the form ephemeral[0123]. Fix the mapping for sdb'],
    [['sdb=swap'], 'Virtual device name must be of the form ephemeral[0123]. Fix the mapping for sdb'],
  ])('%j', (mappings, sentence) => {
    expect(() => refuseEbs(read(...mappings), 'image')).toThrow(sentence)
    expect(() => refuseEbs(read(...mappings), 'launch')).toThrow(sentence)
  })

  test('several ephemeral disks, of an image', () => {
    const mappings = read('sdb=ephemeral0', 'sdc=ephemeral1')
    expect(() => refuseEbs(mappings, 'image')).toThrow('Only one ephemeral device is supported. More than one')
    expect(() => refuseEbs(mappings, 'launch')).not.toThrow()
  })
})

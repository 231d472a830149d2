import { describe, expect, test } from 'vitest'
import { Fault, faults } from './faults.ts'

const fault = faults({
  volumeInUse: {
    code: 'VolumeInUse',
    status: 400,
    message: (id = '', instance = '') => `${id} is attached to ${instance}`,
  },
  noSuchImage: {
    code: 'InvalidAMIID.NotFound',
    status: 500,
    message: (id = '') => `no image ${id}`,
    aws: { status: 400, message: (id = '') => `The image id '[${id}]' does not exist` },
  },
})

describe('faults', () => {
  test('make an error that says in Eucalyptus words what happened', () => {
    const thrown = fault('noSuchImage', 'emi-1')
    expect(thrown).toBeInstanceOf(Fault)
    expect([thrown.name, thrown.message, thrown.details]).toEqual(['Fault', 'no image emi-1', ['emi-1']])
  })

  test.each([
    [
      'the same in both',
      'volumeInUse',
      ['vol-1', 'i-1'],
      'eucalyptus',
      ['VolumeInUse', 400, 'vol-1 is attached to i-1'],
    ],
    ['the same in both', 'volumeInUse', ['vol-1', 'i-1'], 'aws', ['VolumeInUse', 400, 'vol-1 is attached to i-1']],
    ['different', 'noSuchImage', ['emi-1'], 'eucalyptus', ['InvalidAMIID.NotFound', 500, 'no image emi-1']],
    [
      'different',
      'noSuchImage',
      ['ami-1'],
      'aws',
      ['InvalidAMIID.NotFound', 400, "The image id '[ami-1]' does not exist"],
    ],
  ] as const)('that are %s: %s %j in %s', (_case, name, details, fidelity, [code, status, message]) => {
    expect(fault(name, ...details).face(fidelity)).toEqual({ code, status, message })
  })

  test('a name that the table does not have is our own bug, not a fault', () => {
    const thrower = fault as (name: string) => Fault
    expect(() => thrower('noSuchRow')).toThrow('no fault is named noSuchRow')
    expect(() => thrower('noSuchRow')).not.toThrow(Fault)
  })
})

describe('Fault', () => {
  const row = { code: 'AccessDenied', status: 403, message: () => 'Access Denied' }

  test('carries further fields and its cause when there is one', () => {
    const cause = new Error('the reason')
    const made = new Fault(row, [], { fields: { Resource: '/bucket' }, cause })
    expect([made.fields, made.cause]).toEqual([{ Resource: '/bucket' }, cause])
    expect(new Fault(row, []).fields).toEqual({})
    expect('cause' in new Fault(row, [])).toBe(false)
  })
})

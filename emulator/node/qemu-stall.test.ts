import { expect, test } from 'vitest'
import { type ManualClock, manualClock } from '../state/clock.ts'
import type { MachineStall } from './hypervisor.ts'
import { goOnWhenThereIsRoom } from './qemu-stall.ts'
import type { QmpEvent } from './qmp.ts'

const full = { action: 'stop', nospace: true, 'node-name': 'vol-1-l2', operation: 'write' }

/** A machine on a disk that is full until `room` is set. */
function machine() {
  const clock: ManualClock = manualClock()
  const leaving = new AbortController()
  const stalls: MachineStall[] = []
  const commands: string[] = []
  const disk = { room: false }
  let listener: (event: QmpEvent) => void = () => undefined
  const fail = (data: Record<string, unknown> = full) => listener({ event: 'BLOCK_IO_ERROR', data })
  goOnWhenThereIsRoom({
    qmp: {
      version: '7.2.0',
      closed: new Promise(() => undefined),
      listen: (heard) => {
        listener = heard
        return () => undefined
      },
      execute: async (command) => {
        commands.push(command)
        if (!disk.room) fail()
      },
    },
    clock,
    driveOn: (node) => (node === 'vol-1-l2' ? 'vol-1' : undefined),
    leaving: leaving.signal,
    onStall: (stall) => stalls.push(stall),
  })
  return { clock, leaving, stalls, commands, disk, fail }
}

test('a machine on a full disk is told of once, and goes on when there is room', async () => {
  const { clock, stalls, commands, disk, fail } = machine()
  fail()
  fail()
  await clock.advance(30_000)
  expect(stalls).toEqual([{ driveId: 'vol-1', isOver: false }])
  expect(new Set(commands)).toEqual(new Set(['cont']))
  expect(commands.length).toBeGreaterThan(2)
  disk.room = true
  await clock.advance(10_000)
  expect(stalls).toEqual([
    { driveId: 'vol-1', isOver: false },
    { driveId: 'vol-1', isOver: true },
  ])
  const tries = commands.length
  await clock.advance(60_000)
  expect(commands).toHaveLength(tries)
  fail()
  await clock.advance(10_000)
  expect(stalls).toHaveLength(4)
})

test('a machine that is to end is left standing', async () => {
  const { clock, leaving, stalls, commands, fail } = machine()
  fail()
  leaving.abort(new Error('it ends'))
  await clock.advance(60_000)
  fail()
  await clock.advance(60_000)
  expect(commands).toEqual([])
  expect(stalls).toEqual([{ driveId: 'vol-1', isOver: false }])
})

test.each([
  ['which the guest is told', { ...full, action: 'report' }],
  ['of a broken disk', { ...full, nospace: false }],
])('an error %s is none of this', async (_, data) => {
  const { clock, stalls, commands, fail } = machine()
  fail(data)
  await clock.advance(60_000)
  expect([stalls, commands]).toEqual([[], []])
})

import { expect, test } from 'vitest'
import type { Xml } from '../client/xml.ts'
import { readableLines, untilBooted } from './console.ts'
import type { Tour } from './tour.ts'

const boot = (count: number, after: string) =>
  `\x1b[2J\x1b[1;1HGRUB\r\n\r\nEUCA-EMU-REPORT-BEGIN\r\n{"bootCount": ${count},\n "nonce": "tour-1"}\r\nEUCA-EMU-REPORT-END\r\n${after}`

test('a console is readable: no control characters, no empty lines, of a report the words', () =>
  expect(readableLines(boot(1, 'boot-count=1\r\n\r\ntiny login: '))).toEqual([
    'GRUB',
    '"nonce": "tour-1"',
    'boot-count=1',
    'tiny login:',
  ]))

test('a boot is waited for by its count and by the line behind its report', async () => {
  const consoles = [
    '',
    boot(1, 'tiny login:'),
    boot(1, 'tiny login:') + boot(2, ''),
    boot(1, '') + boot(2, 'tiny login:'),
  ]
  const said: string[] = []
  let shown = 0
  const tour = {
    ec2: {
      async call(action: string, parameters: object): Promise<Xml> {
        expect([action, parameters]).toEqual(['GetConsoleOutput', { InstanceId: 'i-1' }])
        return { output: Buffer.from(consoles[shown++] ?? '').toString('base64') }
      },
    },
    signal: new AbortController().signal,
    say: (line: string) => said.push(line),
  } as unknown as Tour
  expect(await untilBooted(tour, 'i-1', { bootLine: 'login:', bootCount: 2 })).toEqual({
    bootCount: 2,
    nonce: 'tour-1',
  })
  expect(shown).toBe(consoles.length)
  expect(said.at(-1)).toBe('  i-1 | tiny login:')
})

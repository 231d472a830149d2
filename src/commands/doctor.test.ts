import { expect, test } from 'vitest'
import { findingsText } from './doctor.ts'

const findings = [
  { subject: 'host', ok: true, finding: '2 cores' },
  { subject: 'QEMU', ok: false, finding: 'not found: apt-get install qemu-system-x86' },
]

test('for a person', () =>
  expect(findingsText(findings, false)).toBe(
    'ok      host            2 cores\nMISSING QEMU            not found: apt-get install qemu-system-x86\n',
  ))
test('as JSON', () => expect(JSON.parse(findingsText(findings, true))).toEqual(findings))

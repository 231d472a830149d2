import { describe, expect, test } from 'vitest'
import { type Ids, randomIds } from './ids.ts'

const kinds: [kind: string, make: (ids: Ids) => string, form: RegExp][] = [
  ['an instance', (ids) => ids.resource('i'), /^i-[0-9a-f]{8}$/],
  ['an import task', (ids) => ids.resource('import-vol'), /^import-vol-[0-9a-f]{8}$/],
  ['an account', (ids) => ids.account(), /^000\d{9}$/],
  ['a canonical user', (ids) => ids.canonical(), /^[0-9a-f]{64}$/],
  ['an access key', (ids) => ids.accessKey(), /^AKIAA[A-Z2-7]{15}$/],
  ['a role', (ids) => ids.entity('ARO'), /^AROAA[A-Z2-7]{16}$/],
  ['a secret key', (ids) => ids.secret(), /^[A-Za-z0-9]{40}$/],
  ['a request', (ids) => ids.uuid(), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
]

describe('randomIds', () => {
  test.each(kinds)('%s has its form and does not repeat', (_kind, make, form) => {
    const ids = randomIds(8)
    const made = Array.from({ length: 200 }, () => make(ids))
    for (const id of made) expect(id).toMatch(form)
    expect(new Set(made).size).toBe(made.length)
  })

  test('long ids have 17 digits', () => {
    expect(randomIds(17).resource('vol')).toMatch(/^vol-[0-9a-f]{17}$/)
  })
})

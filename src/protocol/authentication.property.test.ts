import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { AuthenticationRequest } from './signature/request.ts'
import { sha256 } from './signature/sigv4.ts'
import { forms, verdict } from './signed-requests.test.support.ts'

/** Every text of a request that its signature covers (that of S3's version 2: not the host), as a way to read it and to put another in its place. */
function signedTexts(
  request: AuthenticationRequest,
  coversHost: boolean,
): { text: string; put: (text: string) => AuthenticationRequest }[] {
  const { method, rawPath, rawQuery, headers, form } = request
  return [
    { text: method, put: (text) => ({ ...request, method: text }) },
    { text: rawPath, put: (text) => ({ ...request, rawPath: text }) },
    ...(rawQuery ? [{ text: rawQuery, put: (text: string) => ({ ...request, rawQuery: text }) }] : []),
    ...headers
      .map(([name, value], at) => ({
        name,
        text: value,
        put: (text: string) => ({ ...request, headers: headers.with(at, [name, text]) }),
      }))
      .filter(({ name }) => coversHost || name !== 'host'),
    ...(form ?? []).map(([name, value], at) => ({
      text: value,
      put: (text: string) => ({ ...request, form: (form ?? []).with(at, [name, text]), bodySha256: sha256(text) }),
    })),
  ]
}

const decode = (text: string) =>
  text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))

/** What a text means: how it is percent-encoded or spaced does not matter, so to change that is no mutation. */
function meaning(text: string, isQuery: boolean): string {
  const said = decode(text.replaceAll('+', ' ')).trim().replace(/\s+/g, ' ').replaceAll(', ', ',')
  return isQuery ? text.split('&').filter(Boolean).map(decode).join('&') : said
}

/** Changes what is signed of a good request at random, one character at a time; nothing of that may be accepted. */
function change(name: string, make: () => AuthenticationRequest, numRuns: number): void {
  const good = make()
  expect(verdict(good)).toBe('accepted signed')
  const places = signedTexts(good, name !== 'v2' && name !== 'v2Query')
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.integer({ min: 0x21, max: 0x7e }), fc.nat(2), (place, position, code, kind) => {
      const { text, put } = places[place % places.length]!
      const at = position % (text.length + 1)
      const character = String.fromCharCode(code)
      const skip = kind === 0 ? 0 : 1
      const mutated = text.slice(0, at) + (kind === 2 ? '' : character) + text.slice(at + skip)
      const isQuery = text === good.rawQuery
      fc.pre(meaning(mutated, isQuery) !== meaning(text, isQuery))
      const result = verdict(put(mutated))
      // Without its last trace of a signature a request is no longer a forged one, but a stranger's.
      expect(result === 'accepted anonymous' ? 'refused' : result).not.toMatch(/^accepted/)
    }),
    { numRuns },
  )
}

const kinds = Object.entries(forms)
test.each(kinds)('of 1000 random changes to what is signed, none is accepted: %s', (name, make) =>
  change(name, make, 1000),
)

const many = Number(process.env['BIT_FLIPS'] ?? 100_000)
test.each(kinds)(`nor of ${many}: %s`, { tags: ['slow'], timeout: 3_600_000 }, (name, make) => change(name, make, many))

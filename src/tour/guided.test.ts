import { expect, test } from 'vitest'
import { ServiceError } from '../client/service-error.ts'
import type { Xml } from '../client/xml.ts'
import { guided } from './guided.ts'
import { ProofFailed, type Proofs, proofTitles } from './proofs.ts'
import type { Tour } from './tour.ts'

/** A cloud in which one instance runs and one has ended, or one that answers nothing any more. */
function tourWith({ answers = true, signal = new AbortController().signal } = {}) {
  const said: string[] = []
  const instance = (instanceId: string, name: string) => ({ instanceId, instanceState: { name } })
  const reply: Record<string, Xml> = {
    DescribeInstances: {
      reservationSet: [
        { instancesSet: [instance('i-1', 'running')] },
        { instancesSet: [instance('i-2', 'terminated')] },
      ],
    },
    GetConsoleOutput: { output: Buffer.from('GRUB\r\nKernel panic').toString('base64') },
  }
  const call = async (action: string) => {
    if (!answers) throw new Error('connection refused')
    return reply[action] ?? ''
  }
  return { said, tour: { ec2: { call }, signal, say: (line: string) => said.push(line) } as unknown as Tour }
}

const failing =
  (error: unknown) =>
  (_tour: Tour, { prove }: Proofs) =>
    prove('registration', async () => {
      throw error
    })

test.each<[string, unknown, string[]]>([
  [
    'a failed proof',
    new ProofFailed('i-1 running: not', 'this\nand that'),
    ['i-1 running: not', 'seen:', '  this', '  and that'],
  ],
  [
    'a refusal',
    new ServiceError('InvalidZone', 400, 'no such zone'),
    ['the cloud answered 400 InvalidZone: no such zone'],
  ],
  ['anything else', 'odd', ['odd']],
])('%s is shown with the consoles that there are and the table', async (_what, error, shown) => {
  const { said, tour } = tourWith()
  expect(await guided(tour, failing(error))).toBe(false)
  const consoles = ['the console of i-1 ends with', '  GRUB', '  Kernel panic']
  expect(said.slice(0, shown.length + 5)).toEqual(['NOT PROVEN', ...shown, ...consoles, ''])
  expect(said.some((line) => line.startsWith(`NOT PROVEN   ${proofTitles.registration}`))).toBe(true)
  expect(said).toContain(`not reached  ${proofTitles.ssh}`)
  expect(said.at(-1)).toMatch(/^not all of it proven, after \d+ s$/)
})

test('a cloud that answers no more is said so, behind what failed first', async () => {
  const { said, tour } = tourWith({ answers: false })
  expect(await guided(tour, failing(new ProofFailed('first', 'seen')))).toBe(false)
  expect(said.slice(1, 5)).toEqual(['first', 'seen:', '  seen', 'the consoles cannot be read: connection refused'])
})

test('a walk to the end is one that proved all', async () => {
  const { said, tour } = tourWith()
  expect(await guided(tour, async (_tour, { prove }) => prove('ssh', async () => undefined))).toBe(true)
  expect(said.at(-1)).toMatch(/^all of it proven in \d+ s$/)
})

test('one that was told to end tells nothing of what that broke', async () => {
  const { said, tour } = tourWith({ signal: AbortSignal.abort() })
  expect(await guided(tour, failing(new Error('aborted')))).toBe(false)
  expect(said).toEqual([])
})

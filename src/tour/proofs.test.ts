import { expect, test } from 'vitest'
import { createProofs, ProofFailed, type ProofName, proofTitles } from './proofs.ts'

test('a proof is told of and stands in the table with its time; others were not reached', async () => {
  const lines: string[] = []
  const times = [1000, 2500, 5000, 9900, 10_000, 10_200]
  const proofs = createProofs(
    (line) => lines.push(line),
    () => times.shift() ?? 0,
  )
  const failure = new ProofFailed('i-1 is wrong', 'something else')
  expect(await proofs.prove('hvm', async () => 'result')).toBe('result')
  await expect(
    proofs.prove('ssh', async () => {
      throw failure
    }),
  ).rejects.toBe(failure)
  const cut = proofs.prove('volume', async () => AbortSignal.abort().throwIfAborted())
  await expect(cut).rejects.toMatchObject({ name: 'AbortError' })
  expect(lines).toEqual([`PROVEN  ${proofTitles.hvm} (1.5 s)`])
  const rows = Object.fromEntries(proofs.table().map((row, index) => [Object.keys(proofTitles)[index], row]))
  const reached: ProofName[] = ['hvm', 'ssh', 'volume']
  const others = (Object.keys(proofTitles) as ProofName[]).filter((name) => !reached.includes(name))
  expect(rows['hvm']).toMatch(new RegExp(`^proven {7}${proofTitles.hvm} .* 1\\.5 s$`))
  expect(rows['ssh']).toMatch(new RegExp(`^NOT PROVEN {3}${proofTitles.ssh} .* 4\\.9 s$`))
  expect(rows['volume']).toMatch(new RegExp(`^cut short {4}${proofTitles.volume} .* 0\\.2 s$`))
  for (const name of others) expect(rows[name]).toBe(`not reached  ${proofTitles[name]}`)
})

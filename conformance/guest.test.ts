import { expect, test } from 'vitest'
import type { Clients } from './clients.ts'
import { bootLineOf, reportOf } from './guest.ts'
import type { Target } from './target.ts'
import { openTools } from './tools.ts'

const report = (bootCount: number) =>
  `EUCA-EMU-REPORT-BEGIN\r\n{\r\n"bootCount": ${bootCount},\r\n"dmi": {"a": "}"}\r\n}\r\nEUCA-EMU-REPORT-END\r\nboot-count=${bootCount}\r\n`

/** Tools whose clients answer one console after the other, the last one for ever. */
function toolsWith(...consoles: string[]) {
  const account = { accountId: '1', accessKeyId: 'AKIA', secretAccessKey: 'secret' }
  const url = 'http://127.0.0.1:9'
  const target = {
    endpoints: { ec2: url, s3: url, sts: url },
    administrator: account,
    user: account,
    region: 'r',
    timeScale: 0.001,
  }
  const { tools } = openTools(target as Target, 'run')
  let asked = 0
  const call = async () => {
    const output = consoles[Math.min(asked, consoles.length - 1)] ?? ''
    asked += 1
    return { output: Buffer.from(output).toString('base64') }
  }
  const administrator = { ...tools.administrator, ec2: { call } } as unknown as Clients
  const until: typeof tools.until = async (what, look, isGood) => {
    for (let turn = 0; turn < 5; turn += 1) {
      const seen = await look()
      if (isGood(seen)) return seen
    }
    throw new Error(`${what} did not come`)
  }
  return { ...tools, administrator, until }
}

test('the report is awaited until it is whole', async () => {
  const tools = toolsWith('booting', report(1).slice(0, 40), report(1))
  expect(await reportOf(tools, 'i-1')).toMatchObject({ bootCount: 1, dmi: { a: '}' } })
})

test('the last of several reports counts, and a boot can be asked for by its number', async () => {
  const tools = toolsWith(report(1), report(1) + report(2))
  expect(await reportOf(tools, 'i-1', { bootCount: 2 })).toMatchObject({ bootCount: 2 })
  await expect(reportOf(tools, 'i-1', { bootCount: 3 })).rejects.toThrow('the report of boot 3 of i-1 did not come')
})

test('a report that is no JSON is shown', async () => {
  const tools = toolsWith('EUCA-EMU-REPORT-BEGIN {"bootCount": oops} EUCA-EMU-REPORT-END')
  await expect(reportOf(tools, 'i-1')).rejects.toThrow(/is no JSON: \{"bootCount": oops\}/)
})

test('the boot line counts only behind the report', async () => {
  await bootLineOf(toolsWith(`${report(1)}tiny login: `), 'i-1', 'login:')
  await expect(bootLineOf(toolsWith(`login: ${report(1)}`), 'i-1', 'login:')).rejects.toThrow(/"login:" on the console/)
})

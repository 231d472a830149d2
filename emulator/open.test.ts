import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { testCloud, testSettings } from './cloud.harness.ts'
import { fakeHypervisor } from './node/fake.ts'
import { openCloud } from './open.ts'
import { manualClock } from './state/clock.ts'

function folder(): string {
  const data = mkdtempSync(join(tmpdir(), 'open-'))
  onTestFinished(() => rmSync(data, { recursive: true }))
  return data
}
const open = (data: string) =>
  openCloud({
    settings: testSettings('eucalyptus'),
    data,
    clock: manualClock(),
    hypervisor: () => fakeHypervisor(),
    endpoint: () => '',
  })

describe('the data folder', () => {
  test('is one cloud’s at a time, and free again afterwards', async () => {
    const data = folder()
    const first = await open(data)
    await expect(open(data)).rejects.toMatchObject({ name: 'DataFolderInUse' })
    await first.close()
    await first.close()
    const second = await open(data)
    expect(second.credentials).toEqual(first.credentials)
    expect(second.certificate).toBe(first.certificate)
    await second.close()
  })

  test('with damaged records is refused, and can be opened once they are mended', async () => {
    const data = folder()
    await (await open(data)).close()
    const records = join(data, 'records', 'records.json')
    const good = readFileSync(records)
    writeFileSync(records, '{')
    await expect(open(data)).rejects.toMatchObject({ name: 'DamagedRecords' })
    writeFileSync(records, good)
    await (await open(data)).close()
  })

  test('keeps what is secret to its owner', async () => {
    const data = folder()
    chmodSync(data, 0o755)
    await (await open(data)).close()
    const mode = (name: string) => (statSync(join(data, name)).mode & 0o777).toString(8)
    expect(['credentials.json', 'cloud-pk.pem', 'LOCK'].map(mode)).toEqual(['600', '600', '600'])
    expect(['records', 'objects', 'images', 'machines'].map(mode)).toEqual(['700', '700', '700', '700'])
  })
})

describe('the administrators’ credentials', () => {
  test('that were lost are written again, from the record', async () => {
    const data = folder()
    const first = await open(data)
    await first.close()
    rmSync(join(data, 'credentials.json'))
    const second = await open(data)
    expect(second.credentials).toMatchObject({ accessKeyId: first.credentials.accessKeyId })
    expect(second.credentials.adminToken).not.toBe(first.credentials.adminToken)
    await second.close()
  })

  test('stay the same after a crash', async () => {
    const it = await testCloud()
    onTestFinished(it.close)
    const alice = await it.account('alice')
    const next = await it.restart('crash')
    expect(next.credentials).toEqual(it.credentials)
    expect(next.cloud.accounts.byName('alice')?.id).toBe(alice.accountId)
  })
})

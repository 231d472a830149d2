import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startEmulator } from './index.ts'

describe('an ephemeral emulator', () => {
  test('has a data folder of its own, which goes when it stops', async () => {
    const { data, url, images, publicAddresses, stop } = await startEmulator({
      ephemeral: true,
      services: 's3',
      port: 0,
    })
    expect((await fetch(`${url}/_euca/health`)).status).toBe(200)
    expect([images, publicAddresses]).toEqual([[], undefined])
    expect(existsSync(join(data, 'objects'))).toBe(true)
    await stop()
    expect(existsSync(data)).toBe(false)
  })

  test('leaves the data folder that it was given', async () => {
    const data = mkdtempSync(join(tmpdir(), 'ephemeral-'))
    onTestFinished(() => rmSync(data, { recursive: true }))
    const emulator = await startEmulator({ ephemeral: true, services: 's3', port: 0, data })
    await emulator.stop()
    expect(existsSync(join(data, 'objects'))).toBe(true)
  })

  test('that cannot start leaves nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void taken.close())
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const before = process.env['TMPDIR']
    const place = mkdtempSync(join(tmpdir(), 'ephemeral-'))
    onTestFinished(() => rmSync(place, { recursive: true }))
    process.env['TMPDIR'] = place
    try {
      await expect(startEmulator({ ephemeral: true, services: 's3', port })).rejects.toMatchObject({
        code: 'EADDRINUSE',
      })
      expect(readdirSync(place)).toEqual([])
    } finally {
      if (before === undefined) delete process.env['TMPDIR']
      else process.env['TMPDIR'] = before
    }
  })
})

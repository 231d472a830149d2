import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { inGuest, writeOntoDisk } from './guest.ts'
import type { Tour } from './tour.ts'

let folder: string
let told: AbortController
let tour: Tour
const login = { instance: 'i-1', key: 'key.pem' }

/** Puts a program in the place of ssh. */
function sshIs(script: string) {
  writeFileSync(join(folder, 'ssh'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'ssh'), 0o755)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca-emu-'))
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH']}`)
  told = new AbortController()
  const where = async (instance: string, key: string) => ['-i', key, `root@${instance}`]
  tour = { signal: told.signal, login: where } as unknown as Tour
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true, force: true })
})

test('a command runs where the instance is reached, and is never asked for a password', async () => {
  sshIs('echo "$@"; echo noise >&2')
  expect(await inGuest(tour, login, 'ls /root')).toBe('-o BatchMode=yes -i key.pem root@i-1 ls /root')
})

test('one that fails shows itself and all that it said', async () => {
  sshIs('echo some; echo "no such file" >&2; exit 7')
  await expect(inGuest(tour, login, 'ls /root')).rejects.toMatchObject({
    name: 'ProofFailed',
    message: 'a command in i-1 by ssh ended with status 7',
    seen: 'ls /root\nsome\nno such file',
  })
})

test('one that runs ends with the tour', async () => {
  sshIs('exec sleep 600')
  const running = inGuest(tour, login, 'ls /root')
  told.abort()
  await expect(running).rejects.toMatchObject({ name: 'AbortError' })
})

test('a file goes onto the disk with a serial, compressed', async () => {
  const file = join(folder, 'disk.raw')
  writeFileSync(file, Buffer.alloc(2 ** 20, 'disk'))
  sshIs(`for command; do :; done; echo "$command" > ${folder}/command; cat > ${folder}/sent`)
  await writeOntoDisk(tour, login, 'euca-vol-1', file)
  const sent = readFileSync(join(folder, 'sent'))
  expect(sent.length).toBeLessThan(2 ** 16)
  expect(gunzipSync(sent).equals(readFileSync(file))).toBe(true)
  expect(readFileSync(join(folder, 'command'), 'utf8')).toMatch(
    /-lx euca-vol-1 [\s\S]*gunzip -c > \/dev\/\$disk && sync\n$/,
  )
})

test('a file that cannot be read is what is told of', async () => {
  sshIs('cat > /dev/null')
  await expect(writeOntoDisk(tour, login, 'euca-vol-1', join(folder, 'missing'))).rejects.toMatchObject({
    message: expect.stringContaining('ENOENT'),
  })
})

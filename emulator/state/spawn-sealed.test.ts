import { mkdtemp, open as openFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { open } from 'lmdb'
import { expect, test } from 'vitest'
import { spawnSealed } from './spawn-sealed.ts'

/** Where each descriptor of the shell leads, on Linux and on macOS. */
const list = 'ls -l /proc/self/fd 2>/dev/null || lsof -p $$'

test('a child has what it is given, and not the files of an open LMDB', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'euca-emu-sealed-'))
  const database = open({ path: join(folder, 'index.mdb') })
  await database.put('key', 'value')
  const meant = await openFile(join(folder, 'meant'), 'w')
  // execa takes any descriptor, its types only those below 10.
  const own = ['ignore', 'pipe', 'pipe', 'ignore', meant.fd as 9] as const
  const { stdout } = await spawnSealed(own, (stdio) => execa('sh', ['-c', list], { stdio }))
  expect(stdout.split('\n').filter((line) => line.includes(folder))).toEqual([expect.stringContaining('meant')])
  await meant.close()
  await database.close()
  await rm(folder, { recursive: true })
})

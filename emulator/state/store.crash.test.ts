import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import ts from 'typescript'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from './store.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'euca emu crash-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** What a crash at this moment would leave: journals first, because a rewrite removes them after it wrote the document. */
function copyOf(records: string): string {
  const copy = mkdtempSync(join(folder, 'copy-'))
  const names = readdirSync(records).filter((name) => !name.endsWith('.new'))
  for (const name of names.sort()) {
    try {
      copyFileSync(join(records, name), join(copy, name))
    } catch (error) {
      // A rewrite under way has taken this journal into the document meanwhile.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || !name.startsWith('journal-')) throw error
    }
  }
  copyFileSync(join(records, 'records.json'), join(copy, 'records.json'))
  return copy
}

type Step = { table: string; id: string; value: unknown } | 'fail'
const id = fc.oneof(fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor', ''), fc.string())
const write = fc.record({
  table: fc.constantFrom('volumes', 'tags', 'toString'),
  id,
  value: fc.oneof(fc.constant(null), fc.record({ v: fc.jsonValue() })),
})
const change = fc.array(
  fc.oneof({ weight: 9, arbitrary: write }, { weight: 1, arbitrary: fc.constant('fail' as const) }),
  { maxLength: 5 },
)
/** Groups of changes that are asked for at once. */
const history = fc.array(fc.array(change, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 })

const key = (table: string, name: string) => JSON.stringify([table, name])
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))

function applyToStore(store: Store, steps: readonly Step[]): Promise<void> {
  return store.change((draft) => {
    for (const step of steps) {
      if (step === 'fail') throw new Error('refused')
      if (step.value === null) draft.remove(step.table, step.id)
      else draft.put(step.table, step.id, step.value as object)
    }
  })
}

function expectModel(store: Store, model: Map<string, { table: string; id: string; value: unknown }>) {
  for (const table of ['volumes', 'tags', 'toString']) {
    const expected = [...model.values()].filter((record) => record.table === table)
    for (const record of expected) expect(plain(store.get(table, record.id))).toEqual(plain(record.value))
    expect(store.list(table)).toHaveLength(expected.length)
  }
}

test('any history of changes leaves what a plain map would hold, in memory and after a crash at any of its points', async () => {
  await fc.assert(
    fc.asyncProperty(history, async (groups) => {
      const records = mkdtempSync(join(folder, 'records-'))
      writeFileSync(join(records, 'records.json'), '{"format":1,"journal":1,"tables":{}}')
      const store = await openStore(records, { rewriteAt: 300 })
      const model = new Map<string, { table: string; id: string; value: unknown }>()
      for (const group of groups) {
        const results = await Promise.allSettled(group.map((steps) => applyToStore(store, steps)))
        for (const [index, steps] of group.entries()) {
          expect(results[index]?.status).toBe(steps.includes('fail') ? 'rejected' : 'fulfilled')
          if (steps.includes('fail')) continue
          for (const step of steps as Exclude<Step, 'fail'>[]) {
            if (step.value === null) model.delete(key(step.table, step.id))
            else model.set(key(step.table, step.id), step)
          }
        }
        expectModel(store, model)
        const reopened = await openStore(copyOf(records))
        expectModel(reopened, model)
        await reopened.close()
      }
      await store.close()
    }),
    { numRuns: 30 },
  )
})

/** The store as JavaScript in a folder of its own, because Node 20 runs no TypeScript. */
function compiledStore(): string {
  const target = join(folder, 'compiled')
  mkdirSync(target)
  const source = fileURLToPath(new URL('.', import.meta.url))
  for (const name of readdirSync(source).filter((file) => /^[a-z-]+\.ts$/.test(file))) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, name), 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
        rewriteRelativeImportExtensions: true,
      },
    })
    writeFileSync(join(target, name.replace('.ts', '.js')), outputText)
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}')
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(target, 'node_modules'))
  return target
}

/** Opens the store and runs `body` with it in a process of its own. */
function processWithStore(compiled: string, records: string, body: string) {
  const script = `import { openStore } from './store.js'
    const store = await openStore(${JSON.stringify(records)}, { rewriteAt: 2000 })
    ${body}`
  return spawn(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: compiled,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

test('a process killed at any time loses nothing that it had acknowledged', async () => {
  const [compiled, records] = [compiledStore(), join(folder, 'records')]
  let acknowledged = -1
  for (let round = 0; round < 4; round += 1) {
    // Each number is a change of two records; up to five changes are under way together.
    const child = processWithStore(
      compiled,
      records,
      `let next = ${acknowledged + 1000}
      const worker = async () => {
        for (;;) {
          const number = next++
          await store.change((draft) => {
            draft.put('numbers', 'n' + number, { number })
            draft.put('twins', 'n' + number, { number })
          })
          console.log(number)
        }
      }
      await Promise.all([1, 2, 3, 4, 5].map(worker))`,
    )
    const seen: number[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      seen.push(Number(line))
      if (seen.length === 100 + 37 * round) child.kill('SIGKILL')
    }
    const store = await openStore(records)
    expect(seen.length).toBeGreaterThanOrEqual(100)
    for (const number of seen) expect(store.get('numbers', `n${number}`)).toEqual({ number })
    const [numbers, twins] = [store.list('numbers'), store.list('twins')]
    expect(twins).toEqual(numbers)
    acknowledged = Math.max(...seen)
    await store.close()
  }
})

test('close finishes its rewrite even when nothing else keeps the process alive', async () => {
  const records = join(folder, 'records')
  const body = `await store.change((draft) => draft.put('items', 'a', { id: 'a' }))
    await store.close()
    console.log('closed')`
  const child = processWithStore(compiledStore(), records, body)
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  expect(await once(child, 'close')).toEqual([0, null])
  expect(output).toBe('closed\n')
  expect(JSON.parse(readFileSync(join(records, 'records.json'), 'utf8')).tables).toEqual({ items: { a: { id: 'a' } } })
})

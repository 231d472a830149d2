import { afterEach, beforeEach, expect, test, vi } from 'vitest'

let said: string[]
const { argv, exitCode } = process
beforeEach(() => {
  vi.resetModules()
  said = []
  vi.spyOn(process.stderr, 'write').mockImplementation((piece) => said.push(String(piece)) > 0)
  // The program shows the error below with its stack.
  vi.spyOn(console, 'error').mockImplementation(() => undefined)
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`)
  })
})
afterEach(() => {
  process.argv = argv
  process.exitCode = exitCode
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  vi.doUnmock('./commands/start.ts')
})

/** Runs the program with a command line in this process, and gives what it does with its settings, if it starts. */
async function run(...args: string[]): Promise<unknown[]> {
  const started: unknown[] = []
  vi.doMock('./commands/start.ts', () => ({ start: async (settings: unknown) => started.push(settings) }))
  process.argv = ['node', 'cli.js', ...args]
  await import('./cli.ts')
  return started
}

test.each([[[]], [['--port', '4711']], [['start', '--port', '4711']]])('%j starts the cloud', async (args) => {
  expect(await run(...args)).toEqual([expect.objectContaining({ port: args.length ? 4711 : 8773 })])
})

test.each([
  ['frobnicate', [], "euca-emu: unknown command 'frobnicate'\n"],
  ['strat', [], "euca-emu: unknown command 'strat'\n(Did you mean start?)\n"],
  ['start', ['here'], /^euca-emu: too many arguments for 'start'/],
  ['--bogus', [], "euca-emu: unknown option '--bogus'\n"],
  ['image', ['add', 'disk.raw'], "euca-emu: required option '--type <type>' not specified\n"],
])('%s %j is refused in the words of the program', async (first, more, message) => {
  expect(await run(first, ...more)).toEqual([])
  expect(said[0]).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message)
  // Outside of this test commander has ended the process by then.
  expect(process.exit).toHaveBeenCalledWith(1)
})

import { defineConfig } from 'vitest/config'

/**
 * Three projects: `unit` boots nothing, `conformance` runs the cases that boot nothing on a fresh emulator, `boot` starts
 * QEMU. They run one after the other, the quickest first. Guests run in forked processes, because a guest ends with the thread that started it (parent-death signal).
 */
const exclude = ['**/dist/**', '**/node_modules/**', '**/.euca-emu/**']
/** What starts whole emulators, without booting. */
const slower = ['conformance/emulator.test.ts', 'conformance/mutants.test.ts', 'src/foreign-clients.test.ts']
export default defineConfig({
  test: {
    reporters: ['default', './src/closing-line.mjs'],
    tags: [{ name: 'slow', description: 'minutes, not seconds: left to `npm run test:full`' }],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,emulator,conformance,fixtures,bench}/**/*.test.ts'],
          exclude: [...exclude, '**/*.boot.test.ts', ...slower],
          testTimeout: 30_000,
          // One core is left idle by default, which of two is half of them.
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'conformance',
          include: slower,
          exclude,
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'boot',
          include: ['**/*.boot.test.ts'],
          exclude,
          pool: 'forks',
          fileParallelism: false,
          // Of what says that it may run side by side: one guest for each core.
          maxConcurrency: 2,
          sequence: { groupOrder: 2 },
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})

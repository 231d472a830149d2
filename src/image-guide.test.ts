import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const [, ...tasks] = readFileSync(new URL('docs/image-guide.md', root), 'utf8').split(/^## /m)
const rows = tasks.map((task): [string, string[]] => [
  task.split('\n', 1)[0] ?? '',
  [...(/^Tests?: [\s\S]*$/m.exec(task)?.[0] ?? '').matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
])

test.each(rows)('"%s" of the image guide names the tests that do it', (_task, paths) => {
  expect(paths).not.toEqual([])
  expect(paths.filter((path) => !existsSync(new URL(path, root)))).toEqual([])
})

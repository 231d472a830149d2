import { readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Case } from './case.ts'

const folder = fileURLToPath(new URL('cases', import.meta.url))

/** The files of cases: `cases/<area>/<name>.ts`, or `.js` once compiled. */
async function caseFiles(): Promise<{ area: string; path: string }[]> {
  const own = extname(fileURLToPath(import.meta.url))
  const areas = (await readdir(folder)).sort()
  const files = areas.map(async (area) => {
    const names = (await readdir(join(folder, area))).filter((name) => /^[a-z0-9-]+\.(?:ts|js)$/.test(name))
    return names.sort().map((name) => ({ area, path: join(folder, area, name) }))
  })
  return (await Promise.all(files)).flat().filter(({ path }) => extname(path) === own)
}

/**
 * All cases, found by their files: adding one is adding its file, which default-exports one case or a list of them.
 * Throws when an id is there twice or does not begin with its folder's name.
 */
export async function loadCases(): Promise<Case[]> {
  const cases: Case[] = []
  for (const { area, path } of await caseFiles()) {
    const { default: found } = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
      default: Case | readonly Case[]
    }
    for (const one of [found].flat() as Case[]) {
      if (!one.id.startsWith(`${area}/`)) throw new Error(`the case ${one.id} lies in the folder ${area}`)
      if (cases.some(({ id }) => id === one.id)) throw new Error(`two cases have the id ${one.id}`)
      cases.push(one)
    }
  }
  return cases
}

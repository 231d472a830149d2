import { buildFixtures } from '../../fixtures/build.ts'
import { type BuiltFixture, catalog, defaultCache, installedFixtures } from '../../fixtures/catalog.ts'

/** Builds what is missing, telling of each step, and returns the list. */
export async function buildAll(json: boolean): Promise<string> {
  let last = ''
  const built = await buildFixtures({
    cache: defaultCache(),
    onProgress: ({ step, done, total }) => {
      const line = total === undefined ? step : `${step} ${done ?? 0}/${total}`
      if (line !== last) console.error(line)
      last = line
    },
  })
  return listText(built, json)
}

/** The starter images as they are in the cache. */
export async function listAll(json: boolean): Promise<string> {
  return listText(await installedFixtures(defaultCache()), json)
}

function listText(built: readonly BuiltFixture[], json: boolean): string {
  const all = catalog.map((fixture) => ({ ...fixture, ...built.find(({ name }) => name === fixture.name) }))
  if (json) return `${JSON.stringify(all, undefined, 2)}\n`
  const lines = all.flatMap((fixture) => {
    const head = `${fixture.name}  ${fixture.virtualization}  proves its boot by "${fixture.bootLine}"`
    const files = 'files' in fixture && fixture.files ? Object.entries(fixture.files) : []
    if (!files.length) return [`${head}  (not built: "euca-emu fixtures build")`]
    return [head, ...files.map(([role, path]) => `  ${role.padEnd(8)} ${path}`)]
  })
  return `${lines.join('\n')}\n`
}

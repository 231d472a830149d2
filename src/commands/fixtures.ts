import { makeFolder } from '../../emulator/state/files.ts'
import { buildFixtures } from '../../fixtures/build.ts'
import { type BuiltFixture, catalog, defaultCache, type Fixture, installedFixtures } from '../../fixtures/catalog.ts'
import { buildDebian } from '../../fixtures/debian-12/build.ts'
import { debianCatalog, installedDebian } from '../../fixtures/debian-12/catalog.ts'
import { programName } from './program-name.ts'

/** What can be built, by the word that asks for it: the starter images, and what takes minutes. */
export const families = {
  tiny: { catalog, build: buildFixtures, installed: installedFixtures, command: 'fixtures build' },
  'debian-12': {
    catalog: debianCatalog,
    build: buildDebian,
    installed: installedDebian,
    command: 'fixtures build debian-12',
  },
} as const

/** A word for `buildAll`. */
export type Family = keyof typeof families

/** The words for `buildAll`, the default first. */
export const familyNames: readonly Family[] = Object.keys(families) as Family[]

/** Builds what is missing of a family, or all from the packages of today, telling of each step, and returns the list. */
export async function buildAll(
  { json, renew }: { json: boolean; renew: boolean },
  family: Family = 'tiny',
): Promise<string> {
  let last = ''
  const cache = defaultCache()
  await makeFolder(cache)
  const start = performance.now()
  const built = await families[family].build({
    cache,
    renew,
    onProgress: ({ step, done, total }) => {
      const line = total === undefined ? step : `${step} ${done ?? 0}/${total}`
      if (line !== last) console.error(line)
      last = line
    },
  })
  // No step, no work: they were there.
  if (last) console.error(`done in ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return listText(listed(family, built), json)
}

/** All images as they are in the cache. */
export async function listAll(json: boolean): Promise<string> {
  const all = familyNames.map(async (family) => listed(family, await families[family].installed(defaultCache())))
  return listText((await Promise.all(all)).flat(), json)
}

type Listed = (Fixture | BuiltFixture) & { build: string }

function listed(family: Family, built: readonly BuiltFixture[]): Listed[] {
  const { catalog, command } = families[family]
  const build = `${programName()} ${command}`
  return catalog.map((fixture) => ({ ...(built.find(({ name }) => name === fixture.name) ?? fixture), build }))
}

function listText(all: readonly Listed[], json: boolean): string {
  if (json)
    return `${JSON.stringify(
      all.map(({ build, ...fixture }) => fixture),
      undefined,
      2,
    )}\n`
  const lines = all.flatMap((fixture) => {
    const head = `${fixture.name}  ${fixture.virtualization}  proves its boot by "${fixture.bootLine}"`
    if (!('files' in fixture)) return [`${head}  (not built: "${fixture.build}")`]
    const sizes: Record<string, number> = fixture.sizes
    const size = (role: string) => `${((sizes[role] ?? 0) / 2 ** 20).toFixed(1)} MiB`
    return [head, ...Object.entries(fixture.files).map(([role, path]) => `  ${role.padEnd(8)} ${path}  ${size(role)}`)]
  })
  return `${lines.join('\n')}\n`
}

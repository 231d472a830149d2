import { type Command, Option } from 'commander'
import type { SharedSettings } from './bundle-commands.ts'

/** The catalog files that were named, by options or by $EUCA_EMU_CATALOG. */
const catalogOption = () =>
  new Option('--catalog <file...>', 'catalog files beside the starter images, by path or URL').env('EUCA_EMU_CATALOG')
const named = (catalog: string | readonly string[] | undefined) => [catalog ?? []].flat()

/** Adds `catalog list`, `catalog install` and `catalog try`. */
export function addCatalogCommands(program: Command, { withSettings, settingsOf }: SharedSettings): void {
  const catalog = program.command('catalog').description('images that are ready to be installed')
  catalog
    .command('list')
    .description('what is on offer')
    .addOption(catalogOption())
    .option('--json', 'print as JSON')
    .action(async (options) => {
      const [{ allOffers }, { offersText }, { interruptible }] = await Promise.all([
        import('./catalog-offers.ts'),
        import('./catalog.ts'),
        import('./interruptible.ts'),
      ])
      const offers = await interruptible((signal) => allOffers(named(options.catalog), signal))
      process.stdout.write(offersText(offers, options.json === true))
    })
  withSettings(catalog.command('install <name...>'), 'data')
    .description('fetch or build images, check them, and register them for every account of the running cloud')
    .addOption(catalogOption())
    .action(async (names, options) => {
      const [{ readDataFolder }, { allOffers, offerOf }, { installImage }, { interruptible }] = await Promise.all([
        import('./data-folder.ts'),
        import('./catalog-offers.ts'),
        import('./catalog.ts'),
        import('./interruptible.ts'),
      ])
      const folder = await readDataFolder(settingsOf(options).data)
      await interruptible(async (signal) => {
        const offers = await allOffers(named(options.catalog), signal)
        const chosen = (names as string[]).map((name) => offerOf(offers, name))
        for (const offer of chosen) {
          const { id, name, wasThere } = await installImage(folder, offer, signal)
          console.log(`${id}  ${name}${wasThere ? '  (was there)' : ''}`)
        }
      })
    })
  withSettings(catalog.command('try <name>'), 'accelerator', 'memory')
    .description('boot an image on a cloud of its own and log in to it')
    .addOption(catalogOption())
    .option('--record <file>', 'keep the outcome in this JSON file, and a table of all in the .md file beside it')
    .action(async (name, options) => {
      const [{ allOffers, offerOf }, { recordTrial, tryImage }, { interruptible }] = await Promise.all([
        import('./catalog-offers.ts'),
        import('./catalog-try.ts'),
        import('./interruptible.ts'),
      ])
      const { catalog: files, record, ...settings } = options
      const trial = await interruptible(async (signal) => {
        const offer = offerOf(await allOffers(named(files), signal), name)
        return tryImage(offer, settingsOf(settings), signal)
      })
      if (record !== undefined) await recordTrial(record, trial)
      console.log(JSON.stringify(trial, undefined, 2))
      if (trial.why !== undefined) process.exitCode = 1
    })
}

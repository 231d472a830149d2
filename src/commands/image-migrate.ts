import type { CloudAccess } from '../client/cloud-access.ts'
import { type Moved, migrate, readThrough } from '../migrate/migrate.ts'
import { type Move, type Plan, planMigration } from '../migrate/plan.ts'
import { CommandFailed } from './data-folder.ts'
import { type Adviser, withAdviser } from './migrate-advice.ts'
import { certificateFile, privateKeyFile } from './pem-file.ts'
import { progressBar, sizeText } from './progress.ts'

/** What `migrate` is told; files are paths. */
export interface ToMigrate {
  readonly image: string
  readonly bucket: string
  readonly name?: string
  readonly kernel?: string
  readonly ramdisk?: string
  /** Opens the bundles at the source. */
  readonly privatekey?: string
  /** The target's certificate. */
  readonly ec2cert?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/**
 * Moves an image between clouds, or with `dryRun` reads it and says what would move; the text tells the ids at the target,
 * and what may keep the image from booting there.
 */
export async function migrateImage(
  asked: ToMigrate,
  { from, to }: { from: CloudAccess; to: CloudAccess },
  signal: AbortSignal,
): Promise<string> {
  const { bucket } = asked
  const privateKeys = asked.privatekey ? [await privateKeyFile(asked.privatekey)] : await from.privateKeys()
  if (privateKeys.length === 0) {
    throw new CommandFailed(`no private key of ${from.name} is known: name its file with --privatekey`)
  }
  const plan = await planMigration(from, to, { ...asked, privateKeys, signal })
  const [userCertificate, userPrivateKey] = [await to.userCertificate(), await to.userPrivateKey()]
  const target = {
    cloud: to,
    bucket,
    accountId: await to.accountId(),
    cloudCertificate: asked.ec2cert ? await certificateFile(asked.ec2cert) : await to.cloudCertificate(),
    ...(userCertificate !== undefined && { userCertificate }),
    ...(userPrivateKey !== undefined && { userPrivateKey }),
  }
  return withAdviser(async (adviser) => {
    const options = {
      privateKeys,
      signal,
      watch: adviser.watch,
      progress: ({ name }: Move) => progressBar(name),
      warn: (message: string) => console.error(message),
    }
    if (asked.dryRun) {
      for (const move of plan.moves) await readThrough(move, options)
      const place = `${to.name} (account ${target.accountId}, bucket ${bucket})`
      return planText(plan, await adviceOn(plan, adviser), place, asked.json)
    }
    const moved = await migrate(plan, target, options)
    return movedText(moved, await adviceOn(plan, adviser), asked.json)
  })
}

/** What the adviser says of each image, by its id at the source. */
type AdviceById = Readonly<Record<string, readonly string[]>>

async function adviceOn({ moves }: Plan, adviser: Adviser): Promise<AdviceById> {
  const all: [string, string[]][] = []
  for (const move of moves) all.push([move.source.id, await adviser.advice(move)])
  return Object.fromEntries(all)
}

function planText({ moves, kernel, ramdisk }: Plan, advice: AdviceById, target: string, json = false): string {
  if (json) {
    const all = moves.map(({ name, source: { bundle, ...source } }) => ({
      ...source,
      bytes: bundle.manifest.size,
      to: name,
      advice: advice[source.id],
    }))
    return `${JSON.stringify({ moves: all, kernel, ramdisk }, undefined, 2)}\n`
  }
  const lines = moves.map(({ name, source: { id, kind, virtualization, architecture, bundle } }) =>
    [id, virtualization ?? kind, architecture, sizeText(bundle.manifest.size), `as ${name}`].join('  '),
  )
  return [`would move to ${target}:`, ...lines, ...adviceLines(advice), ''].join('\n')
}

const adviceLines = (advice: AdviceById): string[] =>
  Object.entries(advice).flatMap(([id, sentences]) =>
    sentences.length === 0 ? [] : [`advice for ${id}:`, ...sentences.map((one) => `  - ${one}`)],
  )

function movedText(moved: readonly Moved[], advice: AdviceById, json = false): string {
  if (json) {
    const all = moved.map((one) => ({ ...one, advice: advice[one.from] }))
    return `${JSON.stringify(all, undefined, 2)}\n`
  }
  const lines = moved.map(({ from, id, name, location }) => `${id}  ${name}  ${location}  (was ${from})`)
  return [...lines, ...adviceLines(advice), ''].join('\n')
}

import { readFile } from 'node:fs/promises'
import type { CloudAccess } from '../client/cloud-access.ts'
import { type Moved, migrate } from '../migrate/migrate.ts'
import { type Plan, planMigration } from '../migrate/plan.ts'
import { CommandFailed } from './data-folder.ts'
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

/** Moves an image between clouds, or with `dryRun` says what would move; the text tells the ids at the target. */
export async function migrateImage(
  asked: ToMigrate,
  { from, to }: { from: CloudAccess; to: CloudAccess },
  signal: AbortSignal,
): Promise<string> {
  const { bucket } = asked
  const privateKeys = asked.privatekey ? [await readFile(asked.privatekey, 'utf8')] : await from.privateKeys()
  if (privateKeys.length === 0) {
    throw new CommandFailed(`no private key of ${from.name} is known: name its file with --privatekey`)
  }
  const plan = await planMigration(from, to, { ...asked, privateKeys, signal })
  const [userCertificate, userPrivateKey] = [await to.userCertificate(), await to.userPrivateKey()]
  const target = {
    cloud: to,
    bucket,
    accountId: await to.accountId(),
    cloudCertificate: asked.ec2cert ? await readFile(asked.ec2cert, 'utf8') : await to.cloudCertificate(),
    ...(userCertificate !== undefined && { userCertificate }),
    ...(userPrivateKey !== undefined && { userPrivateKey }),
  }
  if (asked.dryRun) return planText(plan, `${to.name} (account ${target.accountId}, bucket ${bucket})`, asked.json)
  const moved = await migrate(plan, target, {
    privateKeys,
    signal,
    progress: ({ name }) => progressBar(name),
    warn: (message) => console.error(message),
  })
  return movedText(moved, asked.json)
}

function planText({ moves, kernel, ramdisk }: Plan, target: string, json = false): string {
  if (json) {
    const all = moves.map(({ name, source: { bundle, ...source } }) => ({
      ...source,
      bytes: bundle.manifest.size,
      to: name,
    }))
    return `${JSON.stringify({ moves: all, kernel, ramdisk }, undefined, 2)}\n`
  }
  const lines = moves.map(({ name, source: { id, kind, virtualization, architecture, bundle } }) =>
    [id, virtualization ?? kind, architecture, sizeText(bundle.manifest.size), `as ${name}`].join('  '),
  )
  return [`would move to ${target}:`, ...lines, ''].join('\n')
}

const movedText = (moved: readonly Moved[], json = false): string =>
  json
    ? `${JSON.stringify(moved, undefined, 2)}\n`
    : moved.map(({ from, id, name, location }) => `${id}  ${name}  ${location}  (was ${from})\n`).join('')

import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { extname, parse } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { authenticate } from '../src/protocol/authentication.ts'
import type { Operation } from '../src/protocol/operation.ts'
import type { Fields } from '../src/protocol/shape.ts'
import type { Cloud } from './cloud.ts'
import type { HostNetwork } from './machines/network.ts'
import type { MetadataFacts } from './metadata/facts.ts'
import type { Hypervisor } from './node/hypervisor.ts'
import type { S3Operation } from './s3/operation.ts'

/** What a cloud is put together from. */
export interface Engines
  extends Pick<
    Cloud,
    'accounts' | 'objects' | 'imaging' | 'conversions' | 'bundling' | 'storage' | 'machines' | 'disks'
  > {
  readonly network: HostNetwork
  readonly hypervisor: Hypervisor
  /** What the metadata service tells of an instance; undefined when there is nothing to tell. */
  readonly metadata: (cloud: Cloud, instanceId: string) => MetadataFacts | undefined
  /** The gate in front of every operation. */
  readonly signatures: typeof authenticate
}

/** What is put around the parts of a cloud while it is put together; each gives the part that is used. */
export interface Seams {
  /** Around an engine, before anything has it. */
  engine<Name extends keyof Engines>(name: Name, engine: Engines[Name]): Engines[Name]
  /** Around an operation of a query service. */
  operation(operation: Operation<Cloud, Fields>): Operation<Cloud, Fields>
  /** Around an operation of Object Storage. */
  s3Operation(operation: S3Operation): S3Operation
}

/** Puts nothing around anything: every cloud but one that tests the tests. */
export const unchanged: Seams = {
  engine: (_, engine) => engine,
  operation: (operation) => operation,
  s3Operation: (operation) => operation,
}

/** A bug on purpose that is not there; the message says which are. */
export class NoSuchMutant extends Error {
  override readonly name = 'NoSuchMutant'
}

const folder = new URL('mutants/', import.meta.url)

/** The names of the mutants: the files beside their type and its tests. */
export async function mutantNames(): Promise<string[]> {
  const own = extname(fileURLToPath(import.meta.url))
  const files = (await readdir(folder)).filter((file) => /^[a-z0-9-]+\.[jt]s$/.test(file) && extname(file) === own)
  return files
    .map((file) => parse(file).name)
    .filter((name) => name !== 'mutant')
    .sort()
}

/**
 * Loads the mutant of that name: a bug on purpose, by which the conformance suite is proven able to fail. Nothing of it is
 * loaded by a cloud that has none. Throws NoSuchMutant; in a package there are none.
 */
export async function mutantNamed(
  name: string,
): Promise<{ readonly sentence: string; readonly wraps: string; readonly seams: Seams }> {
  if (!existsSync(folder)) {
    throw new NoSuchMutant(
      `EUCA_EMU_MUTANT is "${name}", but a package has no mutants: they are in the repository only`,
    )
  }
  const names = await mutantNames()
  if (!names.includes(name)) {
    throw new NoSuchMutant(`EUCA_EMU_MUTANT is "${name}", but there is no such mutant; there are ${names.join(', ')}`)
  }
  const module = await import(
    /* @vite-ignore */ new URL(`${name}${extname(fileURLToPath(import.meta.url))}`, folder).href
  )
  return module.default
}

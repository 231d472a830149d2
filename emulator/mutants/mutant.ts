import { Fault } from '../../src/protocol/faults.ts'
import type { Operation } from '../../src/protocol/operation.ts'
import type { Fields } from '../../src/protocol/shape.ts'
import type { Cloud } from '../cloud.ts'
import TerminateInstances from '../ec2/instance/TerminateInstances.ts'
import type { S3Operation } from '../s3/operation.ts'
import { type Engines, type Seams, unchanged } from '../seams.ts'
import type { Identified, Table } from '../state/table.ts'

/** A bug that a cloud could have, put around the operation or the engine that it names. */
export interface Mutant {
  /** The name of its file: kebab-case, and the bug itself. */
  readonly name: string
  /** What the bug is, and how a cloud comes to have it. */
  readonly sentence: string
  /** The operation, by its wire name, or the engine. */
  readonly wraps: string
  readonly seams: Seams
}

type About = readonly [name: string, sentence: string]
type Run<Input extends Fields> = Operation<Cloud, Input>['run']
type S3Run = S3Operation['run']

/** A mutant around an operation of a query service. */
export function aroundOperation<Input extends Fields>(
  [name, sentence]: About,
  { name: wraps }: Operation<Cloud, Input>,
  around: (run: Run<Input>) => Run<Input>,
): Mutant {
  const operation: Seams['operation'] = (one) =>
    // The operation of that name is the one that was given, so its input is of that kind.
    one.name === wraps ? { ...one, run: around(one.run as Run<Input>) as Run<Fields> } : one
  return { name, sentence, wraps, seams: { ...unchanged, operation } }
}

/** A mutant that decides, when instances end, whether the volumes they have go with them. */
export const decidingOnVolumes = (about: About, deleteOnTermination: boolean): Mutant =>
  aroundOperation(about, TerminateInstances, (run) => async (cloud, input, call) => {
    await cloud.store.change((draft) => {
      const volumes = cloud.volumes.in(draft)
      for (const volume of volumes.list()) {
        const { attachment } = volume
        if (!attachment || !input.InstanceId.includes(attachment.instanceId)) continue
        volumes.put({ ...volume, attachment: { ...attachment, deleteOnTermination } })
      }
    })
    return run(cloud, input, call)
  })

/** A table as an operation reads it when each record is first changed; what it writes is not touched. */
export function readAs<Kind extends Identified>(table: Table<Kind>, change: (record: Kind) => Kind): Table<Kind> {
  const changed = new Map<Kind, Kind>()
  // Always the same for the same record, as operations compare what they have read.
  const read = (record: Kind) => {
    const found = changed.get(record) ?? change(record)
    changed.set(record, found)
    return found
  }
  const get: Table<Kind>['get'] = (id) => {
    const found = table.get(id)
    return found && read(found)
  }
  return { ...table, get, list: () => table.list().map(read) }
}

/** A table in which a change finds nothing when it looks through all records. */
export const unlisted = <Kind extends Identified>(table: Table<Kind>): Table<Kind> => ({
  ...table,
  in: (draft) => ({ ...table.in(draft), list: () => [] }),
})

/** An engine with some of its methods in place of its own; also of one that must not be looked into yet. */
export const over = <Engine extends object>(engine: Engine, changed: Partial<Engine>): Engine =>
  Object.assign(Object.create(engine), changed)

/** The code of a fault, as a client of that cloud sees it; undefined for any other error. */
export const codeOf = (error: unknown, { settings }: Pick<Cloud, 'settings'>): string | undefined =>
  error instanceof Fault ? error.face(settings.fidelity).code : undefined

/** A mutant around the body of an operation of Object Storage, by its name. */
export function aroundS3([name, sentence]: About, wraps: string, around: (run: S3Run) => S3Run): Mutant {
  return ofS3([name, sentence], wraps, (one) => ({ ...one, run: around(one.run) }))
}

/** A mutant of an operation of Object Storage as a whole: who may run it, and what it does. */
export function ofS3([name, sentence]: About, wraps: string, change: (one: S3Operation) => S3Operation): Mutant {
  const s3Operation: Seams['s3Operation'] = (one) => (one.name === wraps ? change(one) : one)
  return { name, sentence, wraps, seams: { ...unchanged, s3Operation } }
}

/** A mutant around an engine. */
export function aroundEngine<Wrapped extends keyof Engines>(
  [name, sentence]: About,
  wraps: Wrapped,
  around: (engine: Engines[Wrapped]) => Engines[Wrapped],
): Mutant {
  const engine: Seams['engine'] = (one, given) =>
    // The engine of that name is of that kind.
    one === (wraps as string) ? (around(given as Engines[Wrapped]) as typeof given) : given
  return { name, sentence, wraps, seams: { ...unchanged, engine } }
}

import { text } from '../src/client/xml.ts'
import type { Clients } from './clients.ts'
import type { Tools } from './tools.ts'

/** What a guest of the starter images tells of itself on its serial console. */
export interface GuestReport {
  readonly bootCount: number
  /** The nonce in the image's bytes. */
  readonly nonce: string
  readonly commandLine: string
  readonly dmi: Readonly<Record<'sysVendor' | 'productName' | 'productSerial' | 'productUuid', string>>
  readonly disks: readonly GuestDisk[]
  /** Its network cards, loopback among them; addresses with the length of their prefix, `172.31.0.10/20`. */
  readonly network: readonly { readonly name: string; readonly mac: string; readonly addresses: readonly string[] }[]
  /** What the metadata service says, by paths below `/latest/`; null when it does not answer. */
  readonly metadata: Readonly<Record<string, string>> | null
  /** The user-data as text, byte by byte; null when there is none. */
  readonly userData: string | null
  /** The device of its root file system. */
  readonly root: string
}

/** A block device of a guest; sizes are bytes, `start` is in sectors of 512. */
export interface GuestDisk {
  readonly name: string
  readonly bytes: number
  readonly serial: string
  readonly sha256FirstMiB: string
  readonly partitions: readonly { readonly name: string; readonly bytes: number; readonly start: number }[]
}

/** The text of an instance's console so far. Throws ServiceError. */
export async function consoleOf({ ec2 }: Clients, InstanceId: string): Promise<string> {
  const output = text(await ec2.call('GetConsoleOutput', { InstanceId }), 'output')
  return Buffer.from(output ?? '', 'base64').toString()
}

const reports = /EUCA-EMU-REPORT-BEGIN\s*(\{[\s\S]*?\})\s*EUCA-EMU-REPORT-END/g

/** The last whole report on a console. */
function lastReport(console: string): GuestReport | undefined {
  const found = [...console.matchAll(reports)].at(-1)?.[1]
  if (found === undefined) return undefined
  try {
    return JSON.parse(found) as GuestReport
  } catch (cause) {
    throw new Error(`the guest's report is no JSON: ${found}`, { cause })
  }
}

/** How long a starter image may take to its report, in seconds on an idle machine under software emulation. */
const bootSeconds = 60

/** Waits for the report of an instance's guest: the one of its `bootCount`th boot, when that is given. */
export async function reportOf(
  tools: Tools,
  id: string,
  { bootCount, clients = tools.administrator }: { bootCount?: number; clients?: Clients } = {},
): Promise<GuestReport> {
  const isIt = (console: string) => {
    const found = lastReport(console)
    return found !== undefined && (bootCount === undefined || found.bootCount === bootCount)
  }
  const what = `the report of ${bootCount === undefined ? 'the boot' : `boot ${bootCount}`} of ${id}`
  const report = lastReport(await tools.until(what, () => consoleOf(clients, id), isIt, bootSeconds))
  if (!report) throw new Error(`${what} is gone again`)
  return report
}

/**
 * User-data of these lines of shell: the starter images run it once for an instance, behind the report, with the console
 * as its output. `result NAME WORDS` prints what `resultsOf` reads.
 */
export function userDataScript(...lines: string[]): string {
  const script = ['#!/bin/sh', 'exec 2>&1', 'result() { echo "RESULT $* ."; }', ...lines, '']
  return Buffer.from(script.join('\n')).toString('base64')
}

/** The results of that name that stand on a console, in order. */
export const resultsOn = (console: string, name: string): string[] =>
  [...console.matchAll(/RESULT (\S+) ?(.*?) \.\r?\n/g)].flatMap(([, found, words = '']) =>
    found === name ? [words] : [],
  )

/** Waits for a result of an instance's user-data and gives its words. */
export async function resultOf(tools: Tools, id: string, name: string): Promise<string> {
  const isThere = (console: string) => resultsOn(console, name).length > 0
  const look = () => consoleOf(tools.administrator, id)
  const [words = ''] = resultsOn(await tools.until(`the result "${name}" of ${id}`, look, isThere, bootSeconds), name)
  return words
}

/** Waits for the console line that proves a boot, behind the guest's report. */
export async function bootLineOf(tools: Tools, id: string, bootLine: string): Promise<void> {
  const isThere = (console: string) => console.slice(console.lastIndexOf('EUCA-EMU-REPORT-END')).includes(bootLine)
  await tools.until(
    `"${bootLine}" on the console of ${id}`,
    () => consoleOf(tools.administrator, id),
    isThere,
    bootSeconds,
  )
}

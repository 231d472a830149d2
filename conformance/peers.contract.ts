import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultCache } from '../fixtures/catalog.ts'
import { loadCases } from './cases.ts'
import { readDifferences } from './differences.ts'
import { isAbout, peerTargets, startPeer } from './peers.harness.ts'
import { openReporting } from './reports/reporting.ts'
import { lacking, runCases } from './run.ts'

/**
 * Runs the cases on servers that nobody of this project wrote, installing them into a cache, and says how they differ
 * from `conformance/differences/<peer>.json`. From the repository: `node dist/conformance/peers.contract.js [--record]`,
 * which writes what passes into `conformance/evidence.json`.
 */
const { values } = parseArgs({
  options: {
    peers: { type: 'string', default: peerTargets.map(({ name }) => name).join(',') },
    only: { type: 'string', default: '' },
    folder: { type: 'string', default: join(defaultCache(), 'bench') },
    record: { type: 'boolean', default: false },
    /** A folder for a page and a report in JSON of each. */
    reports: { type: 'string' },
  },
})
const all = (await loadCases()).filter(({ id }) => id.startsWith(values.only))
let isGood = true
for (const peer of peerTargets.filter(({ name }) => values.peers.split(',').includes(name))) {
  const started = await startPeer(peer, values.folder, { install: true })
  if ('missing' in started) {
    console.log(`${peer.name} is not there: ${started.missing}`)
    isGood = false
    continue
  }
  const { target, version, stop } = started
  try {
    const cases = all.filter((one) => isAbout(one, peer) && lacking(one, target).length === 0)
    const files = values.reports === undefined ? undefined : join(values.reports, peer.name)
    if (values.reports !== undefined) await mkdir(values.reports, { recursive: true })
    const reporting = await openReporting(
      cases,
      target,
      {
        ...(files && { json: `${files}.json`, html: `${files}.html` }),
        ...(values.record && { record: `${peer.cloud} ${version}` }),
      },
      { screen: process.stdout, suite: 'of this tree', evidenceFile: join('conformance', 'evidence.json') },
    )
    const differences = await readDifferences(join('conformance', 'differences', `${peer.name}.json`), peer.name)
    console.log(`\n== ${peer.cloud} ${version}`)
    const report = await runCases(cases, target, { ...reporting.events, differences })
    await reporting.finish(report)
    isGood &&= report.failed === 0
  } finally {
    await stop()
  }
}
process.exitCode = isGood ? 0 : 1

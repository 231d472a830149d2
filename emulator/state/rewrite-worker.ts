import { parentPort, workerData } from 'node:worker_threads'
import { rewriteDocument } from './document.ts'

/** Rewrites the document off the main thread: stringifying 100 MiB would hold up every request for half a second. */
const { folder, before } = workerData as { folder: string; before: number }
await rewriteDocument(folder, before)
parentPort?.postMessage('rewritten')

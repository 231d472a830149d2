import type { Cloud } from '../../cloud.ts'
import { startConversion } from './conversion-job.ts'
import { startExport } from './export-task-job.ts'
import { startImport } from './import-task-job.ts'

/** Has every task that the end of the emulator interrupted go on; disks that were half made are gone by now. */
export function resumeTasks(cloud: Cloud): void {
  for (const { id } of cloud.conversionTasks.list()) startConversion(cloud, id)
  for (const { id } of cloud.importTasks.list()) startImport(cloud, id)
  for (const { id } of cloud.exportTasks.list()) startExport(cloud, id)
}

import { readConsole } from '../node/console.ts'
import { consolePicture } from '../node/console-picture.ts'
import { fitted } from '../node/picture.ts'
import type { Host } from './host.ts'

/** The largest screenshot: it is made by the thread that answers everybody. */
const largest = { width: 1280, height: 1024 }
const quality = 80

/** What the screen of an instance shows now, as JPEG; of one without a screen, or that is off, its console's last lines. */
export async function screenshot(host: Host, id: string): Promise<Buffer> {
  const screen = await host.running.get(id)?.machine.screen()
  const shown = screen ?? consolePicture(await readConsole(host.cloud.files.machine(id).console))
  const { width, height, pixels } = fitted(shown, largest.width, largest.height)
  const { default: jpeg } = await import('jpeg-js')
  return jpeg.encode({ width, height, data: pixels }, quality).data
}

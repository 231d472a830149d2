import assert from 'node:assert/strict'
import { consoleOf, resultsOn, userDataScript } from './guest.ts'
import type { Tools } from './tools.ts'

/**
 * What a guest's disks hold, by checksums of 64 KiB: `root` is a file on the root, a partition has its own name, any other
 * disk the name of its size in whole GiB, as letters follow the order in which a guest finds its disks.
 */
export type Marks = Readonly<Record<string, string>>

/** The checksum of a place that was never written. */
export const blank = 'de2f256064a0af79'
/** The checksum of a file that is not there. */
export const missing = 'e3b0c44298fc1c14'

const functions = `#!/bin/sh
result() { echo "RESULT $* ."; }
sum() { sha256sum | cut -c1-16; }
# All but the root, which is a first partition, and the disk that it is on.
devices() {
  for path in /sys/class/block/vd*; do
    device=\${path##*/}
    case $device in *1) continue ;; esac
    [ -e $path/\${device}1 ] || echo $device
  done
}
name() {
  if [ -e /sys/class/block/$1/partition ]; then echo $1
  else echo $(($(cat /sys/class/block/$1/size) / 2097152))GiB; fi
}
mark() {
  head -c 65536 /dev/urandom > /run/mark
  dd if=/run/mark of=/dev/$1 bs=65536 seek=16 conv=notrunc,fsync 2>/dev/null
  result marked-$boot $(name $1) $(sum < /run/mark)
}
another() {
  until [ "$(devices)" != "$found" ]; do usleep 100000; done
  for device in $(devices); do case "$found" in *$device*) ;; *) new=$device ;; esac; done
}
`

const everyBoot = `boot=$(($(cat /root/boots 2>/dev/null) + 1))
echo $boot > /root/boots
found=$(devices)
for device in $found; do
  result saw-$boot $(name $device) $(dd if=/dev/$device bs=65536 skip=16 count=1 2>/dev/null | sum)
done
result saw-$boot root $(cat /root/mark 2>/dev/null | sum)
for device in $found; do mark $device; done
head -c 65536 /dev/urandom > /root/mark
sync
result marked-$boot root $(sum < /root/mark)
result done-$boot
`

/**
 * User-data by which a guest tells at each boot what its disks hold and then marks them all afresh; `then` is what it does
 * next, by the number of the boot, in shell: `another` waits for one more disk, `$new`.
 */
export function markingGuest(then: Readonly<Record<number, string>>): string {
  const next = Object.entries(then).map(([boot, lines]) => `${boot}) ${lines} ;;`)
  const script = `${functions}${everyBoot}case $boot in\n${next.join('\n')}\nesac\n`
  return userDataScript(
    `cat > /root/marks << 'END'\n${script}END`,
    'chmod 700 /root/marks',
    "echo '/root/marks &' >> /etc/rc",
    'exec /root/marks',
  )
}

const asMarks = (lines: readonly string[]): Marks =>
  Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]))

/** What a guest found on its disks at a boot, and what it left there, once it has marked `disks` of them. */
export async function marksOf(
  tools: Tools,
  id: string,
  boot: number,
  disks: number,
): Promise<{ saw: Marks; left: Marks }> {
  const isThere = (console: string) =>
    resultsOn(console, `done-${boot}`).length > 0 && resultsOn(console, `marked-${boot}`).length === disks
  const look = () => consoleOf(tools.administrator, id)
  const console = await tools.until(`the marks of ${disks} disks in boot ${boot} of ${id}`, look, isThere, 60)
  const [saw, left] = [asMarks(resultsOn(console, `saw-${boot}`)), asMarks(resultsOn(console, `marked-${boot}`))]
  assert.equal(Object.keys(left).length, disks, 'two disks have the same name')
  return { saw, left }
}

/** What a guest made of one boot sector does after it has printed `bootSectorText` on the serial port. */
export type GuestBehaviour = 'idles' | 'reboots' | 'powers-off' | 'obeys-the-button'

/** What every such guest prints first. */
export const bootSectorText = 'guest is up'

// 8086 machine code, 16 bits. Port 0x604 is the ACPI power management control of `pc`, 0x600 its status, 0xcf9 resets.
const powerOff = [0xba, 0x04, 0x06, 0xb8, 0x00, 0x20, 0xef]
const afterwards: Record<GuestBehaviour, number[]> = {
  idles: [],
  reboots: [0xba, 0xf9, 0x0c, 0xb0, 0x06, 0xee],
  'powers-off': powerOff,
  // Port 0x602 enables the button; then wait: in ax,dx; test ah,1 (its status); jz wait.
  'obeys-the-button': [
    0xba,
    0x02,
    0x06,
    0xb8,
    0x00,
    0x01,
    0xef,
    0xba,
    0x00,
    0x06,
    0xed,
    0xf6,
    0xc4,
    0x01,
    0x74,
    0xfa,
    ...powerOff,
  ],
}
const halt = [0xf4, 0xeb, 0xfd]

/** A raw disk of 1 MiB that boots by itself and needs no operating system: a guest that is up in 0.1 s. */
export function bootSectorDisk(behaviour: GuestBehaviour): Buffer {
  // mov dx,0x3f8; mov al,CHARACTER; out dx,al
  const print = [...Buffer.from(`${bootSectorText}\r\n`)].flatMap((character) => [
    0xba,
    0xf8,
    0x03,
    0xb0,
    character,
    0xee,
  ])
  const disk = Buffer.alloc(1024 * 1024)
  disk.set([0xfa, ...print, ...afterwards[behaviour], ...halt])
  disk.writeUInt16LE(0xaa55, 510)
  return disk
}

/** Bytes of an Ethernet header: destination, source, type. */
export const ethernetHeader = 14

/** EtherTypes that the switch knows. */
export const etherTypes = { ipv4: 0x0800, arp: 0x0806 } as const

/** The router's own card, the only other one that an instance ever sees. Locally administered. */
export const routerMac = Buffer.from('02a9fea9fe01', 'hex')

const broadcastMac = Buffer.alloc(6, 255)

/** Writes the header of a frame from the router. */
export function writeEthernet(bytes: Buffer, at: number, destination: Buffer, type: number): void {
  destination.copy(bytes, at)
  routerMac.copy(bytes, at + 6)
  bytes.writeUInt16BE(type, at + 12)
}

/** Whether the address at `at` is `mac`. */
export function isMac(bytes: Buffer, at: number, mac: Buffer): boolean {
  return bytes.readUInt32BE(at) === mac.readUInt32BE(0) && bytes.readUInt16BE(at + 4) === mac.readUInt16BE(4)
}

/** Whether a frame is for the router alone. */
export const isForRouter = (frame: Buffer): boolean => isMac(frame, 0, routerMac)

/** Whether a frame is for all stations. */
export const isBroadcast = (frame: Buffer): boolean => isMac(frame, 0, broadcastMac)

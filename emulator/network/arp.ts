import { ethernetHeader, etherTypes, isMac, writeEthernet } from './ethernet.ts'

/** Bytes of an ARP message for Ethernet and IPv4 (RFC 826). */
export const arpLength = 28

/** A question for the card of an address; `sender` is 0 when a station asks whether an address is free (RFC 5227). */
export interface ArpRequest {
  senderMac: Buffer
  sender: number
  target: number
}

/** Reads the request of a frame; `undefined` for replies and everything malformed. */
export function readArpRequest(frame: Buffer): ArpRequest | undefined {
  const at = ethernetHeader
  if (frame.length < at + arpLength) return undefined
  const head = frame.readUInt32BE(at) === 0x00010800 && frame.readUInt32BE(at + 4) === 0x06040001
  if (!head) return undefined
  return {
    senderMac: frame.subarray(at + 8, at + 14),
    sender: frame.readUInt32BE(at + 14),
    target: frame.readUInt32BE(at + 24),
  }
}

/** Whether the sender that an ARP message names is this card and address, or none yet. */
export function isOwnArp(frame: Buffer, mac: Buffer, address: number): boolean {
  const at = ethernetHeader
  if (frame.length < at + arpLength) return false
  const sender = frame.readUInt32BE(at + 14)
  return isMac(frame, at + 8, mac) && (sender === address || sender === 0)
}

/** Writes the frame that says: `target` is at the router. Takes `ethernetHeader + arpLength` bytes. */
export function writeArpReply(bytes: Buffer, at: number, { senderMac, sender, target }: ArpRequest): void {
  writeEthernet(bytes, at, senderMac, etherTypes.arp)
  const body = at + ethernetHeader
  bytes.writeUInt32BE(0x00010800, body)
  bytes.writeUInt32BE(0x06040002, body + 4)
  bytes.copy(bytes, body + 8, at + 6, at + 12)
  bytes.writeUInt32BE(target, body + 14)
  senderMac.copy(bytes, body + 18)
  bytes.writeUInt32BE(sender, body + 24)
}

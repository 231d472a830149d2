import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../state/clock.ts'

/** Session tokens of the metadata service (IMDSv2), bound to an instance and a time. */
export interface SessionTokens {
  /** A token for the instance, good for `seconds`. */
  issue(instanceId: string, seconds: number): string
  /** Whether this is a token of this instance whose time is not over. */
  accepts(instanceId: string, token: string): boolean
}

/** Three bytes that make every token begin with `AQAA`, the time of its end, a nonce: 18 bytes, then their seal. */
const [prefixBytes, timeBytes, nonceBytes, sealBytes] = [3, 6, 9, 24]
const bodyBytes = prefixBytes + timeBytes + nonceBytes

/**
 * Makes tokens of 56 characters that carry what they stand for, sealed with a key of this service: nothing is kept, so
 * a guest that asks for millions costs nothing, and no token outlives the emulator, as no guest does.
 */
export function sessionTokens({ clock, random }: { clock: Clock; random: (bytes: number) => Buffer }): SessionTokens {
  const key = random(32)
  const seal = (instanceId: string, body: Buffer) =>
    createHmac('sha256', key).update(instanceId).update('\0').update(body).digest().subarray(0, sealBytes)
  return {
    issue(instanceId, seconds) {
      const body = Buffer.alloc(bodyBytes)
      body[0] = 1
      body.writeUIntBE(Math.ceil(clock.monotonic() + seconds * 1000), prefixBytes, timeBytes)
      random(nonceBytes).copy(body, prefixBytes + timeBytes)
      return Buffer.concat([body, seal(instanceId, body)]).toString('base64url')
    },
    accepts(instanceId, token) {
      const bytes = Buffer.from(token, 'base64url')
      if (bytes.length !== bodyBytes + sealBytes || bytes.toString('base64url') !== token) return false
      const body = bytes.subarray(0, bodyBytes)
      if (!timingSafeEqual(bytes.subarray(bodyBytes), seal(instanceId, body))) return false
      return clock.monotonic() < body.readUIntBE(prefixBytes, timeBytes)
    },
  }
}

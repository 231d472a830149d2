/** The most that user data may be when decoded: 16 KiB (eucalyptus-behaviour.md section 5.2). */
export const longestUserData = 16_384

/** How many bytes a base64 text stands for; undefined when it is not base64. */
export function userDataBytes(userData: string): number | undefined {
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData)) return undefined
  return Buffer.from(userData, 'base64').length
}

import { fault } from './faults.ts'

/** 8 or 17 hex digits in either case (eucalyptus-behaviour.md section 2.1). */
const digits = '(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{17})'
const imageSyntax = new RegExp(`^[ae][kmr]i-${digits}$`, 'i')
const instanceSyntax = new RegExp(`^i-${digits}$`, 'i')

/** Whether a text is an image id of any kind, in either spelling. */
export const isImageId = (id: string): boolean => imageSyntax.test(id)

/** The two spellings of an image id, lower case: `emi-…` of Eucalyptus and `ami-…` of AWS name the same image. */
export const imageSpellings = (id: string): [string, string] => [
  `e${id.slice(1).toLowerCase()}`,
  `a${id.slice(1).toLowerCase()}`,
]

/** Whether a text is an instance id. */
export const isInstanceId = (id: string): boolean => instanceSyntax.test(id)

/** An instance id in lower case. Throws the fault for what is not one. */
export function instanceId(id: string): string {
  if (!isInstanceId(id)) throw fault('instanceIdMalformed', id)
  return id.toLowerCase()
}

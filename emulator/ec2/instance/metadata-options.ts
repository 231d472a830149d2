import type { Fidelity } from '../../../src/protocol/faults.ts'
import { integer, oneOf, optional, type Values } from '../../../src/protocol/shape.ts'
import type { Answer } from '../../../src/protocol/xml.ts'
import { fault } from '../faults.ts'

/** How the metadata service of an instance behaves in AWS. */
export interface MetadataOptions {
  /** Whether it answers without a session token. */
  readonly tokens: 'optional' | 'required'
  /** How many network hops the answer with a token may travel: its IP time to live. */
  readonly hopLimit: number
  /** A disabled one refuses everything. */
  readonly endpoint: 'enabled' | 'disabled'
}

/** What an instance has that was never told otherwise: in AWS tokens are for images and accounts that ask for them. */
export const defaultMetadataOptions: MetadataOptions = { tokens: 'optional', hopLimit: 1, endpoint: 'enabled' }

/** The parameters, of ModifyInstanceMetadataOptions and below `MetadataOptions` of RunInstances. */
export const metadataOptionsInput = {
  HttpTokens: optional(oneOf('optional', 'required')),
  HttpPutResponseHopLimit: optional(integer),
  HttpEndpoint: optional(oneOf('enabled', 'disabled')),
}

const [leastHops, mostHops] = [1, 64]

/**
 * Options with what a request changes in them. Throws the faults: Eucalyptus has no such parameters, and the hop limit is
 * between 1 and 64.
 */
export function metadataOptions(
  fidelity: Fidelity,
  { HttpTokens, HttpPutResponseHopLimit, HttpEndpoint }: Values<typeof metadataOptionsInput>,
  before: MetadataOptions = defaultMetadataOptions,
): MetadataOptions {
  if (fidelity === 'eucalyptus') throw fault('unknownParameter', 'MetadataOptions')
  const hopLimit = HttpPutResponseHopLimit ?? before.hopLimit
  if (hopLimit < leastHops || hopLimit > mostHops) {
    throw fault('invalidParameterValue', String(hopLimit), 'HttpPutResponseHopLimit')
  }
  return { tokens: HttpTokens ?? before.tokens, hopLimit, endpoint: HttpEndpoint ?? before.endpoint }
}

/** The options as answers show them. */
export const metadataOptionsView = (options: MetadataOptions = defaultMetadataOptions): { [name: string]: Answer } => ({
  state: 'applied',
  httpTokens: options.tokens,
  httpPutResponseHopLimit: options.hopLimit,
  httpEndpoint: options.endpoint,
})

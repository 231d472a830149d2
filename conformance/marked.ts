import type { Parameters, QueryClient } from '../src/client/ec2.ts'
import { ServiceError } from '../src/client/service-error.ts'
import { list, text, type Xml } from '../src/client/xml.ts'
import type { Journal } from './journal.ts'
import type { Fidelity } from './target.ts'

/** How a request is marked that makes what has no name, so that it is found also when nobody hears the answer. */
interface Maker {
  /** Puts the mark on; left out where something else in the request has the run's id, or nothing can. */
  readonly put?: (parameters: Parameters, mark: string, fidelity: Fidelity) => Parameters
  /** The ids of what was made. */
  readonly made: (answer: Xml) => readonly (string | undefined)[]
}

const one =
  (...path: string[]) =>
  (answer: Xml) => [text(answer, ...path)]

/** A tag, where the case specifies none itself. Requests with the same client token have to be the same. */
const tagged = (type: string) => (parameters: Parameters, mark: string) => {
  const isTagged = Object.keys(parameters).some((name) => name.startsWith('TagSpecification'))
  const { ClientToken: token = mark } = parameters
  const Tag = [{ Key: 'conformance', Value: token }]
  return isTagged ? parameters : { ...parameters, TagSpecification: [{ ResourceType: type, Tag }] }
}

const makers: Readonly<Record<string, Maker>> = {
  RunInstances: {
    // Volumes of its mappings may outlive it.
    put: (parameters, mark) => tagged('volume')({ ClientToken: mark, ...parameters }, mark),
    made: (answer) => list(answer, 'instancesSet').map((instance) => text(instance, 'instanceId')),
  },
  CreateVolume: { put: tagged('volume'), made: one('volumeId') },
  CreateSnapshot: {
    put: (parameters, mark) => ({ Description: mark, ...parameters }),
    made: one('snapshotId'),
  },
  // In Eucalyptus an address can carry nothing: the sweep compares with those that were there before.
  AllocateAddress: {
    put: (parameters, mark, fidelity) => (fidelity === 'aws' ? tagged('elastic-ip')(parameters, mark) : parameters),
    // By what is its own for ever, where there is that: a public address that was given back is the next one's.
    made: (answer) => [text(answer, 'allocationId') ?? text(answer, 'publicIp')],
  },
  // Images have names, and tasks tell of a bucket that has one.
  RegisterImage: { made: one('imageId') },
  CreateImage: { made: one('imageId') },
  CopyImage: { made: one('imageId') },
  CreateSecurityGroup: { made: one('groupId') },
  ImportVolume: { made: one('conversionTask', 'conversionTaskId') },
  ImportInstance: { made: one('conversionTask', 'conversionTaskId') },
  ImportSnapshot: { made: one('importTaskId') },
  ImportImage: { made: one('importTaskId') },
}

/** Whether a request has changed nothing: one whose answer was lost may have. */
export const isRefusal = (error: unknown): boolean => error instanceof ServiceError && error.status < 500

/** A client whose requests that make something carry a mark, and are in the journal before they go out. */
export function markedClient(
  client: QueryClient,
  { fidelity, journal, newMark }: { fidelity: Fidelity; journal: Journal; newMark: (action: string) => string },
): QueryClient {
  const release = async (parameters: Parameters) => {
    const { AllocationId, PublicIp } = parameters
    const released = AllocationId ?? PublicIp
    const note = () => typeof released === 'string' && journal.write({ released })
    try {
      const answer = await client.call('ReleaseAddress', parameters)
      note()
      return answer
    } catch (error) {
      if (!isRefusal(error) && AllocationId === undefined) {
        // It may be the next one's by now, or still be one of those of which the run has not heard.
        note()
        journal.write({ asked: 'AllocateAddress', mark: newMark('ReleaseAddress') })
      }
      throw error
    }
  }
  return {
    ...client,
    async call(action, parameters = {}) {
      const maker = Object.hasOwn(makers, action) ? makers[action] : undefined
      if (action === 'ReleaseAddress') return release(parameters)
      if (!maker) return client.call(action, parameters)
      const mark = newMark(action)
      journal.write({ asked: action, mark })
      const note = (made: readonly string[]) => journal.write({ answered: mark, made })
      try {
        const answer = await client.call(action, maker.put?.(parameters, mark, fidelity) ?? parameters)
        note(maker.made(answer).filter((id) => id !== undefined))
        return answer
      } catch (error) {
        // A refusal has made nothing; what broke off may have.
        if (isRefusal(error)) note([])
        throw error
      }
    },
  }
}

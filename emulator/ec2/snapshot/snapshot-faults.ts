import type { FaultRow } from '../../../src/protocol/faults.ts'

/** What Eucalyptus throws as a plain exception, so that the client sees 500 (eucalyptus-behaviour.md section 1.4). */
const internal = { code: 'InternalFailure', status: 500 }

/** The faults of snapshots (eucalyptus-behaviour.md sections 1.5 and 7.2), a part of the table of the EC2 service. */
export const snapshotFaults = {
  snapshotIdMalformed: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (id = '') => `Value (${id}) for parameter snapshotId is invalid. Expected: 'snap-...'.`,
  },
  snapshotNotFound: {
    code: 'InvalidSnapshot.NotFound',
    status: 400,
    message: (id = '') => `The snapshot '${id}' does not exist.`,
  },
  snapshotInUse: {
    code: 'InvalidSnapshot.InUse',
    status: 400,
    message: (id = '') => `Snapshot ${id} is in use, deletion not permitted`,
    aws: { message: (id = '', image = '') => `The snapshot ${id} is currently in use by ${image}` },
  },
  snapshotUnfinished: {
    ...internal,
    message: (id = '') => `Snapshot ${id} does not exist or is unavailable`,
    aws: { code: 'IncorrectState', status: 400, message: (id = '') => `Snapshot is in invalid state: ${id}` },
  },
  snapshotAttributeMissing: {
    ...internal,
    message: () => 'invalid snapshot attribute request.',
    aws: { code: 'MissingParameter', status: 400, message: () => 'The request must contain the parameter attribute' },
  },
  snapshotAttributeUnknown: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (attribute = '') => `Value (${attribute}) for parameter attribute is invalid. Unknown attribute.`,
  },
  volumeNotReady: {
    ...internal,
    message: (id = '') => `Volume ${id} not yet ready`,
    aws: { code: 'IncorrectState', status: 400 },
  },
} satisfies Record<string, FaultRow>

import { faults } from '../../src/protocol/faults.ts'
import { requestFaults } from '../../src/protocol/request-faults.ts'

/** Faults of the bootstrap service, which only Eucalyptus has. */
export const fault = faults({
  ...requestFaults,
  unknownFilter: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (name = '') => `The filter '${name}' is invalid.`,
  },
})

import { faults } from '../../src/protocol/faults.ts'

/** Faults of the bootstrap service, which only Eucalyptus has. */
export const fault = faults({
  unknownAction: {
    code: '400 Bad Request',
    status: 400,
    message: (action = '') => `Failed to find binding for action ${action}`,
    aws: {
      code: 'InvalidAction',
      message: (action = '') => `The action ${action} is not valid for this web service.`,
    },
  },
  unknownFilter: {
    code: 'InvalidParameterValue',
    status: 400,
    message: (name = '') => `The filter '${name}' is invalid.`,
  },
})

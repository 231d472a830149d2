import type { FaultRow } from './faults.ts'

/**
 * What any query service says of a request that names what it does not have. Eucalyptus' binding refuses it before any
 * operation is found, with the status line as the code (eucalyptus-behaviour.md section 1.3); AWS has names for it. An
 * operation throws them for what only one of the clouds has.
 */
export const requestFaults = {
  unknownAction: {
    code: '400 Bad Request',
    status: 400,
    message: (action = '') => `Failed to find binding for action ${action}`,
    aws: {
      code: 'InvalidAction',
      message: (action = '') => `The action ${action} is not valid for this web service.`,
    },
  },
  unknownParameter: {
    code: '400 Bad Request',
    status: 400,
    message: (names = '') => `Failed to bind the following fields:\n${names}`,
    aws: { code: 'UnknownParameter', message: (names = '') => `The parameter ${names} is not recognized` },
  },
} as const satisfies Record<string, FaultRow>

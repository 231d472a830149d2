import { faults } from '../../src/protocol/faults.ts'

/** The faults of STS. Those of Eucalyptus are of its TokensService, those of AWS of the STS API reference. */
export const fault = faults({
  assumeDenied: {
    code: 'AccessDenied',
    status: 403,
    message: () => 'Not authorized to perform sts:AssumeRole',
    aws: {
      message: (who = '', role = '') =>
        `User: ${who} is not authorized to perform: sts:AssumeRole on resource: ${role}`,
    },
  },
  duration: {
    code: 'ValidationError',
    status: 400,
    message: (sentence = '') => `Invalid duration requested, ${sentence}`,
    aws: { message: (sentence = '') => `The requested DurationSeconds is not valid: ${sentence}` },
  },
  sessionName: {
    code: 'ValidationError',
    status: 400,
    message: () => 'Invalid role session name',
    aws: {
      message: (name = '') =>
        `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}`,
    },
  },
  temporary: {
    code: 'MissingAuthenticationToken',
    status: 403,
    message: () => 'Temporary credential not permitted.',
  },
})

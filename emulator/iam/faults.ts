import { faults } from '../../src/protocol/faults.ts'
import { requestFaults } from '../../src/protocol/request-faults.ts'

/**
 * The faults of IAM. Those of Eucalyptus are of its EuareService, in its words; those of AWS of the IAM API reference and
 * as its clients print them.
 */
export const fault = faults({
  delegationDenied: {
    code: 'NotAuthorized',
    status: 403,
    message: (account = '') => `Delegation access not authorized for ${account}`,
  },
  delegationNotFound: {
    code: 'NotAuthorized',
    status: 403,
    message: (account = '') => `Can not find delegation account ${account}`,
  },
  invalidName: {
    code: 'ValidationError',
    status: 400,
    message: (what = '', name = '') => `Invalid ${what} name ${name}`,
    aws: {
      message: (what = '') =>
        `The specified value for the ${what} name is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
    },
  },
  invalidPath: {
    code: 'ValidationError',
    status: 400,
    message: (what = '', path = '') => `Invalid ${what} path ${path}`,
    aws: { message: () => 'The specified value for path is invalid. It must begin and end with /.' },
  },
  invalidValue: {
    code: 'ValidationError',
    status: 400,
    message: (name = '', value = '') => `Value '${value}' at '${name}' failed to satisfy constraint`,
  },
  malformedPolicy: {
    code: 'MalformedPolicyDocument',
    status: 400,
    message: (why = '') => `Error in uploaded policy: ${why}`,
    aws: { message: (why = '') => why },
  },
  policiesTooLong: {
    code: 'LimitExceeded',
    status: 409,
    message: (role = '', bytes = '') => `Maximum policy size of ${bytes} bytes exceeded for role ${role}`,
  },
  policyNotFound: {
    code: 'NoSuchEntity',
    status: 404,
    message: (name = '') => `Can not find policy ${name}`,
    aws: { message: (name = '') => `The role policy with name ${name} cannot be found.` },
  },
  profileExists: {
    code: 'EntityAlreadyExists',
    status: 409,
    message: (name = '') => `Instance profile ${name} already exists.`,
    aws: { message: (name = '') => `Instance Profile ${name} already exists.` },
  },
  profileHasRole: {
    code: 'EntityAlreadyExists',
    status: 409,
    message: (role = '', profile = '') => `Role ${role} is already in the instance profile ${profile}`,
    aws: {
      code: 'LimitExceeded',
      message: () => 'Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1',
    },
  },
  profileNotFound: {
    code: 'NoSuchEntity',
    status: 404,
    message: (name = '') => `Can not find instance profile ${name}`,
    aws: { message: (name = '') => `Instance Profile ${name} cannot be found.` },
  },
  roleExists: {
    code: 'EntityAlreadyExists',
    status: 409,
    message: (name = '') => `Role ${name} already exists.`,
    aws: { message: (name = '') => `Role with name ${name} already exists.` },
  },
  roleInProfile: {
    code: 'DeleteConflict',
    status: 409,
    message: () => 'Attempted to delete role with resources attached by admin',
    aws: { message: () => 'Cannot delete entity, must remove roles from instance profile first.' },
  },
  roleHasPolicies: {
    code: 'DeleteConflict',
    status: 409,
    message: () => 'Attempted to delete role with resources attached by admin',
    aws: { message: () => 'Cannot delete entity, must delete policies first.' },
  },
  roleNotFound: {
    code: 'NoSuchEntity',
    status: 404,
    message: (name = '') => `Can not find role ${name}`,
    aws: { message: (name = '') => `The role with name ${name} cannot be found.` },
  },
  ...requestFaults,
  userNotFound: {
    code: 'NoSuchEntity',
    status: 404,
    message: (name = '') => `Can not find user ${name}`,
    aws: { message: (name = '') => `The user with name ${name} cannot be found.` },
  },
  userUnnamed: {
    code: 'ValidationError',
    status: 400,
    message: () => 'Must specify userName when calling with non-User credentials',
  },
})

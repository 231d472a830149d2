import type { FaultRow } from '../../../src/protocol/faults.ts'

/**
 * The faults of imports and exports, a part of the table of the EC2 service. Eucalyptus' imaging service sends its faults
 * with 500 and a number as the code (eucalyptus-behaviour.md sections 1.4 and 4.2); AWS' are those of its list of codes.
 */
export const importFaults = {
  importMissing: {
    code: '400',
    status: 500,
    message: (name = '') => `${name} is required`,
    aws: {
      code: 'MissingParameter',
      status: 400,
      message: (name = '') => `The request must contain the parameter ${name}`,
    },
  },
  importInvalid: {
    code: '400',
    status: 500,
    message: (sentence = '') => sentence,
    aws: { code: 'InvalidParameterValue', status: 400 },
  },
  conversionNotFound: {
    code: '400',
    status: 500,
    message: () => 'Conversion task not found',
    aws: {
      code: 'InvalidConversionTaskId',
      status: 400,
      message: (id = '') => `The conversion task ID '${id}' does not exist`,
    },
  },
  conversionOver: {
    code: 'IncorrectState',
    status: 400,
    message: (id = '', state = '') => `The conversion task ${id} is ${state} and cannot be cancelled`,
  },
  importSource: {
    code: 'InvalidParameter',
    status: 400,
    message: (sentence = '') => sentence,
  },
  importTaskNotFound: {
    code: 'InvalidConversionTaskId',
    status: 400,
    message: (id = '') => `The import task ID '${id}' does not exist`,
  },
  importTaskOver: {
    code: 'IncorrectState',
    status: 400,
    message: (id = '', state = '') => `The import task ${id} is ${state} and cannot be cancelled`,
  },
  exportTaskNotFound: {
    code: 'InvalidExportTaskID.NotFound',
    status: 400,
    message: (id = '') => `The export task ID '${id}' does not exist`,
  },
  exportTaskOver: {
    code: 'IncorrectState',
    status: 400,
    message: (id = '', state = '') => `The export task ${id} is ${state} and cannot be cancelled`,
  },
  notExportable: {
    code: 'NotExportable',
    status: 400,
    message: (id = '') => `Only imported instances can be exported, which ${id} is not.`,
  },
} satisfies Record<string, FaultRow>

import { Fault, type Fidelity } from '../src/protocol/faults.ts'
import type { Call, Caller } from '../src/protocol/operation.ts'
import { nest, ParameterConflict } from '../src/protocol/query.ts'
import { requestFaults } from '../src/protocol/request-faults.ts'
import { BadParameter, readFields } from '../src/protocol/shape.ts'
import { type Answer, type Dialect, document, element, elements, escapeXml } from '../src/protocol/xml.ts'
import type { Cloud } from './cloud.ts'
import { isKnownAction } from './ec2/known-actions.ts'
import type { Operations } from './surface.ts'

/** One query API: how its documents look, and its operations. */
export interface QueryService {
  readonly name: 'ec2' | 'iam' | 'sts' | 'empyrean'
  readonly dialect: Dialect
  /** The name space of its answers; EC2 answers in the name space of the version that was asked for. */
  readonly namespace: (version: string) => string
  readonly defaultVersion: string
  /** None when the cloud runs without this service. */
  readonly operations: Operations | undefined
}

/** What goes back to the client. */
export interface Reply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const xml = 'text/xml; charset=UTF-8'

/** The services and their documents. */
export const queryServices = {
  ec2: {
    name: 'ec2',
    dialect: 'ec2',
    namespace: (version: string) => `http://ec2.amazonaws.com/doc/${version}/`,
    defaultVersion: '2016-11-15',
  },
  iam: {
    name: 'iam',
    dialect: 'iam',
    namespace: () => 'https://iam.amazonaws.com/doc/2010-05-08/',
    defaultVersion: '2010-05-08',
  },
  sts: {
    name: 'sts',
    dialect: 'iam',
    namespace: () => 'https://sts.amazonaws.com/doc/2011-06-15/',
    defaultVersion: '2011-06-15',
  },
  empyrean: {
    name: 'empyrean',
    dialect: 'ec2',
    namespace: () => 'http://www.eucalyptus.com/ns/bootstrap/2017-05-04/',
    defaultVersion: 'eucalyptus',
  },
} as const

/**
 * Faults of the request itself. Eucalyptus refuses these before any operation is found, with the status line as the code
 * (eucalyptus-behaviour.md section 1.3); AWS has names for them.
 */
const early = {
  action: requestFaults.unknownAction,
  unknown: requestFaults.unknownParameter,
  malformed: {
    code: '400 Bad Request',
    status: 400,
    message: (names = '', value = '') => `Failed to bind the following fields:\n${names} = ${value}`,
    aws: {
      code: 'InvalidParameterValue',
      message: (names = '', value = '') => `Value (${value}) for parameter ${names} is invalid.`,
    },
  },
  missing: {
    code: 'MissingParameter',
    status: 400,
    message: (names = '') => `The request must contain the parameter ${names}`,
  },
  unsupported: {
    code: 'UnsupportedOperation',
    status: 400,
    message: (action = '') => `The operation ${action} is not supported by this cloud.`,
  },
  // Before a signature is looked at, as every fault whose code is a status line (section 1.3).
  notRunning: {
    code: '503 Service Unavailable',
    status: 503,
    message: (service = '') =>
      `Service ${service} is not running: this cloud was started with some of its services only`,
    aws: { code: 'ServiceUnavailable' },
  },
  denied: {
    code: 'UnauthorizedOperation',
    status: 403,
    message: () => 'You are not authorized to perform this operation.',
  },
  deniedByIam: {
    code: 'NotAuthorized',
    status: 403,
    message: (who = '', action = '') => `${who} is not authorized to perform ${action}`,
    aws: {
      code: 'AccessDenied',
      message: (who = '', action = '') =>
        `User: ${who} is not authorized to perform: ${action} because no identity-based policy allows the ${action} action`,
    },
  },
  internal: { code: 'InternalError', status: 500, message: () => 'An internal error has occurred' },
}

/** The actions that a request names: one, unless it is not a request of a client. */
export function actionsOf(pairs: readonly (readonly [string, string])[]): string[] {
  return [...new Set(pairs.filter(([name]) => name === 'Action' || name === 'Operation').map(([, value]) => value))]
}

/** The operations of a service. Throws the fault of one that the cloud runs without. */
export function operationsOf({ name, operations }: QueryService): Operations {
  if (!operations) throw new Fault(early.notRunning, [name])
  return operations
}

/** Runs one request whose sender is known and answers it, faults included. */
export async function serveQuery(
  service: QueryService,
  cloud: Cloud,
  pairs: readonly (readonly [string, string])[],
  call: Call,
): Promise<Reply> {
  try {
    return await run(service, cloud, pairs, call)
  } catch (error) {
    return renderFault(service.dialect, cloud.settings, error, call.requestId)
  }
}

/** What signs a request, and what names the operation: no parameters of the operation itself. */
const envelope = new Set(
  'Action Operation Version AWSAccessKeyId SecurityToken Signature SignatureMethod SignatureVersion Timestamp Expires'.split(
    ' ',
  ),
)

async function run(
  service: QueryService,
  cloud: Cloud,
  pairs: readonly (readonly [string, string])[],
  call: Call,
): Promise<Reply> {
  const [action = '', ...others] = actionsOf(pairs)
  if (others.length) throw new Fault(early.malformed, ['Action', 'given twice'])
  const operation = operationsOf(service).get(action)
  const isGap = () => isKnownAction(action, cloud.settings.fidelity)
  if (!operation) throw new Fault(early[isGap() ? 'unsupported' : 'action'], [action])
  authorize(service, action, call.caller)
  const version = new Map(pairs).get('Version') ?? service.defaultVersion
  const input = bind(() => {
    const own = pairs.filter(([name]) => !envelope.has(name) && !/^x-amz-/i.test(name))
    return readFields(operation.input, nest(own))
  })
  const answer = await operation.run(cloud, input, call)
  return { status: 200, contentType: xml, body: render(service, action, version, answer, call.requestId) }
}

/** The names by which policies know the services: Empyrean is `euserv` in Eucalyptus. */
const policyNames = { ec2: 'ec2', iam: 'iam', sts: 'sts', empyrean: 'euserv' } as const

/** What needs no permission: everybody may ask who they are. */
const free: ReadonlySet<string> = new Set(['sts:GetCallerIdentity'])

/** Sees that the policies of a role's session allow an action. Throws the fault of the service. */
function authorize({ name }: QueryService, action: string, { role, accountId }: Caller): void {
  const wanted = `${policyNames[name]}:${action}`
  if (!role || free.has(wanted) || role.may(wanted)) return
  if (name === 'ec2' || name === 'empyrean') throw new Fault(early.denied, [])
  throw new Fault(early.deniedByIam, [`arn:aws:sts::${accountId}:assumed-role/${role.name}/${role.session}`, wanted])
}

/** Turns input that does not fit into the fault for it. */
function bind<Input>(read: () => Input): Input {
  try {
    return read()
  } catch (error) {
    if (error instanceof ParameterConflict) throw new Fault(early.malformed, [error.parameter, 'given twice'])
    if (!(error instanceof BadParameter)) throw error
    const value = error.value === undefined ? [] : [error.value]
    throw new Fault(early[error.kind], [error.parameters.join(', '), ...value])
  }
}

function render(
  { dialect, namespace }: QueryService,
  action: string,
  version: string,
  answer: { [name: string]: Answer },
  requestId: string,
): string {
  const content =
    dialect === 'ec2'
      ? element('requestId', requestId, dialect) + elements(answer, dialect)
      : elements(answer, dialect) + element('ResponseMetadata', { RequestId: requestId }, dialect)
  return document(`${action}Response`, namespace(/^[\w-]{1,32}$/.test(version) ? version : '2016-11-15'), content)
}

/**
 * Any error as the client sees it: faults by their table, all else as InternalError, which is logged with its stack
 * because it is ours.
 */
export function renderFault(
  dialect: Dialect,
  { fidelity, faultStatus }: { fidelity: Fidelity; faultStatus: 'faithful' | '4xx' },
  error: unknown,
  requestId: string,
): Reply {
  const fault = error instanceof Fault ? error : new Fault(early.internal, [], { cause: error })
  if (!(error instanceof Fault)) console.error(error)
  const { code, status, message } = fault.face(fidelity)
  const softened = error instanceof Fault && status === 500 && faultStatus === '4xx' ? 400 : status
  // Faults of the request itself are hand-built text in Eucalyptus, and their RequestID repeats the message.
  const handBuilt = /^\d{3} /.test(code)
  const body =
    dialect === 'ec2'
      ? `<Response><Errors><Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error></Errors>` +
        `<RequestID>${escapeXml(handBuilt ? message : requestId)}</RequestID></Response>`
      : `<ErrorResponse><Error><Type>${softened < 500 ? 'Sender' : 'Receiver'}</Type><Code>${escapeXml(code)}</Code>` +
        `<Message>${escapeXml(message)}</Message></Error><RequestId>${requestId}</RequestId></ErrorResponse>`
  return {
    status: softened,
    contentType: handBuilt ? 'text/plain; charset=UTF-8' : xml,
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  }
}

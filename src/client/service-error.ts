import type { RawResponse } from './send.ts'
import { field, readXml, text, type Xml } from './xml.ts'

/** A service's refusal, in whichever of the three documents it came (EC2, IAM, S3). */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly code: string
  readonly status: number
  readonly requestId: string | undefined
  /** The whole error document; undefined when the body was not XML. */
  readonly document: Xml | undefined

  constructor(code: string, status: number, message: string, requestId?: string, document?: Xml) {
    super(message)
    this.code = code
    this.status = status
    this.requestId = requestId
    this.document = document
  }
}

function documentOf(response: RawResponse): Xml | undefined {
  try {
    return readXml(response.body.toString()).content
  } catch {
    // A proxy's HTML or an empty body is an answer too; the status and the body's text say what there is to say.
    return undefined
  }
}

/** The error in a response that is not a success. A body that is no error document gives the code `HTTP <status>`. */
export function serviceError(response: RawResponse): ServiceError {
  const document = documentOf(response)
  const error = field(document, 'Errors', 'Error') ?? field(document, 'Error') ?? document
  const requestId = ['RequestID', 'RequestId'].map((name) => text(document, name) ?? text(error, name)).find(Boolean)
  const code = text(error, 'Code')
  if (code === undefined) {
    const body = response.body.toString().slice(0, 300)
    return new ServiceError(`HTTP ${response.status}`, response.status, body, requestId, document)
  }
  return new ServiceError(code, response.status, text(error, 'Message') ?? '', requestId, document)
}

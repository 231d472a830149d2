import { Fault } from '../../src/protocol/faults.ts'
import { payloadPlan } from '../../src/protocol/signature/payload-plan.ts'
import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    's3-signature-is-not-checked',
    'Object Storage looks up the access key and believes the rest, as behind a proxy that was to check it.',
  ],
  'signatures',
  (authenticate) => (request, lookUp, now, rules) => {
    let accessKeyId = ''
    const noting: typeof lookUp = (id, token) => {
      accessKeyId = id
      return lookUp(id, token)
    }
    try {
      return authenticate(request, noting, now, rules)
    } catch (error) {
      const isWrong = error instanceof Fault && error.face(rules.fidelity).code === 'SignatureDoesNotMatch'
      if (request.service !== 's3' || !isWrong) throw error
      return { kind: 'signed', accessKeyId, method: 'V4-header', payload: payloadPlan(request.headers, undefined) }
    }
  },
)

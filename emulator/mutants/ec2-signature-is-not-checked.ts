import { payloadPlan } from '../../src/protocol/signature/payload-plan.ts'
import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'ec2-signature-is-not-checked',
    'EC2 takes any signature of a key that it knows, as behind a proxy that was to check it.',
  ],
  'signatures',
  (authenticate) => (request, lookUp, now, rules) => {
    let known: string | undefined
    const noting: typeof lookUp = (id, token) => {
      const key = lookUp(id, token)
      if (key) known = id
      return key
    }
    try {
      return authenticate(request, noting, now, rules)
    } catch (error) {
      if (request.service === 's3' || known === undefined) throw error
      return {
        kind: 'signed',
        accessKeyId: known,
        method: 'V4-header',
        payload: payloadPlan(request.headers, undefined),
      }
    }
  },
)

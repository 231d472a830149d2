import { Fault } from '../../src/protocol/faults.ts'
import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'form-out-of-its-policy-is-taken',
    'A form that departs from its policy is answered as stored, as where the policy is checked behind the answer.',
  ],
  'PostObject',
  (run) => async (world, call, found) => {
    try {
      return await run(world, call, found)
    } catch (error) {
      const { code } = error instanceof Fault ? error.face(world.settings.fidelity) : { code: '' }
      if (code !== 'InvalidPolicyDocument' && code !== 'AccessDenied') throw error
      return { status: 204 }
    }
  },
)

import DeregisterImage from '../ec2/image/DeregisterImage.ts'
import { aroundOperation } from './mutant.ts'

export default aroundOperation(
  [
    'deregistering-does-nothing',
    'An image that is deregistered stays, as where the request is only put into a queue that nobody reads.',
  ],
  DeregisterImage,
  () => async () => ({ return: true }),
)

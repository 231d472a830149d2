import RegisterImage from '../ec2/image/RegisterImage.ts'
import { aroundOperation, unlisted } from './mutant.ts'

export default aroundOperation(
  ['image-name-is-taken-twice', 'Two images of an account have one name, as where names are only for people.'],
  RegisterImage,
  (run) => (cloud, input, call) => run({ ...cloud, images: unlisted(cloud.images) }, input, call),
)

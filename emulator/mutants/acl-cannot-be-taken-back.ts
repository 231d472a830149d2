import { aroundS3 } from './mutant.ts'

export default aroundS3(
  [
    'acl-cannot-be-taken-back',
    'An ACL that is set later changes nothing, as where a store looks at that of the upload only.',
  ],
  'PutObjectAcl',
  () => async () => ({}),
)

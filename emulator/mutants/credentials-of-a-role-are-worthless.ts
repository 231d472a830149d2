import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'credentials-of-a-role-are-worthless',
    'The metadata service tells keys of the role with which nothing can be signed, as where they are never told to those who check.',
  ],
  'metadata',
  (facts) => (cloud, id) => {
    const told = facts(cloud, id)
    const { instanceRole } = told ?? {}
    if (!told || !instanceRole?.credentials) return told
    const { secretAccessKey: secret } = instanceRole.credentials
    const credentials = { ...instanceRole.credentials, secretAccessKey: [...secret].reverse().join('') }
    return { ...told, instanceRole: { ...instanceRole, credentials } }
  },
)

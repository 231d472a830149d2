import { aroundEngine } from './mutant.ts'

/** Another key of the same kind and length. */
const another = (line: string) => line.replace(/(?<=^ssh-rsa \S{60})\S/, (letter) => (letter === 'A' ? 'B' : 'A'))

export default aroundEngine(
  [
    'metadata-tells-another-key',
    'The metadata service tells the public key of another pair, as where pairs of that name are looked for in all accounts.',
  ],
  'metadata',
  (facts) => (cloud, id) => {
    const told = facts(cloud, id)
    return told && { ...told, key: told.key && { ...told.key, openSsh: another(told.key.openSsh) } }
  },
)

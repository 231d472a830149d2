import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'rules-hold-from-the-next-boot',
    'What a security group opens or closes has no effect on instances that run, as where rules are written at a launch.',
  ],
  'network',
  (network) => ({ ...network, rulesChanged: () => undefined }),
)

import { join } from 'node:path'
import { CommandFailed, type DataFolder } from './data-folder.ts'
import { quoted } from './quoting.ts'

/** The shells for which variables can be printed. */
export const shells = ['sh', 'fish', 'dotenv'] as const

/** The variables that clients of the cloud read; with the folder that `eucarc` wrote, the certificates' paths, too. */
export function variables(folder: DataFolder, certificates?: string): [name: string, value: string][] {
  const { region, accountId, accessKeyId, secretAccessKey, secure } = folder
  const url = secure?.url ?? folder.url
  const service = (name: string) => `${url}/services/${name}`
  const pairs: [string, string][] = [
    ['AWS_ENDPOINT_URL', url],
    ['AWS_ACCESS_KEY_ID', accessKeyId],
    ['AWS_SECRET_ACCESS_KEY', secretAccessKey],
    ['AWS_REGION', region],
    ['AWS_DEFAULT_REGION', region],
    ['EC2_URL', service('compute')],
    ['S3_URL', service('objectstorage')],
    ['AWS_IAM_URL', service('Euare')],
    ['EUARE_URL', service('Euare')],
    ['TOKEN_URL', service('Tokens')],
    ['EUCA_BOOTSTRAP_URL', service('Empyrean')],
    ['AWS_ACCESS_KEY', accessKeyId],
    ['AWS_SECRET_KEY', secretAccessKey],
    ['EC2_ACCESS_KEY', accessKeyId],
    ['EC2_SECRET_KEY', secretAccessKey],
    ['EC2_USER_ID', accountId],
  ]
  // The first is read by the AWS clients of Python, the second by everything that runs on Node.
  if (secure) pairs.push(['AWS_CA_BUNDLE', secure.authority], ['NODE_EXTRA_CA_CERTS', secure.authority])
  if (certificates !== undefined) {
    const path = (name: string) => join(certificates, name)
    pairs.push(['EC2_CERT', path('user-cert.pem')], ['EC2_PRIVATE_KEY', path('user-pk.pem')])
    pairs.push(['EUCALYPTUS_CERT', path('cloud-cert.pem')])
  }
  return pairs
}

/** Readers of .env files agree on plain values only (some take quotes literally), then on single quotes. */
function dotenv(value: string): string {
  if (/^[\w./:@%+,=-]*$/.test(value)) return value
  const quote = ["'", '"', '`'].find((one) => !value.includes(one))
  if (quote === undefined || /[\r\n]/.test(value)) {
    throw new CommandFailed(`no .env file can hold this value in a way that all readers take: ${JSON.stringify(value)}`)
  }
  return quote + value + quote
}

/** The variables as text that a shell, or a .env file, takes. Throws CommandFailed for what a .env file cannot hold. */
export function shellText(pairs: readonly [string, string][], shell: (typeof shells)[number]): string {
  const line = {
    sh: (name: string, value: string) => `export ${name}=${quoted.sh(value)}`,
    fish: (name: string, value: string) => `set -gx ${name} ${quoted.fish(value)};`,
    dotenv: (name: string, value: string) => `${name}=${dotenv(value)}`,
  }[shell]
  return pairs.map(([name, value]) => `${line(name, value)}\n`).join('')
}

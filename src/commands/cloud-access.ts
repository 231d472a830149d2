import { readFile } from 'node:fs/promises'
import type { CloudAccess } from '../client/cloud-access.ts'
import { type QueryClient, queryClient } from '../client/ec2.ts'
import { type Environment, endpointFrom, keysFrom } from '../client/eucarc.ts'
import { objectClient } from '../client/object-client.ts'
import { list, text } from '../client/xml.ts'
import { CommandFailed } from './data-folder.ts'

/** A cloud by its name, its variables (`cloudFrom`) and, of an emulator on this machine, the path of the cloud's key. */
export interface FoundCloud {
  readonly name: string
  readonly environment: Environment
  readonly cloudKey?: string
}

/** The clients and certificates of a cloud. Throws CommandFailed for what its settings lack, when that is asked for. */
export function cloudAccess({ name, environment, cloudKey }: FoundCloud): CloudAccess {
  const keys = attempt(name, () => keysFrom(environment))
  const endpoint = (service: 'ec2' | 's3' | 'sts' | 'empyrean', what: string) => {
    const url = endpointFrom(environment, service)
    if (url === undefined) throw new CommandFailed(`the settings of ${name} do not say where ${what} is`)
    return url
  }
  const pem = async (...names: string[]) => {
    const path = names.map((one) => environment[one]).find(Boolean)
    return path === undefined ? undefined : readFile(path, 'utf8')
  }
  const userPrivateKey = () => pem('EUCA_PRIVATE_KEY', 'EC2_PRIVATE_KEY')
  return {
    name,
    ec2: queryClient({ ...keys, endpoint: endpoint('ec2', 'EC2'), service: 'ec2', version: '2016-11-15' }),
    objects: (options) => objectClient({ ...keys, endpoint: endpoint('s3', 'its object storage') }, options),
    async accountId() {
      if (environment['EC2_USER_ID']) return environment['EC2_USER_ID'].replaceAll('-', '')
      const sts = { ...keys, endpoint: endpoint('sts', 'STS, which tells the account'), service: 'sts' } as const
      const answer = await queryClient({ ...sts, version: '2011-06-15' }).call('GetCallerIdentity')
      const account = text(answer, 'GetCallerIdentityResult', 'Account')
      if (account === undefined) throw new CommandFailed(`${name} does not tell its account: name it with --user`)
      return account
    },
    async cloudCertificate() {
      const kept = await pem('EUCALYPTUS_CERT')
      if (kept !== undefined) return kept
      const url = endpointFrom(environment, 'empyrean')
      const service = { ...keys, endpoint: url ?? '', service: 'empyrean', version: 'eucalyptus' } as const
      const found = url === undefined ? undefined : await bundlingCertificate(queryClient(service))
      if (found !== undefined) return found
      throw new CommandFailed(`no certificate of ${name} is known to encrypt bundles for: name its file with --ec2cert`)
    },
    userCertificate: () => pem('EC2_CERT', 'EUCA_CERT'),
    userPrivateKey,
    async privateKeys() {
      const all = [await userPrivateKey(), cloudKey === undefined ? undefined : await readFile(cloudKey, 'utf8')]
      return all.filter((key) => key !== undefined)
    },
  }
}

function attempt<Result>(name: string, read: () => Result): Result {
  try {
    return read()
  } catch (cause) {
    throw new CommandFailed(`${name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
  }
}

/** The certificate that a Eucalyptus cloud gives away at its bootstrap service; undefined when it has none. */
async function bundlingCertificate(bootstrap: QueryClient): Promise<string | undefined> {
  const answer = await bootstrap.call('DescribeServiceCertificates', { Format: 'pem', FingerprintDigest: 'SHA-256' })
  const result = list(answer, 'DescribeServiceCertificatesResult', 'serviceCertificates')
  const certificates = result.length > 0 ? result : list(answer, 'serviceCertificates')
  const bundling = certificates.find(
    (one) => text(one, 'certificateUsage') === 'image-bundling' && text(one, 'serviceType') === 'compute',
  )
  return bundling === undefined ? undefined : text(bundling, 'certificate')
}

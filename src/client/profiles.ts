import type { Environment } from './eucarc.ts'
import type { Sections } from './ini.ts'

/**
 * The variables that a region of euca2ools' settings stands for (euca2ools.ini(5)): `REGION`, or `USER@REGION`. A region
 * may name its user and may redirect by `use`. Undefined when there is no such region.
 */
export function eucalyptusProfile(sections: Sections, name: string): Environment | undefined {
  const [, asUser, regionName = ''] = /^(?:([^@]*)@)?(.+)$/.exec(name) ?? []
  let region = sections.get(`region ${regionName}`)
  for (let hops = 0; region?.['use'] && hops < 8; hops += 1) region = sections.get(`region ${region['use']}`)
  if (!region) return undefined
  const user = sections.get(`user ${asUser || region['user'] || ''}`)
  return {
    EC2_URL: region['ec2-url'],
    S3_URL: region['s3-url'],
    AWS_IAM_URL: region['iam-url'],
    TOKEN_URL: region['sts-url'],
    EUCA_BOOTSTRAP_URL: region['bootstrap-url'],
    EUCALYPTUS_CERT: region['certificate'],
    AWS_ACCESS_KEY_ID: user?.['key-id'],
    AWS_SECRET_ACCESS_KEY: user?.['secret-key'],
    EC2_USER_ID: user?.['account-id'],
    EC2_CERT: user?.['certificate'],
    EC2_PRIVATE_KEY: user?.['private-key'],
    AWS_AUTH_REGION: regionName,
  }
}

/** A profile whose keys are to be had in a way that is not ours; the message says what to do instead. */
class ProfileRefused extends Error {
  override readonly name = 'ProfileRefused'
}

/** Settings that have AWS' clients ask somebody else for keys, and most of them before they look at keys of the profile. */
const fromElsewhere =
  /^(?:sso_\w+|role_arn|source_profile|credential_source|credential_process|web_identity_token_file)$/

/**
 * The variables that a profile of AWS' clients stands for, from their two files. Without `endpoint_url` it is AWS, whose
 * addresses follow from the region. Undefined when neither file has the profile, or it has no keys. Throws ProfileRefused
 * for one that has its keys from elsewhere: its own, where it has some, would be somebody else's.
 */
export function awsProfile(config: Sections, credentials: Sections, name: string): Environment | undefined {
  const settings = config.get(name === 'default' ? name : `profile ${name}`)
  const keys = { ...settings, ...credentials.get(name) }
  const region = settings?.['region'] ?? 'us-east-1'
  const setting = Object.keys(keys).find((one) => fromElsewhere.test(one))
  if (setting !== undefined) throw refused(name, setting, region)
  if (keys['aws_access_key_id'] === undefined) return undefined
  const services = config.get(`services ${settings?.['services'] ?? ''}`)
  const url = (service: string) =>
    services?.[`${service}.endpoint_url`] ?? settings?.['endpoint_url'] ?? `https://${service}.${region}.amazonaws.com`
  return {
    EC2_URL: url('ec2'),
    S3_URL: url('s3'),
    TOKEN_URL: url('sts'),
    // One for all regions.
    AWS_IAM_URL: settings?.['endpoint_url'] ?? 'https://iam.amazonaws.com',
    // Who is not AWS may be a Eucalyptus, which tells its certificate.
    EUCA_BOOTSTRAP_URL: settings?.['endpoint_url'],
    AWS_ACCESS_KEY_ID: keys['aws_access_key_id'],
    AWS_SECRET_ACCESS_KEY: keys['aws_secret_access_key'],
    AWS_SESSION_TOKEN: keys['aws_session_token'],
    AWS_AUTH_REGION: region,
  }
}

const refused = (name: string, setting: string, region: string) =>
  new ProfileRefused(
    `the profile ${name} has the setting ${setting}, which is not supported: export its credentials as environment variables ` +
      `("aws configure export-credentials --profile ${name} --format env" prints them) with AWS_REGION=${region}, EC2_URL, ` +
      'S3_URL, TOKEN_URL and AWS_IAM_URL, and name no profile',
  )

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

/**
 * The variables that a profile of AWS' clients stands for, from their two files. Without `endpoint_url` it is AWS, whose
 * addresses follow from the region. Undefined when neither file has the profile, or it has no keys.
 */
export function awsProfile(config: Sections, credentials: Sections, name: string): Environment | undefined {
  const settings = config.get(name === 'default' ? name : `profile ${name}`)
  const keys = { ...settings, ...credentials.get(name) }
  if (keys['aws_access_key_id'] === undefined) return undefined
  const region = settings?.['region'] ?? 'us-east-1'
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

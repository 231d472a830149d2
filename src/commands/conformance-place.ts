import { ec2VersionOf } from '../../conformance/clients.ts'
import { byDefault, declaredIn } from '../../conformance/declared.ts'
import { type Fidelity, isAws, isEndpoint, isFidelity, readTarget, type Target } from '../../conformance/target.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { queryClient } from '../client/ec2.ts'
import { type Environment, endpointFrom, keysFrom } from '../client/eucarc.ts'
import { list, text } from '../client/xml.ts'
import type { Settings } from '../settings.ts'
import { cloudAccess, type FoundCloud } from './cloud-access.ts'
import { CommandFailed } from './data-folder.ts'
import { locateAws, locateCloud } from './find-cloud.ts'

/** The options that say which cloud. */
export interface PlaceOptions {
  readonly target?: string
  readonly eucarc?: string
  readonly awsProfile?: string
  readonly capabilities?: string
  /** Whose words it speaks, where its kind does not say. */
  readonly fidelity?: string
  /** Of an emulator of the run's own only. */
  readonly accel?: string
  readonly memory?: string
}

/** A cloud to run cases on, before it is asked anything. */
export interface Place {
  readonly name: string
  readonly fidelity: Fidelity
  /** Where its EC2 is. */
  readonly endpoint: string
  readonly bills?: true
  /** Asks it for what nobody has told. */
  open(): Promise<Target>
}

/**
 * The cloud that options or the environment name; undefined when they name none: then it is a fresh emulator. Throws for what
 * makes no sense, and for options that say nothing of such a cloud.
 */
export async function placeOf(
  options: PlaceOptions,
  settings: () => Pick<Settings, 'data'>,
  environment: Environment = process.env,
): Promise<Place | undefined> {
  if (options.capabilities !== undefined) declaredIn(options.capabilities)
  if (options.fidelity !== undefined && !isFidelity(options.fidelity))
    throw new CommandFailed(`--fidelity takes eucalyptus or aws, not "${options.fidelity}"`)
  const place = await named(options, settings, environment)
  const stray = (['accel', 'memory'] as const).find((name) => options[name] !== undefined)
  if (place && stray)
    throw new CommandFailed(`--${stray} is for an emulator of the run's own, and not for ${place.name}`)
  return place
}

async function named(
  options: PlaceOptions,
  settings: () => Pick<Settings, 'data'>,
  environment: Environment,
): Promise<Place | undefined> {
  const { target, eucarc, awsProfile } = options
  if (target !== undefined) return ofFile(target, options, environment)
  if (eucarc !== undefined) return ofCloud(await locateCloud(eucarc, settings().data), options, 'eucalyptus')
  if (awsProfile !== undefined) return ofCloud(await locateAws(awsProfile), options, 'aws')
  const isNamed = endpointFrom(environment, 'ec2') ?? endpointFrom(environment, 's3')
  return isNamed === undefined ? undefined : ofCloud({ name: 'the environment', environment }, options, 'eucalyptus')
}

async function ofFile(path: string, options: PlaceOptions, environment: Environment): Promise<Place> {
  const { capabilities } = options
  const read = await readTarget(path, environment)
  const target = capabilities === undefined ? read : { ...read, capabilities: declaredIn(capabilities) }
  const { name, fidelity, bills, endpoints } = target
  if (options.fidelity !== undefined && options.fidelity !== fidelity)
    throw new CommandFailed(`the target file says ${fidelity}, and --fidelity ${options.fidelity}: name one of them`)
  return { name, fidelity, endpoint: endpoints.ec2, ...(bills && { bills }), open: async () => target }
}

/** A cloud that is known by its users' settings. An AWS profile is taken to bill, wherever it leads. */
function ofCloud(found: FoundCloud, options: PlaceOptions, kind: Fidelity): Place {
  const need = (service: 'ec2' | 's3' | 'sts') => {
    const url = endpointFrom(found.environment, service)
    if (url === undefined) throw new CommandFailed(`the settings of ${found.name} do not say where its ${service} is`)
    if (!isEndpoint(url))
      throw new CommandFailed(`the settings of ${found.name} have no URL for its ${service}: "${url}"`)
    return url
  }
  const endpoints = { ec2: need('ec2'), s3: need('s3'), sts: need('sts') }
  const bills = kind === 'aws' || Object.values(endpoints).some(isAws)
  const { fidelity } = options
  const speaks = fidelity !== undefined && isFidelity(fidelity) ? fidelity : bills ? 'aws' : kind
  return {
    name: found.name,
    fidelity: speaks,
    endpoint: endpoints.ec2,
    ...(bills && { bills }),
    open: () => targetOfCloud(found, endpoints, { fidelity: speaks, bills, capabilities: options.capabilities }),
  }
}

/** A real cloud takes its time, and guests on it boot no slower than on a translated machine. */
const timeScaleOfClouds = 4

async function targetOfCloud(
  found: FoundCloud,
  endpoints: Target['endpoints'],
  declared: { fidelity: Fidelity; bills: boolean; capabilities: string | undefined },
): Promise<Target> {
  const { fidelity, bills, capabilities } = declared
  const access = cloudAccess(found)
  const { region, ...keys } = keysFrom(found.environment)
  const iam = endpointFrom(found.environment, 'iam')
  const asked = capabilities === undefined ? undefined : declaredIn(capabilities)
  const certificate = await certificateOf(access, asked?.includes('images') ?? false)
  // A default promises nothing that the settings give no way to.
  const without = [...(iam === undefined ? ['iam'] : []), ...(certificate === undefined ? ['images'] : [])]
  const can = asked ?? byDefault(fidelity).filter((word) => !without.includes(word))
  return {
    name: found.name,
    fidelity,
    region,
    zone: await zoneOf(access),
    endpoints: { ...endpoints, ...(iam !== undefined && { iam }) },
    administrator: { accountId: await access.accountId(), ...keys },
    ...(certificate !== undefined && { cloudCertificate: certificate }),
    capabilities: can,
    instanceType: await instanceTypeOf(found, fidelity),
    timeScale: timeScaleOfClouds,
    ...(bills && { bills }),
  }
}

/** The certificate that bundles are encrypted for; undefined when it is not known and nobody has declared `images`. */
async function certificateOf(access: CloudAccess, isNeeded: boolean): Promise<string | undefined> {
  try {
    return await access.cloudCertificate()
  } catch (error) {
    if (isNeeded || !(error instanceof CommandFailed)) throw error
    return undefined
  }
}

async function zoneOf({ name, ec2 }: CloudAccess): Promise<string> {
  const zones = list(await ec2.call('DescribeAvailabilityZones'), 'availabilityZoneInfo')
  const zone = text(zones.find((one) => text(one, 'zoneState') === 'available') ?? zones[0], 'zoneName')
  if (!zone) throw new CommandFailed(`${name} has no availability zone`)
  return zone
}

/** A small type that every region has; its disk is what the cloud tells, or 8 GiB where roots are volumes. */
async function instanceTypeOf({ environment }: FoundCloud, fidelity: Fidelity): Promise<Target['instanceType']> {
  const [endpoint = '', name] = [endpointFrom(environment, 'ec2'), fidelity === 'aws' ? 't2.micro' : 'm1.small']
  const ec2 = queryClient({ ...keysFrom(environment), endpoint, service: 'ec2', version: ec2VersionOf({ fidelity }) })
  const answer = await ec2.call('DescribeInstanceTypes', { InstanceType: [name] })
  const [ofEucalyptus, ofAws] = [list(answer, 'instanceTypeDetails')[0], list(answer, 'instanceTypeSet')[0]]
  const disk = Number(text(ofEucalyptus, 'disk') ?? text(ofAws, 'instanceStorageInfo', 'totalSizeInGB') ?? 8)
  if (!(disk > 0)) throw new CommandFailed(`the cloud does not tell the disk of its type ${name}: write a target file`)
  return { name, diskGiB: disk }
}

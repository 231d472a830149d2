import { basename } from 'node:path'
import type { ManifestDescription } from '../bundle/manifest-writer.ts'
import type { CloudAccess } from '../client/cloud-access.ts'
import { CommandFailed } from './data-folder.ts'
import { checkFiles } from './image-pieces.ts'
import { certificateFile, privateKeyFile } from './pem-file.ts'

/** What is said of an image to bundle, by the options of euca-bundle-image; files are paths. */
export interface ImageToBundle {
  readonly image: string
  readonly arch: string
  readonly prefix?: string
  /** An EKI, or `true` for an image that is a kernel. */
  readonly kernel?: string
  readonly ramdisk?: string
  /** `virtual=device,…`. */
  readonly blockDeviceMappings?: string
  readonly productcodes?: string
  readonly user?: string
  readonly cert?: string
  readonly ec2cert?: string
  readonly privatekey?: string
}

/**
 * What the manifest says of an image, with the bundle's name. What the options leave out is the cloud's, which is asked
 * only then: certificates and an account number are enough to bundle without any. Throws CommandFailed.
 */
export async function describeBundle(
  asked: ImageToBundle,
  cloud: () => Promise<CloudAccess>,
): Promise<ManifestDescription & { readonly name: string }> {
  await checkFiles([{ file: asked.image }])
  const { kind, ...ids } = kindOf(asked)
  const accountId = (asked.user ?? (await (await cloud()).accountId())).replaceAll('-', '')
  if (!/^\d{12}$/.test(accountId)) throw new CommandFailed(`an account has a number of 12 digits, not ${asked.user}`)
  // Who names all that has to be named does not mean the emulator of this machine.
  const ofCloud = async (what: 'userCertificate' | 'userPrivateKey') =>
    asked.user && asked.ec2cert ? undefined : (await cloud())[what]()
  const [userCertificate, userPrivateKey] = [
    await (asked.cert ? certificateFile(asked.cert) : ofCloud('userCertificate')),
    await (asked.privatekey ? privateKeyFile(asked.privatekey) : ofCloud('userPrivateKey')),
  ]
  const cloudCertificate = asked.ec2cert
    ? await certificateFile(asked.ec2cert)
    : await (await cloud()).cloudCertificate()
  return {
    name: bundleName(asked.prefix ?? basename(asked.image)),
    kind,
    ...ids,
    architecture: asked.arch,
    accountId,
    cloudCertificate,
    ...(userCertificate !== undefined && { userCertificate }),
    ...(userPrivateKey !== undefined && { userPrivateKey }),
    ...(asked.productcodes && { productCodes: asked.productcodes.split(',') }),
  }
}

/** A bundle's name is that of its files, and of the file in its archive. */
function bundleName(name: string): string {
  if (/^[^/\\\p{Cc}]+$/u.test(name) && Buffer.byteLength(name) <= 100 && !/^\.\.?$/.test(name)) return name
  throw new CommandFailed(
    `a bundle's name has 1 to 100 bytes and no slash, so not ${JSON.stringify(name)}: use --prefix`,
  )
}

type Kind = Pick<ManifestDescription, 'kind' | 'kernelId' | 'ramdiskId' | 'blockDeviceMapping'>

/** `--kernel true` and `--ramdisk true` make kernel and ramdisk images, which have no ids and no mapping of their own. */
function kindOf({ kernel, ramdisk, blockDeviceMappings }: ImageToBundle): Kind {
  if (kernel === 'true' || ramdisk === 'true') {
    const [kind, other] = kernel === 'true' ? (['kernel', ramdisk] as const) : (['ramdisk', kernel] as const)
    if (other === undefined && blockDeviceMappings === undefined) return { kind }
    throw new CommandFailed(`a ${kind} image has no kernel, ramdisk or mapping of its own`)
  }
  return {
    kind: 'machine',
    ...(kernel !== undefined && { kernelId: kernel }),
    ...(ramdisk !== undefined && { ramdiskId: ramdisk }),
    ...(blockDeviceMappings !== undefined && { blockDeviceMapping: mapping(blockDeviceMappings) }),
  }
}

function mapping(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(',').map((pair) => {
      const [, virtual, device] = /^([^=]+)=([^=]+)$/.exec(pair) ?? []
      if (virtual !== undefined && device !== undefined) return [virtual, device]
      throw new CommandFailed(`a mapping is VIRTUAL=DEVICE, such as ephemeral0=sdb, not ${JSON.stringify(pair)}`)
    }),
  )
}

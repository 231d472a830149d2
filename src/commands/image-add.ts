import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ImageKind } from '../bundle/manifest.ts'
import { bundleAndUpload } from '../client/bundle-image.ts'
import { queryClient } from '../client/ec2.ts'
import { text } from '../client/xml.ts'
import { CommandFailed, type DataFolder } from './data-folder.ts'
import { progressBar } from './progress.ts'

/** What `image add` is told. */
export interface ImageToAdd {
  readonly files: readonly string[]
  readonly type: 'hvm' | 'paravirtual'
  readonly name?: string
  readonly bucket: string
  readonly architecture: string
}

/**
 * Bundles, uploads and registers an image through the API of the running emulator, as any client would. An HVM image is
 * one disk; a paravirtual one is a root file system, its kernel and its ramdisk, in this order. Returns the ids made.
 */
export async function addImage(folder: DataFolder, image: ImageToAdd): Promise<{ id: string; file: string }[]> {
  const [first, kernel, ramdisk, ...more] = image.files
  const wanted = image.type === 'hvm' ? 1 : 3
  if (first === undefined || image.files.length !== wanted || more.length) {
    const form = wanted === 1 ? 'one file, the disk' : 'three files: the root file system, its kernel and its ramdisk'
    throw new CommandFailed(`--type ${image.type} takes ${form}`)
  }
  const name = image.name ?? basename(first)
  const made: { id: string; file: string }[] = []
  const add = async (file: string, kind: ImageKind, also: object = {}) => {
    const id = await addOne(folder, image, file, kind, kind === 'machine' ? name : `${name}-${kind}`, also)
    made.push({ id, file })
    return id
  }
  if (kernel === undefined || ramdisk === undefined) await add(first, 'machine', { VirtualizationType: 'hvm' })
  else {
    const ids = { KernelId: await add(kernel, 'kernel'), RamdiskId: await add(ramdisk, 'ramdisk') }
    await add(first, 'machine', { VirtualizationType: 'paravirtual', ...ids })
  }
  return made
}

async function addOne(
  folder: DataFolder,
  { bucket, architecture }: ImageToAdd,
  file: string,
  kind: ImageKind,
  name: string,
  also: object,
): Promise<string> {
  const { url, region, accessKeyId, secretAccessKey, accountId } = folder
  const bar = progressBar(basename(file))
  const { location } = await bundleAndUpload({
    image: file,
    name: name.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, 80),
    kind,
    architecture,
    accountId,
    cloudCertificate: await readFile(folder.cloudCertificate, 'utf8'),
    s3: { endpoint: url, accessKeyId, secretAccessKey, region },
    bucket,
    onProgress: bar.update,
  }).finally(bar.finish)
  const ec2 = queryClient({
    endpoint: `${url}/services/compute`,
    accessKeyId,
    secretAccessKey,
    region,
    service: 'ec2',
    version: '2016-11-15',
  })
  const answer = await ec2.call('RegisterImage', {
    Name: name,
    ImageLocation: location,
    Architecture: architecture,
    ...also,
  })
  const id = text(answer, 'imageId')
  if (id === undefined) throw new CommandFailed(`the cloud registered ${file} but named no image`)
  return id
}

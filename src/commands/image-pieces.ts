import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import type { ImageKind } from '../bundle/manifest.ts'
import type { QueryClient } from '../client/ec2.ts'
import { list, text } from '../client/xml.ts'
import { CommandFailed } from './data-folder.ts'

/** What `image add` is told. */
export interface ImageToAdd {
  readonly files: readonly string[]
  readonly type: 'hvm' | 'paravirtual'
  readonly name?: string
  readonly bucket: string
  readonly architecture: string
}

/** One file of an image, registered under a name of its own. */
export interface Piece {
  readonly file: string
  /** The file to bundle, where it is another one than was named: what that was unpacked to. */
  readonly bytes?: string
  readonly kind: ImageKind
  readonly name: string
  /** Of a disk that starts by UEFI only. */
  readonly bootMode?: 'uefi'
}

/** The files in the order in which they are registered: the machine image last. Throws CommandFailed for a wrong number. */
export function piecesOf({ files, type, name }: ImageToAdd): Piece[] {
  const [first, kernel, ramdisk] = files
  const wanted = type === 'hvm' ? 1 : 3
  if (first === undefined || files.length !== wanted) {
    const form = wanted === 1 ? 'one file, the disk' : 'three files: the root file system, its kernel and its ramdisk'
    throw new CommandFailed(`--type ${type} takes ${form}`)
  }
  const own = name ?? basename(first)
  const machine: Piece = { file: first, kind: 'machine', name: own }
  if (kernel === undefined || ramdisk === undefined) return [machine]
  return [
    { file: kernel, kind: 'kernel', name: `${own}-kernel` },
    { file: ramdisk, kind: 'ramdisk', name: `${own}-ramdisk` },
    machine,
  ]
}

/** Throws CommandFailed for what is no file with something in it, and the system's error for what is not there. */
export async function checkFiles(pieces: readonly Pick<Piece, 'file'>[]): Promise<void> {
  for (const { file } of pieces) {
    const found = await stat(file)
    if (!found.isFile()) throw new CommandFailed(`${file} is ${found.isDirectory() ? 'a folder' : 'no regular file'}`)
    if (found.size === 0) throw new CommandFailed(`${file} is empty`)
  }
}

/** Throws CommandFailed for names that RegisterImage would refuse, by its rule or because another image has them. */
export async function checkNames<Named extends Pick<Piece, 'name'>>(
  pieces: readonly Named[],
  ec2: QueryClient,
): Promise<void> {
  for (const { name } of pieces) {
    if (!/^[A-Za-z0-9()./_-]{3,128}$/.test(name)) {
      const rule = '3 to 128 letters, digits and ( ) . / _ -'
      throw new CommandFailed(`"${name}" cannot be an image's name: ${rule}; choose another with --name`)
    }
  }
  const Value = pieces.map(({ name }) => name)
  const answer = await ec2.call('DescribeImages', { Owner: ['self'], Filter: [{ Name: 'name', Value }] })
  const [taken] = list(answer, 'imagesSet')
  if (taken) {
    const [name, id] = [text(taken, 'name'), text(taken, 'imageId')]
    throw new CommandFailed(`${id} has the name ${name} already: choose another with --name`)
  }
}

import { type Command, Option } from 'commander'
import type { CloudAccess } from '../client/cloud-access.ts'
import type { Settings, settingsTable } from '../settings.ts'

/** How the program reads the settings that its commands share. */
export interface SharedSettings {
  withSettings(command: Command, ...names: (keyof typeof settingsTable)[]): Command
  settingsOf(options: Record<string, string | undefined>): Settings
}

const architectures = ['i386', 'x86_64', 'armhf', 'ppc', 'ppc64', 'ppc64le']
const acls = ['aws-exec-read', 'ec2-bundle-read', 'public-read']
const cloudHelp =
  'an eucarc, a data folder, a profile of euca2ools or AWS, or "env": the variables (default: the emulator at --data)'

/** Finds the cloud that the options name, and does the work with it; Ctrl-C aborts the signal. */
type Run = <Result>(
  options: { readonly cloud?: string },
  work: (cloud: () => Promise<CloudAccess>, signal: AbortSignal) => Promise<Result>,
) => Promise<Result>

/** Adds the commands that do what those of euca2ools do, with the same options, to `image`. */
export function addBundleCommands(image: Command, { withSettings, settingsOf }: SharedSettings): void {
  const run: Run = async (options, work) => {
    const [{ findCloud }, { interruptible }] = await Promise.all([
      import('./find-cloud.ts'),
      import('./interruptible.ts'),
    ])
    return interruptible((signal) => work(() => findCloud(options.cloud, settingsOf(options).data), signal))
  }
  for (const add of [addBundle, addUpload, addDownload, addUnbundle, addDelete]) {
    withSettings(add(image, run), 'data').option('--cloud <where>', cloudHelp)
  }
}

/** What is said of an image that is bundled. */
const described = (command: Command) =>
  command
    .option('-p, --prefix <name>', "the bundle's name (default: the file's)")
    .addOption(new Option('-r, --arch <name>', 'architecture').choices(architectures).default('x86_64'))
    .option('--kernel <id>', 'the kernel that it boots; "true" for an image that is a kernel')
    .option('--ramdisk <id>', 'its ramdisk; "true" for an image that is one')
    .option('-B, --block-device-mappings <list>', 'VIRTUAL=DEVICE,…, such as ephemeral0=sdb')
    .option('--productcodes <list>', 'product codes, by commas')
    .option('-u, --user <account>', "the account's number (default: the cloud's for its access key)")
    .option('-c, --cert <file>', "the user's certificate, to be able to unbundle it")
    .option('-k, --privatekey <file>', "the user's private key, to sign the manifest")
    .option('--ec2cert <file>', "the cloud's certificate (default: the cloud is asked)")

/** A bundle in Object Storage. */
const stored = (command: Command) =>
  command
    .requiredOption('-b, --bucket <bucket[/prefix]>', 'where the bundle is')
    .addOption(new Option('-m, --manifest <name>', "the manifest's name there").conflicts('prefix'))
    .option('-p, --prefix <name>', "the manifest's name without .manifest.xml")

const retry = () => new Option('--retry', 'send what failed up to 5 times again').preset(5)

const addBundle = (image: Command, run: Run) =>
  described(image.command('bundle').requiredOption('-i, --image <file>', 'the image'))
    .description('bundle an image into files, as euca-bundle-image does')
    .option('-d, --destination <folder>', 'where the files go (default: the folder for temporary files)')
    .addOption(new Option('--part-size <bytes>', 'bytes of a part').argParser(Number).hideHelp())
    .action(async (options) => {
      const { bundleImage } = await import('./image-bundle.ts')
      console.log(`Wrote manifest ${await run(options, (cloud, signal) => bundleImage(options, cloud, signal))}`)
    })

const addUpload = (image: Command, run: Run) =>
  described(image.command('upload'))
    .description('upload a bundle from its files, or bundle an image and upload it at once')
    .requiredOption('-b, --bucket <bucket[/prefix]>', 'where to; the bucket is made when it is not there')
    .addOption(new Option('-m, --manifest <file>', 'the manifest of a bundle in files').conflicts('image'))
    .option('-d, --directory <folder>', "the folder of its parts (default: the manifest's)")
    .option('--skipmanifest', 'upload its parts only')
    .option('-i, --image <file>', 'an image, which is bundled on the way')
    .addOption(new Option('--acl <name>', 'canned ACL of the objects').choices(acls).default('aws-exec-read'))
    .option('--location <name>', 'location constraint of a bucket that is made')
    .addOption(retry())
    .action(async (options) => {
      const { upload } = await import('./image-upload.ts')
      console.log(`Uploaded ${await run(options, async (cloud, signal) => upload(options, await cloud(), signal))}`)
    })

const addDownload = (image: Command, run: Run) =>
  stored(image.command('download'))
    .description('download a bundle into files, as euca-download-bundle does')
    .option('-d, --directory <folder>', 'where the files go', '.')
    .addOption(retry())
    .action(async (options) => {
      const { downloadBundle } = await import('./image-download.ts')
      const path = await run(options, async (cloud, signal) => downloadBundle(options, await cloud(), signal))
      console.log(`Wrote manifest ${path}`)
    })

const addUnbundle = (image: Command, run: Run) =>
  image
    .command('unbundle')
    .description('unpack the image of a bundle from its files or, with --bucket, from Object Storage')
    .option('-m, --manifest <file>', "the manifest's file, or its name in the bucket")
    .option('-s, --source <folder>', "the folder of the parts (default: the manifest's)")
    .option('-b, --bucket <bucket[/prefix]>', 'where the bundle is')
    .option('-p, --prefix <name>', "in a bucket: the manifest's name without .manifest.xml")
    .option('-d, --destination <folder>', 'where the image goes', '.')
    .option('-k, --privatekey <file>', "the key that opens it (default: the cloud's user's, or the emulator's own)")
    .addOption(retry())
    .action(async (options) => {
      const { unbundleImage } = await import('./image-unbundle.ts')
      console.log(`Wrote ${await run(options, (cloud, signal) => unbundleImage(options, cloud, signal))}`)
    })

const addDelete = (image: Command, run: Run) =>
  stored(image.command('delete'))
    .description('delete a bundle, as euca-delete-bundle does')
    .option('--clear', 'delete the bucket, too, if nothing else is in it')
    .action(async (options) => {
      const { deleteBundle } = await import('./image-delete.ts')
      await run(options, async (cloud, signal) => deleteBundle(options, await cloud(), signal))
    })

/** Adds the command that moves images between clouds. */
export function addMigrate(program: Command, { withSettings, settingsOf }: SharedSettings): void {
  withSettings(program.command('migrate <image>'), 'data')
    .description('move an image, with its kernel and ramdisk, from one cloud to another')
    .option('--from <where>', cloudHelp)
    .option('--to <where>', 'the same for the other cloud')
    .option('-b, --bucket <name>', 'bucket of the other cloud for the bundles', 'images')
    .option('-n, --name <name>', 'the name there (default: the same)')
    .option('--kernel <id>', 'a kernel of the other cloud, instead of moving one')
    .option('--ramdisk <id>', 'a ramdisk of the other cloud, instead of moving one')
    .option('-k, --privatekey <file>', 'the key that opens the bundle (default: as `image unbundle`)')
    .option('--ec2cert <file>', "the other cloud's certificate (default: the cloud is asked)")
    .option('--dry-run', 'look whether it could be moved, and say what would be')
    .option('--json', 'print as JSON')
    .action(async (image, { from, to, ...options }) => {
      const [{ migrateImage }, { findCloud }, { interruptible }] = await Promise.all([
        import('./image-migrate.ts'),
        import('./find-cloud.ts'),
        import('./interruptible.ts'),
      ])
      const { data } = settingsOf(options)
      const clouds = { from: await findCloud(from, data), to: await findCloud(to, data) }
      process.stdout.write(await interruptible((signal) => migrateImage({ ...options, image }, clouds, signal)))
    })
}

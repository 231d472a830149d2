import { aroundEngine } from './mutant.ts'

export default aroundEngine(
  [
    'changed-manifest-is-launched',
    'An instance starts from a bundle whose manifest was changed since it was registered, as from a cache that is never checked.',
  ],
  'imaging',
  (imaging) => ({
    ...imaging,
    checkManifest: ({ location }) => imaging.readManifest(location),
    async template(image, waiter) {
      const { sha256: manifestSha256 } = await imaging.readManifest(image.location)
      return imaging.template({ ...image, manifestSha256 }, waiter)
    },
  }),
)

/**
 * A bundle or manifest that we do not accept. The message is one sentence that names the manifest's element or the
 * part, fit for an instance's state reason; `cause` keeps what a library said.
 */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused'
}

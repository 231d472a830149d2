/** An image cannot be moved as asked. The message is one sentence that says what to do. */
export class MigrationRefused extends Error {
  override readonly name = 'MigrationRefused'
}

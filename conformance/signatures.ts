/**
 * The versions of signatures with the forms of each, in headers and in a query. Not every cloud takes the old one, and whether
 * it refuses wrong ones of the other is asked by a case of its own: `suffix` ends its id, `about` its title.
 */
export const versions = [
  { forms: ['v4', 'v4-query'], suffix: '', about: '', needs: [] },
  { forms: ['v2', 'v2-query'], suffix: '-of-version-2', about: ', signed with version 2', needs: ['signature-2'] },
] as const

/** A form of one version. */
export type Form = (typeof versions)[number]['forms'][number]

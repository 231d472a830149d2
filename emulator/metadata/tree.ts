/** The leaves of a metadata tree: path without slashes at its ends -> what reads it. One may have leaves below it. */
export type Tree = ReadonlyMap<string, () => string | Buffer>

/** The names directly below `folder`, a line each; undefined when there are none. Those with names below end in `/`. */
function listing(tree: Tree, folder: string): string | undefined {
  const prefix = folder === '' ? '' : `${folder}/`
  const names = new Set<string>()
  for (const path of tree.keys()) {
    if (!path.startsWith(prefix)) continue
    const [name = '', ...below] = path.slice(prefix.length).split('/')
    names.add(below.length > 0 ? `${name}/` : name)
  }
  if (names.size === 0) return undefined
  return [...names]
    .filter((name) => !names.has(`${name}/`))
    .sort()
    .join('\n')
}

/** What is at `path`, with or without a slash at its end: a leaf, or the listing of a folder. Undefined: nothing. */
export function readTree(tree: Tree, path: string): string | Buffer | undefined {
  const name = path.replace(/\/$/, '')
  return tree.get(name)?.() ?? listing(tree, name)
}

/** The sections of a file as euca2ools and AWS' clients keep their settings in, each setting by its name. */
export type Sections = ReadonlyMap<string, Readonly<Record<string, string>>>

/**
 * Reads `[section]`, `name = value` and comments (`#`, `;`). Sections of one name are one, a later setting wins. Indented
 * lines belong to the setting above them (AWS' nested settings) and become `above.name`.
 */
export function readIni(text: string): Sections {
  const sections = new Map<string, Record<string, string>>()
  let settings: Record<string, string> | undefined
  let above = ''
  for (const line of text.split(/\r?\n/)) {
    const section = /^\[([^\]]+)\]/.exec(line)?.[1]?.trim()
    if (section !== undefined) {
      settings = sections.get(section) ?? {}
      sections.set(section, settings)
    }
    const [, indent = '', name, value = ''] = /^(\s*)([^\s#;[=:][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line) ?? []
    if (name === undefined || !settings || section !== undefined) continue
    settings[indent && above ? `${above}.${name}` : name] = value
    if (!indent) above = name
  }
  return sections
}

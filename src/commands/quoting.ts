/** Inside single quotes sh knows no escape at all; fish knows a backslash before itself and before a quote. */
export const quoted = {
  sh: (value: string): string => `'${value.replaceAll("'", "'\\''")}'`,
  fish: (value: string): string => `'${value.replace(/[\\']/g, '\\$&')}'`,
}

/** A word as sh takes it: in quotes where it needs them. */
export const shellWord = (value: string): string => (/^[\w./:@%+,=-]+$/.test(value) ? value : quoted.sh(value))

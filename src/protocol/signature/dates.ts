/** A time as signatures of version 4 write it: `20130524T000000Z`. */
export function amzDate(time: Date): string {
  const second = Math.floor(time.getTime() / 1000)
  // Clients that ask often ask within one second.
  if (second !== written.second) written = { second, text: time.toISOString().replace(/[-:]|\.\d{3}/g, '') }
  return written.text
}

let written: { readonly second: number; readonly text: string } = { second: Number.NaN, text: '' }

/** A time as signatures of version 2 write it in `Timestamp`: `2013-05-24T00:00:00Z`. */
export const isoDate = (time: Date): string => time.toISOString().replace(/\.\d{3}/, '')

const basic = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
const extended = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?Z?$/
const http = /^(?:[A-Z][a-z]{2}, )?(\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d) (GMT|UTC|[+-]\d{4})$/

/**
 * Reads the time of a request: ISO 8601, basic or extended (UTC when the zone is left out), or the form of HTTP and
 * mail, whose zone euca2ools writes as `-0000`. Undefined for anything else, among it days that do not exist and times of
 * the second form before 1970, which S3 does not take for dates.
 */
export function parseDate(text: string): Date | undefined {
  // Clients that ask often ask within one second.
  if (text !== latest.text) latest = { text, time: readDate(text)?.getTime() }
  return latest.time === undefined ? undefined : new Date(latest.time)
}

let latest: { readonly text: string; readonly time: number | undefined } = { text: '', time: undefined }

function readDate(text: string): Date | undefined {
  const iso = basic.exec(text) ?? extended.exec(text)
  if (iso) {
    const fields = iso.slice(1).join('')
    const time = new Date(text.replace(basic, '$1-$2-$3T$4:$5:$6Z').replace(/(?<!Z)$/, 'Z'))
    return !Number.isNaN(time.getTime()) && amzDate(time).replace(/\D/g, '') === fields ? time : undefined
  }
  const match = http.exec(text)
  if (!match) return undefined
  const time = new Date(`${match[1]} ${match[2] === '-0000' ? '+0000' : match[2]}`)
  return time.getTime() >= 0 ? time : undefined
}

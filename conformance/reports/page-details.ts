import type { ConsoleText } from './consoles.ts'
import type { CaseRecord } from './document.ts'
import { askedLine, type Body, cameLine, type Exchange, type Headers, type Transcript } from './exchange.ts'
import { xml } from './markup.ts'

/** A text as it is, in a box that scrolls. */
export const pre = (text: string, label: string): string =>
  `<pre tabindex="0" aria-label="${xml(label)}">${xml(text)}</pre>`

/** A body for reading: what is cut off, or not text, says so. */
function bodyText(body: Body | undefined): string {
  if (body === undefined) return ''
  const { bytes, text, base64 } = body
  if (text === undefined && base64 === undefined) return `[${bytes} bytes, for which there was no room]`
  const shown = text === undefined ? Buffer.from(base64 ?? '', 'base64').length : Buffer.byteLength(text)
  const cut = shown < bytes ? `\n[the first ${shown} of ${bytes} bytes]` : ''
  return text === undefined ? `[${bytes} bytes, in base64]\n${base64}${cut}` : `${text}${cut}`
}

const message = (headers: Headers, body: Body | undefined): string =>
  [...headers.map(([name, value]) => `${name}: ${value}`), '', bodyText(body)].join('\n').trimEnd()

function exchange(one: Exchange): string {
  const { at, method, url, headers, body, answer, failure } = one
  const [sent, came] = ['What was sent', 'What came']
  const answered = answer
    ? pre(`HTTP ${answer.status}\n${message(answer.headers, answer.body)}`, came)
    : `<p>Nothing: ${xml(failure ?? 'the case did not wait for it')}</p>`
  const summary = `<code>${xml(askedLine(one))}</code>: ${xml(cameLine(one))}${one.cleanUp ? ' (clearing up)' : ''}`
  return `<details><summary><span class="soft">${(at / 1000).toFixed(2)} s</span> ${summary}</summary>
<h4>${sent}</h4>${pre(`${method} ${url}\n${message(headers, body)}`, sent)}
<h4>${came}</h4>${answered}</details>`
}

function transcript({ exchanges, leftOut }: Transcript): string {
  if (exchanges.length === 0) return ''
  const missing = leftOut ? `<p class="soft">${leftOut} exchanges in the middle are left out.</p>` : ''
  return `<h3>On the wire</h3>${missing}${exchanges.map(exchange).join('\n')}`
}

const consoleOf = ({ instance, text }: ConsoleText): string =>
  `<h3>Console of ${xml(instance)}</h3>${pre(text, `Console of ${instance}`)}`

const told = (name: string, html: string | undefined): string => (html ? `<dt>${name}</dt><dd>${html}</dd>` : '')

/** What a case unfolds to; empty where there is nothing more to say. */
export function detailsOf(one: CaseRecord): string {
  const { verdict, title, source, asked, came, reason, leaked, consoles = [] } = one
  const wire = one.transcript ? transcript(one.transcript) : ''
  if (verdict !== 'failed' && wire === '') return ''
  const failure =
    verdict === 'failed'
      ? `<dl>${told('Expected', xml(title))}${told('Rests on', xml(source))}${told('Asked', asked && `<code>${xml(asked)}</code>`)}${told('Came', came && xml(came))}${told('So', reason && pre(reason, 'How it failed'))}${told('Left behind', leaked.map(xml).join('<br>'))}</dl>`
      : ''
  const summary = verdict === 'failed' ? 'What was expected, asked and answered' : 'What was on the wire'
  return `<details><summary>${summary}</summary>${failure}${wire}${consoles.map(consoleOf).join('')}</details>`
}

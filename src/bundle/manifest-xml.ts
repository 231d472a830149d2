import { MalformedXml, readXml, type XmlElement } from '../protocol/xml-read.ts'
import { BundleRefused } from './refusal.ts'

export type { XmlElement }

/** As in Eucalyptus (ImageConfiguration.java): no manifest has more bytes. */
export const largestManifest = 5 * 1024 * 1024

/**
 * The root element of a manifest, texts without surrounding white space. Comments, CDATA, DOCTYPE and processing
 * instructions are refused: no bundling tool writes them, and without them the bytes of an element, which are what is
 * signed, can be found in the text unmistakably. Throws BundleRefused.
 */
export function readElement(document: string): XmlElement {
  const text = document.replace(/^<\?xml [^<>]*\?>/, '')
  if (/<[!?]/.test(text)) {
    throw new BundleRefused('the manifest has a comment, DOCTYPE, CDATA or instruction in its XML')
  }
  // A cheap bound before the parser: a manifest of 10,000 parts has some 30,000 elements.
  if (text.split('<').length > 200_000) throw new BundleRefused('the manifest has too many elements')
  try {
    return trimmed(readXml(Buffer.from(text), largestManifest))
  } catch (cause) {
    if (!(cause instanceof MalformedXml)) throw cause
    throw new BundleRefused(`the manifest is not XML that is read here: ${cause.message}`, { cause })
  }
}

function trimmed(element: XmlElement): XmlElement {
  return { ...element, text: element.text.trim(), children: element.children.map(trimmed) }
}

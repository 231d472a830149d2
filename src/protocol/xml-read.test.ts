import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { document, element } from './xml.ts'
import { childrenNamed, expectElement, findChild, findText, getText, MalformedXml, readXml } from './xml-read.ts'

const read = (text: string, maxBytes = 8 << 20) => readXml(Buffer.from(text), maxBytes)

describe('text', () => {
  it.each([
    ['0123', '0123'],
    ['1e5', '1e5'],
    ['true', 'true'],
    [' a ', ' a '],
    ['&#x1F600;&#128512;', '😀😀'],
    ['a&amp;lt;b&lt;&gt;&quot;&apos;', `a&lt;b<>"'`],
    ['a\r\nb\rc&#13;\n', 'a\r\nb\rc\r\n'],
    ['<![CDATA[ <b>&amp;\r]]>x', ' <b>&amp;\rx'],
    ['&#1;', '\u0001'],
    ['constructor', 'constructor'],
    ['', ''],
  ])('%j reads as %j', (sent, expected) => {
    expect(getText(read(`<a><b>${sent}</b></a>`), 'b')).toBe(expected)
  })

  it('survives our own writer', () => {
    const text = fc
      .string({ unit: 'binary' })
      .filter((value) => !/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(value))
    fc.assert(
      fc.property(fc.array(text), (keys) => {
        const written = document('Delete', 'urn:x', element('Key', keys, 's3'))
        expect(childrenNamed(read(written), 'Key').map((key) => key.text)).toEqual(keys)
      }),
      { numRuns: 500 },
    )
  })
})

describe('structure', () => {
  it('drops prefixes, keeps attributes and ignores white space, comments and the declaration', () => {
    const root = read(
      '\ufeff<?xml version="1.0"?>\r\n<!-- x -->\r\n<s:A xmlns:s="u">\r\n <s:B\r\n x:type="a&amp;b"/>\r\n</s:A>\r\n',
    )
    expect(root.name).toBe('A')
    expect(findChild(root, 'B')?.attributes).toEqual({ type: 'a&b' })
    expect(() => expectElement(root, 'A', 'B')).not.toThrow()
  })

  it('accepts only the fields that are expected', () => {
    const root = read('<A><B>1</B><B>2</B></A>')
    expect(() => expectElement(root, 'C')).toThrow(MalformedXml)
    expect(() => expectElement(root, 'A')).toThrow(MalformedXml)
    expect(() => findText(root, 'B')).toThrow(MalformedXml)
    expect(() => getText(root, 'C')).toThrow(MalformedXml)
    expect(() => expectElement(read('<A>x<B/></A>'), 'A', 'B')).toThrow(MalformedXml)
    expect(() => getText(read('<A><B><C/></B></A>'), 'B')).toThrow(MalformedXml)
  })
})

describe('refusals', () => {
  const bomb = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><a>&b;</a>'
  it.each([
    ['empty', ''],
    ['text', 'hello'],
    ['a document type', bomb],
    ['an unknown entity', '<a>&nbsp;</a>'],
    ['a bare ampersand', '<a>a & b</a>'],
    ['a surrogate', '<a>&#xD800;</a>'],
    ['a number too large', '<a>&#x110000;</a>'],
    ['a zero character', '<a>&#0;</a>'],
    ['a control character', '<a>\u0001</a>'],
    ['a second root', '<a/><b/>'],
    ['a mismatched tag', '<a><b></a></b>'],
    ['an unclosed tag', '<a><b>'],
    ['text after the root', '<a/>b<!-- -->'],
    ['17 levels', '<a>'.repeat(17) + '</a>'.repeat(17)],
    ['200,000 levels', '<a>'.repeat(200_000) + '</a>'.repeat(200_000)],
    ['a prototype', '<__proto__><a/></__proto__>'],
  ])('%s is malformed', (_, text) => {
    expect(() => read(text)).toThrow(MalformedXml)
  })

  it('refuses what is too long or no UTF-8', () => {
    expect(() => read('<a>bcd</a>', 9)).toThrow(MalformedXml)
    expect(() => readXml(Buffer.from([0x3c, 0x61, 0x2f, 0x3e, 0xff]), 99)).toThrow(MalformedXml)
  })

  it('throws nothing but MalformedXml', () => {
    const piece = fc.constantFrom(
      '<a>',
      '</a>',
      '<b/>',
      '<![CDATA[',
      ']]>',
      '&#13;',
      '&',
      '<!--',
      '-->',
      '<?x',
      '?>',
      ' ',
      'x',
      '"',
      '=',
      '\r',
      '<',
    )
    fc.assert(
      fc.property(
        fc.array(piece).map((pieces) => pieces.join('')),
        (text) => {
          try {
            read(text)
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedXml)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

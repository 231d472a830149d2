import fc from 'fast-check'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { describe, expect, test } from 'vitest'
import { type Answer, type Dialect, document, element, elements, escapeXml } from './xml.ts'

describe('escapeXml', () => {
  test.each([
    ['plain ä 😀 \t\n', 'plain ä 😀 \t\n'],
    ['<a href="x">&amp;\'</a>', "&lt;a href=&quot;x&quot;&gt;&amp;amp;'&lt;/a&gt;"],
    [']]>', ']]&gt;'],
    ['\r\n', '&#13;\n'],
    ['\x00\x08\x0b\x0c\x1f', '\ufffd'.repeat(5)],
    ['\ufffe\uffff', '\ufffd\ufffd'],
    ['\ud800 \udc00 \ud83d\ude00', '\ufffd \ufffd 😀'],
  ])('%j', (value, escaped) => expect(escapeXml(value)).toBe(escaped))
})

describe('element', () => {
  const when = new Date('2026-01-02T03:04:05.678Z')
  test.each<[Answer, Dialect, string]>([
    ['a&b', 'ec2', '<x>a&amp;b</x>'],
    ['', 'ec2', '<x></x>'],
    [0, 'ec2', '<x>0</x>'],
    [false, 'ec2', '<x>false</x>'],
    [when, 'ec2', '<x>2026-01-02T03:04:05.678Z</x>'],
    [undefined, 'ec2', ''],
    [{ a: 1, b: undefined, c: { d: 'e' } }, 'ec2', '<x><a>1</a><c><d>e</d></c></x>'],
    [{}, 'ec2', '<x></x>'],
    [['a', 'b'], 'ec2', '<x><item>a</item><item>b</item></x>'],
    [['a', 'b'], 'iam', '<x><member>a</member><member>b</member></x>'],
    [['a', 'b'], 's3', '<x>a</x><x>b</x>'],
    [[], 'ec2', '<x></x>'],
    [[], 's3', ''],
    [[{ a: [1] }], 'ec2', '<x><item><a><item>1</item></a></item></x>'],
    [[{ a: [1, 2] }], 's3', '<x><a>1</a><a>2</a></x>'],
  ])('%j in %s is %s', (value, dialect, xml) => expect(element('x', value, dialect)).toBe(xml))
})

test('elements keep their order and leave out what is undefined', () => {
  expect(elements({ b: 1, a: undefined, c: [] }, 'ec2')).toBe('<b>1</b><c></c>')
})

describe('document', () => {
  test.each([
    ['http://s3.amazonaws.com/doc/2006-03-01/', '<R xmlns="http://s3.amazonaws.com/doc/2006-03-01/">x</R>'],
    [undefined, '<R>x</R>'],
  ])('with the name space %s', (namespace, root) => {
    expect(document('R', namespace, 'x')).toBe(`<?xml version="1.0" encoding="UTF-8"?>\n${root}`)
  })

  test('a parser reads back any text that XML can carry', () => {
    const parser = new XMLParser({ parseTagValue: false, trimValues: false })
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const text = document('R', undefined, element('x', value, 'ec2'))
        expect(XMLValidator.validate(text)).toBe(true)
        const carried = value.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
        const decoded = String(parser.parse(text).R.x).replaceAll('&#13;', '\r')
        if (!value.includes('&#13;')) expect(decoded).toBe(carried)
      }),
    )
  })
})

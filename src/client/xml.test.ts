import { expect, test } from 'vitest'
import { field, list, longestDocument, readXml, text } from './xml.ts'

const describeImages = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeImagesResponse xmlns="http://ec2.amazonaws.com/doc/2015-10-01/">
  <requestId>r-1</requestId>
  <imagesSet>
    <item><imageId>emi-0123</imageId><name> 007 </name><isPublic>true</isPublic><tagSet/></item>
  </imagesSet>
</DescribeImagesResponse>`

test('nothing is guessed, and lists are lists also with one element', () => {
  expect(readXml(describeImages)).toEqual({
    root: 'DescribeImagesResponse',
    content: { requestId: 'r-1', imagesSet: [{ imageId: 'emi-0123', name: ' 007 ', isPublic: 'true', tagSet: '' }] },
  })
})

test('accessors', () => {
  const { content } = readXml(describeImages)
  const [image] = list(content, 'imagesSet')
  expect(text(image, 'imageId')).toBe('emi-0123')
  expect(list(image, 'tagSet')).toEqual([])
  expect(list(image, 'nothing', 'here')).toEqual([])
  expect(list(image, 'name')).toEqual([' 007 '])
  expect(field(image, 'toString')).toBeUndefined()
  expect(() => text(content, 'imagesSet')).toThrow(/imagesSet is not text/)
})

test.each([
  ['<a>&lt;&amp;&#x1F600;&#13;&unknown;&amp;lt;</a>', '<&😀\r&unknown;&lt;'],
  ['<a>x<![CDATA[<b>&amp;]]>y</a>', 'x<b>&amp;y'],
  ['<a><Key>1e5</Key><Key>0123</Key></a>', { Key: ['1e5', '0123'] }],
  ['<a><member>x</member><member/></a>', ['x', '']],
  ['<a x="1"/>', ''],
])('%s', (document, content) => {
  expect(readXml(document).content).toEqual(content)
})

test.each(['', 'no xml', '<a><b></a>', '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'])('refused: %j', (document) => {
  expect(() => readXml(document)).toThrow(/not an XML document/)
})

test('a document that is too long to be read is refused', () => {
  expect(() => readXml(`<a>${' '.repeat(longestDocument)}</a>`)).toThrow(/not an XML document for us: it has \d+ char/)
})

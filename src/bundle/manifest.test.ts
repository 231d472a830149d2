import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { PartSet } from './bundler.ts'
import { unwrap, verify } from './cipher.ts'
import { readManifest, signedText } from './manifest.ts'
import { type ManifestDescription, writeManifest } from './manifest-writer.ts'
import { BundleRefused } from './refusal.ts'

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const certificate = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const set: PartSet = {
  name: 'disk',
  size: 1234,
  bundledSize: 3000,
  digest: 'a'.repeat(40),
  secret: { key: '0123456789abcdef'.repeat(2), iv: 'fedcba9876543210'.repeat(2) },
  parts: [
    { filename: 'disk.part.00', sha1: 'b'.repeat(40), size: 2000 },
    { filename: 'disk.part.01', sha1: 'c'.repeat(40), size: 1000 },
  ],
}
const machine: ManifestDescription = {
  accountId: '0000-1111-2222',
  kind: 'machine',
  architecture: 'x86_64',
  cloudCertificate: certificate,
  userCertificate: certificate,
  userPrivateKey: key,
}
const good = writeManifest(set, machine)

describe('written and read again', () => {
  test('a machine image with everything', () => {
    const text = writeManifest(set, {
      ...machine,
      kernelId: 'eki-12345678',
      ramdiskId: 'eri-12345678',
      blockDeviceMapping: { root: '/dev/sda1', ami: 'sda', ephemeral0: 'sdb' },
      productCodes: ['a&b', '<c>'],
    })
    const { encrypted, signature, ...read } = readManifest(text)
    expect(read).toEqual({
      name: 'disk',
      accountId: '000011112222',
      kind: 'machine',
      architecture: 'x86_64',
      kernelId: 'eki-12345678',
      ramdiskId: 'eri-12345678',
      blockDeviceMapping: [
        { virtual: 'ami', device: 'sda' },
        { virtual: 'ephemeral0', device: 'sdb' },
        { virtual: 'root', device: '/dev/sda1' },
      ],
      productCodes: ['a&b', '<c>'],
      ancestorImageIds: [],
      digest: 'a'.repeat(40),
      size: 1234,
      bundledSize: 3000,
      parts: [
        { filename: 'disk.part.00', sha1: 'b'.repeat(40) },
        { filename: 'disk.part.01', sha1: 'c'.repeat(40) },
      ],
    })
    expect(Object.values(encrypted).map((wrapped) => unwrap(wrapped, key))).toEqual([
      set.secret.key,
      set.secret.iv,
      set.secret.key,
      set.secret.iv,
    ])
    expect(verify(signedText(text), signature!, certificate)).toBe(true)
  })

  test('the elements stand in the order of euca2ools', () => {
    const names = [...good.matchAll(/<(\w+)[\s>]/g)].map(([, name]) => name)
    expect(names.join(' ')).toBe(
      'manifest version bundler name version release machine_configuration architecture image name user type digest size ' +
        'bundled_size ec2_encrypted_key user_encrypted_key ec2_encrypted_iv user_encrypted_iv parts ' +
        'part filename digest part filename digest signature',
    )
  })

  test.each(['kernel', 'ramdisk'] as const)(
    'a %s has the literal true as its id, no mapping and no other id',
    (kind) => {
      const ids = { kernelId: 'eki-12345678', ramdiskId: 'eri-12345678', blockDeviceMapping: { ami: 'sda' } }
      const read = readManifest(writeManifest(set, { ...machine, kind, ...ids }))
      expect([read.kind, read.kernelId, read.ramdiskId]).toEqual(
        kind === 'kernel' ? ['kernel', 'true', undefined] : ['ramdisk', undefined, 'true'],
      )
      expect(read.blockDeviceMapping).toEqual([])
    },
  )

  test('without the user there are empty elements and the word UNSIGNED', () => {
    const { accountId, kind, architecture, cloudCertificate } = machine
    const text = writeManifest(set, { accountId, kind, architecture, cloudCertificate })
    expect(text).toContain('<user_encrypted_key algorithm="AES-128-CBC"></user_encrypted_key>')
    expect(text).toContain('<signature>UNSIGNED</signature>')
    const read = readManifest(text)
    expect([read.encrypted.userKey, read.encrypted.userIv, read.signature]).toEqual(['', '', undefined])
  })

  test('another name gives other names of parts', () => {
    const read = readManifest(writeManifest(set, { ...machine, name: 'renamed' }))
    expect([read.name, ...read.parts.map(({ filename }) => filename)]).toEqual([
      'renamed',
      'renamed.part.00',
      'renamed.part.01',
    ])
  })
})

/** The good manifest with one piece of text replaced; fails when there is no such piece. */
function changed(from: string | RegExp, to: string): string {
  const text = good.replace(from, to)
  expect(text).not.toBe(good)
  return text
}

describe('read as other tools write', () => {
  test.each<[string, () => string, Partial<ReturnType<typeof readManifest>>]>([
    ['pretty printed', () => good.replaceAll('><', '>\n  <'), { name: 'disk', size: 1234 }],
    ['no declaration', () => changed(/^<\?.*\n/, ''), { name: 'disk' }],
    ['no architecture', () => changed('<architecture>x86_64</architecture>', ''), { kind: 'machine' }],
    ['no type', () => changed('<type>machine</type>', ''), { kind: 'machine' }],
    [
      'a kernel by its id',
      () => changed('<type>machine</type>', '').replace('</architecture>', '</architecture><kernel_id>yes</kernel_id>'),
      { kind: 'kernel' },
    ],
    ['upper-case digests', () => changed('b'.repeat(40), 'B'.repeat(40)), { parts: readManifest(good).parts }],
    ['references', () => changed('<name>disk<', '<name>&#x64;i&#115;k &amp; co<'), { name: 'disk & co' }],
    ['numbers stay text', () => changed('<name>disk<', '<name>0123<'), { name: '0123' }],
    [
      'an ancestry',
      () => changed('<size>', '<ancestry><ancestor_ami_id>emi-1</ancestor_ami_id></ancestry><size>'),
      { ancestorImageIds: ['emi-1'] },
    ],
  ])('%s', (_, text, expected) => {
    expect(readManifest(text())).toMatchObject(expected)
  })
})

const manyParts = Array.from(
  { length: 10_001 },
  (_, n) => `<part index="${n}"><filename>p${n}</filename><digest>${'b'.repeat(40)}</digest></part>`,
)

describe('refused', () => {
  test.each<[string, () => string, string]>([
    ['nothing', () => '', 'is not XML'],
    ['text', () => 'hello', 'is not XML'],
    ['another root', () => '<html></html>', 'root element is html'],
    ['two roots', () => `${good}<manifest/>`, 'one root element'],
    ['cut short', () => good.slice(0, -20), 'is not XML'],
    ['a document type', () => changed('<manifest>', '<!DOCTYPE manifest><manifest>'), 'DOCTYPE'],
    [
      'an entity bomb',
      () => changed('<manifest>', '<!DOCTYPE m [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]><manifest>'),
      'DOCTYPE',
    ],
    ['a comment that could hide a signed part', () => changed('<image>', '<!-- <image></image> --><image>'), 'comment'],
    ['CDATA', () => changed('<name>disk', '<name><![CDATA[disk]]>'), 'CDATA'],
    ['an instruction', () => changed('<image>', '<?php ?><image>'), 'instruction'],
    ['a control character', () => changed('<name>disk', '<name>di\x00sk'), 'control characters'],
    ['an unknown entity', () => changed('<name>disk', '<name>&nbsp;'), 'is not a character'],
    ['a reference to a control character', () => changed('<name>disk', '<name>&#0;'), 'is not a character'],
    ['a reference beyond Unicode', () => changed('<name>disk', '<name>&#x110000;'), 'is not a character'],
    ['a huge reference', () => changed('<name>disk', '<name>&#99999999999999999999;'), 'is not a character'],
    ['deep nesting', () => changed('<name>disk', `<name>${'<a>'.repeat(20)}${'</a>'.repeat(20)}`), 'deep'],
    ['200,000 elements deep', () => '<a>'.repeat(200_001), 'too many elements'],
    ['the name __proto__', () => changed('<name>disk', '<name><__proto__></__proto__>'), 'XML'],
    ['no image', () => changed(/<image>.*<\/image>/, ''), 'lacks the element image'],
    ['two images', () => changed('</image>', '</image><image></image>'), '2 elements image'],
    ['two sizes', () => changed('<size>', '<size>1</size><size>'), '2 elements size'],
    ['no size', () => changed('<size>1234</size>', ''), 'lacks the element size'],
    ['a negative size', () => changed('>1234<', '>-1<'), 'size is "-1"'],
    ['a size with an exponent', () => changed('>1234<', '>1e9<'), 'size is "1e9"'],
    ['a size in hex', () => changed('>1234<', '>0x10<'), 'size is "0x10"'],
    ['a size of 30 digits', () => changed('>1234<', `>${'9'.repeat(30)}<`), 'size is'],
    ['an empty size', () => changed('>1234<', '><'), 'element size is empty'],
    ['a negative bundled size', () => changed('>3000<', '>-3000<'), 'bundled_size is "-3000"'],
    ['a bundled size beyond the parts', () => changed('>3000<', '>999999999999<'), 'exceeds its parts'],
    ['2^31 parts', () => changed('count="2"', 'count="2147483648"'), '"2147483648" parts, but lists 2'],
    ['a negative count', () => changed('count="2"', 'count="-1"'), '"-1" parts'],
    ['no parts', () => changed(/<parts.*<\/parts>/, '<parts count="0"></parts>'), '1 to 10000 parts'],
    ['10,001 parts', () => changed(/<parts.*<\/parts>/, `<parts>${manyParts.join('')}</parts>`), '1 to 10000 parts'],
    ['an index twice', () => changed('index="1"', 'index="0"'), 'part 1 has the index "0"'],
    ['an index of 2^31', () => changed('index="1"', 'index="2147483648"'), 'part 1 has the index'],
    ['an index missing', () => changed(' index="1"', ''), 'part 1 has the index ""'],
    ['a part above the folder', () => changed('>disk.part.01<', '>../disk.part.01<'), 'part 1 has the name'],
    ['an absolute part', () => changed('>disk.part.01<', '>/etc/passwd<'), 'part 1 has the name'],
    ['a part with a backslash', () => changed('>disk.part.01<', '>..\\x<'), 'part 1 has the name'],
    ['a part ..', () => changed('>disk.part.01<', '>..<'), 'part 1 has the name'],
    ['a part without a name', () => changed('>disk.part.01<', '><'), 'filename is empty'],
    ['a part by a long name', () => changed('>disk.part.01<', `>${'x'.repeat(1025)}<`), 'part 1 has the name'],
    ['a part of two lines', () => changed('>disk.part.01<', '>disk\nINSTANCE<'), 'filename has control characters'],
    ['a part by a reference to a line end', () => changed('>disk.part.01<', '>disk&#10;x<'), 'filename has control'],
    ['a part that moves the cursor', () => changed('>disk.part.01<', '>disk&#x9b;2J<'), 'filename has control'],
    ['a tab in the architecture', () => changed('>x86_64<', '>x86\t64<'), 'architecture has control characters'],
    ['a name of two lines', () => changed('<name>disk<', '<name>disk\u2028x<'), 'name has control characters'],
    ['a short digest', () => changed('b'.repeat(40), 'b'.repeat(39)), 'digest of part disk.part.00'],
    ['another algorithm', () => changed('algorithm="SHA1"', 'algorithm="MD5"'), 'digest of the image'],
    ['no key for the cloud', () => changed(/<ec2_encrypted_key.*<\/ec2_encrypted_key>/, ''), 'lacks the element ec2'],
    ['an empty key for the cloud', () => changed(/(<ec2_encrypted_key[^>]*>)\w+/, '$1'), 'ec2_encrypted_key is empty'],
    ['a key that is no hex', () => changed(/(<ec2_encrypted_iv>)\w/, '$1z'), 'ec2_encrypted_iv is not an encrypted'],
    ['an unknown type', () => changed('>machine<', '>virus<'), 'type is "virus"'],
    ['a signature that is no hex', () => changed(/(<signature>)\w/, '$1z'), 'signature is not hex'],
    ['no owner', () => changed('<user>000011112222</user>', ''), 'lacks the element user'],
  ])('%s', (_, text, message) => {
    expect(() => readManifest(text())).toThrow(BundleRefused)
    expect(() => readManifest(text())).toThrow(message)
  })
})

describe('signed text', () => {
  test('are the bytes of the two elements as they stand', () => {
    const spaced =
      '<manifest><machine_configuration >\n a </machine_configuration> <image x="1"><size>1</size></image></manifest>'
    expect(signedText(spaced)).toBe(
      '<machine_configuration >\n a </machine_configuration><image x="1"><size>1</size></image>',
    )
    expect(signedText('<m><machine_configuration/><image></image></m>')).toBe('<machine_configuration/><image></image>')
  })

  test('any change inside them breaks the signature, one outside does not', () => {
    const { signature } = readManifest(good)
    const verdict = (text: string) => verify(signedText(text), signature!, certificate)
    expect(verdict(changed('<size>1234', '<size>1235'))).toBe(false)
    expect(verdict(changed('x86_64', 'i386'))).toBe(false)
    expect(verdict(changed('<name>disk', '<name> disk'))).toBe(false)
    expect(verdict(changed('>2007-10-10<', '>2007-10-11<'))).toBe(true)
  })

  test.each([
    ['none', '<manifest><image></image></manifest>'],
    ['two', '<manifest><machine_configuration/><image></image><image></image></manifest>'],
    ['one in another', '<manifest><machine_configuration><image/></machine_configuration><image></image></manifest>'],
  ])('is refused when an element is not there exactly once: %s', (_, text) => {
    expect(() => signedText(text)).toThrow(BundleRefused)
  })
})

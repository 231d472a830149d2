import { describe, expect, test } from 'vitest'
import { type SshLogin, sshArguments } from './ssh.ts'

const address = '127.8.42.2'
const instance = {
  id: 'i-12345678',
  state: 'running',
  network: { publicAddress: address },
  groups: [{ id: 'sg-12345678', name: 'web' }],
  ports: [
    { port: 80, boundAddress: address, boundPort: 80 },
    { port: 22, boundAddress: address, boundPort: 22 },
  ],
}
const root: Omit<SshLogin, 'instance'> = { user: 'root', command: [] }
/** The arguments, without the options that are always there. */
const argumentsOf = (...given: Parameters<typeof sshArguments>) => sshArguments(...given).slice(6)

describe('the arguments of ssh', () => {
  test('keep no host keys, as the next instance has another at the same address', () =>
    expect(sshArguments(instance, root).slice(0, 6)).toEqual([
      ...['-o', 'StrictHostKeyChecking=no'],
      ...['-o', 'UserKnownHostsFile=/dev/null'],
      ...['-o', 'LogLevel=ERROR'],
    ]))

  test.each<[string, Parameters<typeof sshArguments>, string[]]>([
    ['its own address and port', [instance, root], ['-p', '22', `root@${address}`]],
    [
      'the port that stands in',
      [{ ...instance, ports: [{ port: 22, boundAddress: '127.0.0.1', boundPort: 23_456 }] }, root],
      ['-p', '23456', 'root@127.0.0.1'],
    ],
    [
      'that key alone',
      [instance, { ...root, identity: 'my key.pem' }],
      ['-i', 'my key.pem', '-o', 'IdentitiesOnly=yes', '-p', '22', `root@${address}`],
    ],
    [
      'another user, who runs a command',
      [instance, { user: 'ubuntu', command: ['ls', '-l'] }],
      ['-p', '22', `ubuntu@${address}`, 'ls', '-l'],
    ],
  ])('name %s', (_title, given, expected) => expect(argumentsOf(...given)).toEqual(expected))
})

describe('an instance that is not reached', () => {
  test.each(['pending', 'stopped', 'terminated'])('as it is %s', (state) =>
    expect(() => sshArguments({ ...instance, state, ports: [] }, root)).toThrow(
      `i-12345678 is ${state}: only a running instance is reached`,
    ),
  )

  test('as its group opens no port 22: what does is named, for both clients', () => {
    const closed = { ...instance, ports: instance.ports.slice(0, 1) }
    expect(() => sshArguments(closed, root)).toThrow(
      'no security group of i-12345678 opens port 22; this does:\n' +
        '  aws ec2 authorize-security-group-ingress --group-id sg-12345678 --protocol tcp --port 22 --cidr 0.0.0.0/0\n' +
        '  euca-authorize -P tcp -p 22 -s 0.0.0.0/0 web',
    )
  })
})

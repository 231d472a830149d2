import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { makeGroup, portForAll } from '../../groups.ts'
import { bootLineOf } from '../../guest.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { registerStarter, starterImage } from '../../starter.ts'
import type { Tools } from '../../tools.ts'

/** Makes a key pair and keeps its private key in a file, both for the length of the case. */
async function keyPair(tools: Tools): Promise<{ name: string; file: string }> {
  const { ec2 } = tools.administrator
  const name = tools.name('key')
  const material = text(await ec2.call('CreateKeyPair', { KeyName: name }), 'keyMaterial') ?? ''
  tools.later(`key pair ${name}`, () => ec2.call('DeleteKeyPair', { KeyName: name }))
  const file = join(await tools.folder(), 'key.pem')
  await writeFile(file, `${material}\n`, { mode: 0o600 })
  return { name, file }
}

/** Whether somebody takes connections there. */
function isOpen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 })
    const say = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.on('connect', () => say(true)).on('error', () => say(false))
    socket.on('timeout', () => say(false))
  })
}

/** What a command prints that is run by ssh. Throws with what ssh says. */
async function ssh(key: string, { host, port }: { host: string; port: number }, command: string): Promise<string> {
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'IdentitiesOnly=yes', 'BatchMode=yes']
  const words = [...options.flatMap((option) => ['-o', option]), '-i', key, '-p', String(port), `root@${host}`, command]
  return (await promisify(execFile)('ssh', words, { encoding: 'utf8', timeout: 120_000 })).stdout
}

export default defineCase({
  id: 'ssh/logs-in-with-a-made-key-pair',
  title: 'the private key of CreateKeyPair logs in at the public address once a group opens port 22, and not before',
  level: 'MUST',
  covers: ['CreateKeyPair', 'RunInstances', 'AuthorizeSecurityGroupIngress', 'DescribeInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'network', 'security-groups', 'key-pairs', 'ssh'],
  source: 'eucalyptus-behaviour.md sections 5.5 and 8; Eucalyptus user guide, "Log in to an Instance"',
  seconds: 25,
  cents: 1,
  async run(tools) {
    const { bootLine } = await starterImage('hvm')
    const [key, stranger, group] = [await keyPair(tools), await keyPair(tools), await makeGroup(tools)]
    const ImageId = await registerStarter(tools, 'hvm')
    // In AWS the guest's way to its key may be closed to all who have no session token.
    const options = tools.of({ eucalyptus: {}, aws: { MetadataOptions: { HttpTokens: 'required' } } })
    const id = await runInstance(tools, { ImageId, KeyName: key.name, SecurityGroup: [group.name], ...options })
    const address = text(await untilRunning(tools, id), 'ipAddress') ?? ''
    await bootLineOf(tools, id, bootLine)
    assert.equal(await isOpen(address, 22), false, 'port 22 is open before a group opens it')
    await tools.administrator.ec2.call('AuthorizeSecurityGroupIngress', { GroupId: group.id, ...portForAll(22) })
    const reach = tools.target.reach ?? (async () => ({ host: address, port: 22 }))
    // A rule may take a moment to hold.
    const where = async () => {
      const found = await reach(id, 22)
      return found && (await isOpen(found.host, found.port)) ? found : undefined
    }
    const place = await tools.until(`port 22 of ${id}`, where, (found) => found !== undefined)
    assert.ok(place)
    assert.equal((await ssh(key.file, place, 'cat /run/instance-id')).trim(), id, 'another instance answers')
    await assert.rejects(ssh(stranger.file, place, 'true'), /Permission denied/)
  },
})

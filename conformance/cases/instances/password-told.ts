import assert from 'node:assert/strict'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { reportOf, resultOf, userDataScript } from '../../guest.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { makeKeyPair } from '../../key-pairs.ts'
import { registerStarter } from '../../starter.ts'

export default defineCase({
  id: 'instances/password-that-the-guest-told',
  title: 'the password that a guest prints is told to its account, and a reboot makes no other',
  level: 'SHOULD',
  covers: ['GetPasswordData', 'RunInstances', 'RebootInstances', 'GetConsoleOutput'],
  needs: ['s3', 'images', 'instance-store', 'boots-hvm', 'network', 'key-pairs'],
  source: 'eucalyptus-behaviour.md section 5.5 (GetPasswordData scans the console)',
  seconds: 20,
  cents: 1,
  async run(tools) {
    const { ec2 } = tools.administrator
    const { name: KeyName } = await makeKeyPair(tools)
    const password = Buffer.from(tools.name('password')).toString('base64')
    const UserData = userDataScript(`echo "<Password>${password}</Password>"`, 'result told')
    const ImageId = await registerStarter(tools, 'hvm')
    const id = await runInstance(tools, { ImageId, KeyName, UserData })
    const silent = await runInstance(tools, { ImageId, KeyName })
    for (const one of [id, silent]) await untilRunning(tools, one)
    await resultOf(tools, id, 'told')
    const told = async (InstanceId: string) => text(await ec2.call('GetPasswordData', { InstanceId }), 'passwordData')
    assert.equal(await told(id), password)
    assert.equal((await told(silent)) ?? '', '')
    await ec2.call('RebootInstances', { InstanceId: [id] })
    await reportOf(tools, id, { bootCount: 2 })
    assert.equal(await told(id), password, 'the password after a boot that prints none')
  },
})

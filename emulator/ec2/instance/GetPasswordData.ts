import { text } from '../../../src/protocol/shape.ts'
import type { Cloud } from '../../cloud.ts'
import { fault } from '../faults.ts'
import { operation } from '../operation.ts'
import type { InstanceRecord } from './instance.ts'
import { ownedInstance } from './owned.ts'

/** What stands between the first tags on the console, when it is base64; line ends within it do not count. */
async function onConsole(cloud: Cloud, id: string): Promise<string | undefined> {
  const console = (await cloud.machines.console(id)).toString('latin1').replace(/[\r\n]/g, '')
  return /<Password>([\w=+/]*)<\/Password>/.exec(console)?.[1]
}

/** Looks for the password of an instance with a key pair, once it has printed it, and keeps it in its record. */
async function findPassword(cloud: Cloud, { id, keyName }: InstanceRecord): Promise<string | undefined> {
  const found = keyName === undefined ? undefined : await onConsole(cloud, id)
  if (found === undefined) return undefined
  await cloud.store.change((draft) => {
    const instances = cloud.instances.in(draft)
    const instance = instances.get(id)
    // An instance that stopped meanwhile has forgotten its password, and prints another one.
    if (instance?.state === 'running') instances.put({ ...instance, passwordData: found })
  })
  return found
}

/**
 * The password that the guest printed as `<Password>…</Password>` on its console, encrypted for the key pair's owner;
 * empty until then. Of a running instance only, in Eucalyptus (eucalyptus-behaviour.md section 5.5).
 */
export default operation('GetPasswordData', {
  input: { InstanceId: text },
  async run(cloud, { InstanceId }, { caller }) {
    const instance = ownedInstance(cloud, InstanceId, caller)
    const isRunning = instance.state === 'running'
    if (!isRunning && cloud.settings.fidelity === 'eucalyptus') throw fault('instanceNotRunning', instance.id)
    const passwordData = instance.passwordData ?? (isRunning ? await findPassword(cloud, instance) : undefined)
    return { instanceId: instance.id, timestamp: cloud.clock.now(), passwordData: passwordData ?? '' }
  },
})

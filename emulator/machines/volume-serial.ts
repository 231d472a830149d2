import type { Cloud } from '../cloud.ts'
import type { VolumeRecord } from '../ec2/volume/volume.ts'

/**
 * What a guest reads as a volume's serial, of which a virtio disk shows 20 characters (eucalyptus-behaviour.md section
 * 6.2; node.md section 4): in Eucalyptus the mapping for a volume of the launch and the id for one attached later, with
 * the device as virtio names it; in AWS `vol` and the digits.
 */
export function volumeSerial({ id, attachment }: VolumeRecord, fidelity: Cloud['settings']['fidelity']): string {
  if (fidelity === 'aws') return id.replace('-', '')
  const device = (attachment?.device ?? '').replace(/^\/dev\//, '').replace(/^(?:sd|xvd|hd)/, 'vd')
  return attachment?.atLaunch === undefined
    ? `euca-${id}-dev-${device}`
    : `euca-bdm-ebs${attachment.atLaunch}-dev-${device}`
}

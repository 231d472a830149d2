/** The instance profile of an instance, as far as it is still there. */
export interface InstanceRole {
  readonly profileArn: string
  readonly profileId: string
  /** False when the profile was deleted since the launch. */
  readonly exists: boolean
  /** When the credentials were last exchanged. */
  readonly lastUpdated: Date
  readonly roleName?: string | undefined
  /** Left out when the role does not trust EC2. */
  readonly credentials?:
    | { accessKeyId: string; secretAccessKey: string; securityToken: string; expiresAt: Date }
    | undefined
}

/** What the metadata service knows of an instance, from its record and those around it. */
export interface MetadataFacts {
  readonly instanceId: string
  readonly reservationId: string
  readonly accountId: string
  readonly launchIndex: number
  readonly instanceType: string
  readonly imageId: string
  readonly kernelId?: string | undefined
  readonly ramdiskId?: string | undefined
  /** `bucket/key`, of an instance-store image. */
  readonly manifestPath?: string | undefined
  readonly productCodes?: readonly string[]
  readonly architecture: string
  readonly virtualization: 'hvm' | 'paravirtual'
  readonly monitoring: boolean
  /** When the launch was asked for. */
  readonly pendingTime: Date
  readonly region: string
  readonly zone: string
  /** The cloud's DNS domain. */
  readonly domain: string
  readonly rootDeviceType: 'instance-store' | 'ebs'
  /** `/dev/sda`, `/dev/sda1`. */
  readonly rootDeviceName: string
  /** Devices of the other volumes that the launch mapped, not of those attached since: `/dev/sdf`. */
  readonly mappedVolumes: readonly string[]
  /** Ephemeral disks of an instance with an EBS root: `ephemeral0` on `/dev/sdb`. */
  readonly ephemerals: readonly { readonly name: string; readonly device: string }[]
  /** The private DNS name, or the private address where instances have no names. */
  readonly privateHostname: string
  readonly privateAddress: string
  readonly publicHostname?: string | undefined
  readonly publicAddress?: string | undefined
  /** Lower case. */
  readonly mac: string
  readonly securityGroups: readonly { readonly id: string; readonly name: string }[]
  /** Its place in a VPC; without one it is an instance of EC2-Classic. */
  readonly vpc?: {
    readonly interfaceId: string
    readonly subnetId: string
    readonly subnetCidr: string
    readonly vpcId: string
    readonly vpcCidr: string
  }
  /** `openSsh`: the line as it goes into authorized_keys. */
  readonly key?: { readonly name: string; readonly openSsh: string } | undefined
  /** Its instance profile, and what the role in it signs with. */
  readonly instanceRole?: InstanceRole | undefined
  /** Decoded. */
  readonly userData?: Buffer | undefined
  /** Whether `aws` answers without a session token; `optional` unless it says otherwise. */
  readonly tokens?: 'optional' | 'required'
  /** How many network hops an answer with a session token may travel in `aws`; 1 unless it says otherwise. */
  readonly hopLimit?: number
  /** Whether `aws` answers at all; `enabled` unless it says otherwise. */
  readonly endpoint?: 'enabled' | 'disabled'
}

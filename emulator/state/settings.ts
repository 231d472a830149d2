/** How big an instance of a type is. */
export interface InstanceType {
  readonly name: string
  readonly cpus: number
  readonly memoryMiB: number
  /** GiB in total, over all disks. */
  readonly disk: number
  /** How many disks the total is split into; 0 means one root disk (eucalyptus-behaviour.md section 5.3). */
  readonly diskCount: number
}

const type = (name: string, cpus: number, memoryMiB: number, disk: number, diskCount: number): InstanceType => ({
  name,
  cpus,
  memoryMiB,
  disk,
  diskCount,
})

/**
 * The instance types. The m1, m3, c1, cc, m2, cr and t1 families have the sizes of the user guide, not those of the
 * source of 6.0.0 (160 GiB for m1.small would make a bundle of 160 GiB); t2 and m5 have those of 6.0.0.
 */
export const instanceTypes: readonly InstanceType[] = [
  type('t1.micro', 1, 256, 5, 1),
  type('t2.nano', 1, 512, 5, 0),
  type('t2.micro', 1, 1024, 10, 0),
  type('t2.small', 1, 2048, 10, 0),
  type('t2.medium', 2, 4096, 10, 0),
  type('t2.large', 2, 8192, 15, 0),
  type('t2.xlarge', 4, 16384, 15, 0),
  type('t2.2xlarge', 8, 32768, 20, 0),
  type('m1.small', 1, 256, 5, 1),
  type('m1.medium', 1, 512, 10, 1),
  type('m1.large', 2, 512, 10, 2),
  type('m1.xlarge', 2, 1024, 10, 4),
  type('c1.medium', 2, 512, 10, 1),
  type('c1.xlarge', 2, 2048, 10, 4),
  type('m2.xlarge', 2, 2048, 10, 1),
  type('m2.2xlarge', 2, 4096, 30, 1),
  type('m2.4xlarge', 8, 4096, 60, 2),
  type('m3.xlarge', 4, 2048, 15, 1),
  type('m3.2xlarge', 4, 4096, 30, 1),
  type('cc1.4xlarge', 8, 3072, 60, 2),
  type('cc2.8xlarge', 16, 6144, 120, 4),
  type('cr1.8xlarge', 16, 16384, 240, 2),
  type('m5.large', 2, 8192, 10, 0),
  type('m5.xlarge', 4, 16384, 15, 0),
  type('m5.2xlarge', 8, 32768, 20, 0),
  type('m5.4xlarge', 16, 65536, 20, 0),
]

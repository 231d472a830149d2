/** What an upload needs of a client of an object storage. */
export interface S3Client {
  bucketExists(bucket: string): Promise<boolean>
  /** `location` is what the new bucket's location constraint says. */
  makeBucket(bucket: string, location?: string): Promise<void>
  putObject(
    bucket: string,
    key: string,
    bytes: Buffer,
    size: number,
    headers: Record<string, string>,
  ): Promise<{ readonly etag: string }>
  removeObject(bucket: string, key: string): Promise<void>
}

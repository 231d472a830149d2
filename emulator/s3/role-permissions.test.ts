import { expect, test } from 'vitest'
import { allows, readPolicy } from '../../src/protocol/policy.ts'
import type { S3Call } from './operation.ts'
import { roleMay } from './role-permissions.ts'
import { startS3 } from './service.test.support.ts'

const { service, close } = await startS3()
await close()

const bucket = 'arn:aws:s3:::b'
const allow = (Action: string | string[], Resource: string | string[]) => ({ Effect: 'Allow', Action, Resource })
const all = (...actions: string[]) => allow(actions, '*')

test.each<[operation: string, headers: Record<string, string>, statements: object[], may: boolean]>([
  ['GetObject', {}, [], false],
  ['GetObject', {}, [allow('s3:GetObject', `${bucket}/k`)], true],
  ['GetObject', {}, [allow('s3:GetObject', bucket)], false],
  ['HeadObject', {}, [all('s3:GetObject')], true],
  ['GetObjectAcl', {}, [all('s3:GetObject')], false],
  ['ListBuckets', {}, [all('s3:ListAllMyBuckets')], true],
  ['ListBuckets', {}, [allow('s3:*', bucket)], false],
  ['HeadBucket', {}, [allow('s3:ListBucket', bucket)], true],
  ['ListObjects', {}, [allow('s3:ListBucket', bucket)], true],
  ['ListObjectsV2', {}, [allow('s3:ListBucket', `${bucket}/*`)], false],
  ['ListObjectVersions', {}, [all('s3:ListBucketVersions')], true],
  ['ListMultipartUploads', {}, [all('s3:ListBucketMultipartUploads')], true],
  ['ListParts', {}, [all('s3:ListMultipartUploadParts')], true],
  ['CreateBucket', {}, [allow('s3:CreateBucket', bucket)], true],
  ['PutObject', {}, [allow('s3:PutObject', `${bucket}/*`)], true],
  ['PutObject', { 'x-amz-acl': 'public-read' }, [all('s3:PutObject')], false],
  ['PutObject', { 'x-amz-acl': 'public-read' }, [all('s3:PutObject', 's3:PutObjectAcl')], true],
  ['PutObject', { 'x-amz-grant-read': 'id=1' }, [all('s3:PutObject')], false],
  ['CreateMultipartUpload', { 'x-amz-acl': 'private' }, [all('s3:PutObject')], false],
  ['PutObject', { 'x-amz-tagging': 'a=b' }, [all('s3:PutObject')], false],
  ['PutObject', { 'x-amz-tagging': 'a=b' }, [all('s3:PutObject', 's3:PutObjectTagging')], true],
  ['PutObjectTagging', {}, [allow('s3:PutObjectTagging', `${bucket}/k`)], true],
  ['PutObjectTagging', {}, [all('s3:PutObject')], false],
  ['DeleteBucketTagging', {}, [allow('s3:PutBucketTagging', bucket)], true],
  ['DeleteBucketCors', {}, [allow('s3:PutBucketCORS', bucket)], true],
  ['GetBucketCors', {}, [allow('s3:GetBucketCORS', bucket)], true],
  ['GetBucketLifecycleConfiguration', {}, [allow('s3:GetLifecycleConfiguration', bucket)], true],
  ['PutBucketLifecycleConfiguration', {}, [allow('s3:PutLifecycleConfiguration', bucket)], true],
  ['DeleteBucketLifecycle', {}, [allow('s3:DeleteBucket*', bucket)], false],
  ['CreateBucket', { 'x-amz-acl': 'private' }, [all('s3:CreateBucket')], true],
  ...['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'].map(
    (name): [string, object, object[], boolean] => [name, {}, [all('s3:PutObject')], true],
  ),
  ['AbortMultipartUpload', {}, [all('s3:PutObject')], false],
  ['CopyObject', { 'x-amz-copy-source': '/b/source' }, [allow(['s3:PutObject', 's3:GetObject'], `${bucket}/k`)], false],
  ['CopyObject', { 'x-amz-copy-source': '/b/source' }, [allow(['s3:PutObject', 's3:GetObject'], `${bucket}/*`)], true],
  ['UploadPartCopy', { 'x-amz-copy-source': 'other/source' }, [allow('s3:*', `${bucket}/*`)], false],
  ['DeleteObjects', {}, [allow('s3:DeleteObject', `${bucket}/*`)], true],
  ['DeleteObjects', {}, [allow('s3:DeleteObject', `${bucket}/k`)], false],
  [
    'DeleteObjects',
    {},
    [all('s3:*'), { Effect: 'Deny', Action: 's3:DeleteObject', Resource: `${bucket}/kept` }],
    false,
  ],
  ['none', {}, [all('s3:Get*')], false],
  ['none', {}, [all('s3:*')], true],
] as [string, Record<string, string>, object[], boolean][])(
  '%s with %j by %j: %s',
  (name, headers, statements, expected) => {
    const policy = statements.length ? readPolicy(JSON.stringify({ Statement: statements })) : []
    const operation = service.operations.get(name)
    expect(operation === undefined).toBe(name === 'none')
    const call = { bucket: 'b', key: 'k', headers, query: new Map() } as unknown as S3Call
    expect(roleMay((action, resource) => allows(policy, action, resource), operation, call)).toBe(expected)
  },
)

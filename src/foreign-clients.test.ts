import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { Agent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import {
  DescribeImagesCommand,
  DescribeInstancesCommand,
  EC2Client,
  ImportKeyPairCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import { Client } from 'minio'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { fakeHypervisor } from '../emulator/node/fake.ts'
import { defaultCache } from '../fixtures/catalog.ts'
import { type Emulator, startEmulator } from './index.ts'
import { until } from './program.contract.ts'

/**
 * Clients that nobody here wrote, against one emulator: what they send, and what they make of the answers, is theirs.
 * Nothing boots here; that the guests of such calls run is shown by the conformance cases.
 */
let data: string
let emulator: Emulator

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'euca-emu-clients-'))
  emulator = await startEmulator({ data, port: 0, hypervisor: fakeHypervisor() })
})

afterAll(async () => {
  await emulator?.stop()
  await rm(data, { recursive: true, force: true })
})

/** An Object Storage that speaks TLS, for one test. */
async function secureStorage(): Promise<Emulator> {
  const secure = await startEmulator({ ephemeral: true, services: 's3', tls: true, port: 0 })
  onTestFinished(() => secure.stop())
  return secure
}

describe('the AWS SDK for JavaScript', () => {
  test('finds the starter images, runs one and ends it', async () => {
    const { accessKeyId, secretAccessKey } = emulator.credentials
    const credentials = { accessKeyId, secretAccessKey }
    const ec2 = new EC2Client({ endpoint: emulator.url, region: 'eucalyptus', credentials, maxAttempts: 1 })
    const { Images = [] } = await ec2.send(new DescribeImagesCommand({ Owners: ['self'] }))
    expect(Images.map(({ Name }) => Name).sort()).toEqual([
      'tiny-hvm',
      'tiny-paravirtual',
      'tiny-paravirtual-kernel',
      'tiny-paravirtual-ramdisk',
    ])
    const image = Images.find(({ Name }) => Name === 'tiny-hvm')
    expect(image).toMatchObject({ State: 'available', VirtualizationType: 'hvm', RootDeviceType: 'instance-store' })
    const reservation = await ec2.send(
      new RunInstancesCommand({
        ImageId: image?.ImageId ?? '',
        MinCount: 2,
        MaxCount: 2,
        UserData: 'IyEvYmluL3NoCg==',
      }),
    )
    const ids = reservation.Instances?.map(({ InstanceId = '' }) => InstanceId) ?? []
    expect(ids).toHaveLength(2)
    const states = async () => {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: ids }))
      return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ State }) => State?.Name))
    }
    const all = (state: string) =>
      until(`all ${state}`, async () => ((await states()).every((one) => one === state) ? true : undefined), 30)
    await all('running')
    const ended = await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }))
    expect(ended.TerminatingInstances?.map(({ CurrentState }) => CurrentState?.Name)).toEqual([
      'shutting-down',
      'shutting-down',
    ])
    await all('terminated')
    await expect(
      ec2.send(new ImportKeyPairCommand({ KeyName: 'bad', PublicKeyMaterial: Buffer.from('no key') })),
    ).rejects.toMatchObject({ name: 'InvalidKey.Format' })
    ec2.destroy()
  })
})

describe('minio-js', () => {
  test('makes a bucket, stores in one piece and in parts, lists, reads ranges, copies and deletes', async () => {
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = emulator.credentials
    const { hostname: endPoint, port } = new URL(emulator.url)
    const s3 = new Client({
      endPoint,
      port: Number(port),
      useSSL: false,
      accessKey,
      secretKey,
      region: 'us-east-1',
      partSize: 5 * 2 ** 20,
    })
    const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
    const read = async (key: string) => {
      const pieces: Buffer[] = []
      for await (const piece of await s3.getObject('minio', key)) pieces.push(piece)
      return Buffer.concat(pieces)
    }
    await s3.makeBucket('minio')
    const large = Buffer.alloc(12 * 2 ** 20, 'large ')
    await s3.putObject('minio', 'a//small ü+&', 'small')
    await s3.putObject('minio', 'large', large, large.length)
    expect((await read('a//small ü+&')).toString()).toBe('small')
    expect(digest(await read('large'))).toBe(digest(large))
    expect((await s3.statObject('minio', 'large')).etag).toMatch(/^[0-9a-f]{32}-\d$/)
    const keys: string[] = []
    for await (const { name } of s3.listObjectsV2('minio', '', true)) keys.push(name)
    expect(keys).toEqual(['a//small ü+&', 'large'])
    await s3.removeObjects('minio', keys)
    await s3.removeBucket('minio')
    expect(await s3.bucketExists('minio')).toBe(false)
  })

  test('stores and reads over TLS, by the authority that is told', async () => {
    const secure = await secureStorage()
    const { accessKeyId: accessKey, secretAccessKey: secretKey } = secure.credentials
    const { hostname: endPoint, port } = new URL(secure.url)
    const to = (transportAgent: Agent) =>
      new Client({ endPoint, port: Number(port), accessKey, secretKey, region: 'us-east-1', transportAgent })
    await expect(to(new Agent()).bucketExists('minio')).rejects.toThrow(/unable to verify/)
    const s3 = to(new Agent({ ca: await readFile(secure.authority ?? '') }))
    await s3.makeBucket('minio')
    const large = Buffer.alloc(6 * 2 ** 20, 'large ')
    await s3.putObject('minio', 'large', large, large.length)
    let size = 0
    for await (const piece of await s3.getObject('minio', 'large')) size += piece.length
    expect(size).toBe(large.length)
  })
})

/** Over TLS the bodies are signed in other ways, or not at all. */
const secureWalk = `
import boto3, io, os
from botocore.client import Config
s3 = boto3.client('s3', config=Config(s3={'addressing_style': 'path'}, retries={'max_attempts': 0}))
s3.create_bucket(Bucket='boto3-tls')
data = os.urandom(9 * 1024 * 1024)
s3.put_object(Bucket='boto3-tls', Key='small', Body=b'hello', ChecksumAlgorithm='SHA256')
s3.upload_fileobj(io.BytesIO(data), 'boto3-tls', 'large')
read = s3.get_object(Bucket='boto3-tls', Key='large')['Body'].read()
print(s3.meta.endpoint_url.split(':')[0], read == data, s3.get_object(Bucket='boto3-tls', Key='small')['Body'].read().decode())
`

/** Walks both services with boto3 and prints what it saw as JSON. */
const walk = `
import boto3, json, os, sys
from botocore.client import Config
from botocore.exceptions import ClientError
url = os.environ['AWS_ENDPOINT_URL']
seen = {}
def code(call):
    try:
        call()
        return 'no error'
    except ClientError as error:
        return error.response['Error']['Code']
for version in ('s3', 's3v4'):
    s3 = boto3.client('s3', endpoint_url=url + '/services/objectstorage', config=Config(signature_version=version, s3={'addressing_style': 'path'}, retries={'max_attempts': 0}))
    bucket = 'boto3-' + version
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key='a//b c', Body=b'hello', Metadata={'colour': 'green'})
    part = b'x' * (5 * 1024 * 1024)
    upload = s3.create_multipart_upload(Bucket=bucket, Key='parts')['UploadId']
    parts = [{'PartNumber': n, 'ETag': s3.upload_part(Bucket=bucket, Key='parts', UploadId=upload, PartNumber=n, Body=body)['ETag']} for n, body in ((1, part), (2, b'end'))]
    s3.complete_multipart_upload(Bucket=bucket, Key='parts', UploadId=upload, MultipartUpload={'Parts': parts})
    s3.copy_object(Bucket=bucket, Key='copy', CopySource={'Bucket': bucket, 'Key': 'a//b c'})
    head = s3.head_object(Bucket=bucket, Key='a//b c')
    seen[version] = {
        'body': s3.get_object(Bucket=bucket, Key='copy')['Body'].read().decode(),
        'range': s3.get_object(Bucket=bucket, Key='parts', Range='bytes=5242878-')['Body'].read().decode(),
        'metadata': head['Metadata'],
        'keys': [entry['Key'] for entry in s3.list_objects_v2(Bucket=bucket)['Contents']],
        'missing': code(lambda: s3.get_object(Bucket=bucket, Key='missing')),
        'not empty': code(lambda: s3.delete_bucket(Bucket=bucket)),
    }
    s3.delete_objects(Bucket=bucket, Delete={'Objects': [{'Key': key} for key in seen[version]['keys']]})
    s3.delete_bucket(Bucket=bucket)
    wrong = boto3.client('s3', endpoint_url=url, aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'], aws_secret_access_key='wrong', config=Config(signature_version=version))
    seen[version]['wrong secret'] = code(lambda: wrong.list_buckets())
ec2 = boto3.client('ec2', endpoint_url=url + '/services/compute', config=Config(retries={'max_attempts': 0}))
key = ec2.create_key_pair(KeyName='boto3')
image = ec2.describe_images(Filters=[{'Name': 'name', 'Values': ['tiny-para*'] }, {'Name': 'image-type', 'Values': ['machine']}])['Images'][0]
instance = ec2.run_instances(ImageId=image['ImageId'], MinCount=1, MaxCount=1, KeyName='boto3')['Instances'][0]
ec2.get_waiter('instance_running').wait(InstanceIds=[instance['InstanceId']], WaiterConfig={'Delay': 1, 'MaxAttempts': 30})
seen['ec2'] = {
    'regions': [region['RegionName'] for region in ec2.describe_regions()['Regions']],
    'zones': [zone['ZoneName'] for zone in ec2.describe_availability_zones()['AvailabilityZones']],
    'fingerprint': len(key['KeyFingerprint']),
    'kernel': image['KernelId'][:4],
    'console': 'login:' in ec2.get_console_output(InstanceId=instance['InstanceId'])['Output'],
    'unknown': code(lambda: ec2.describe_instances(InstanceIds=['i-00000000'])),
    'unsupported': code(lambda: ec2.describe_vpcs()),
    'account': boto3.client('sts', endpoint_url=url + '/services/Tokens').get_caller_identity()['Account'],
}
ec2.terminate_instances(InstanceIds=[instance['InstanceId']])
json.dump(seen, sys.stdout)
`

describe('boto3', () => {
  const run = promisify(execFile)
  const boto3 = 'boto3==1.44.5'

  /** A Python with boto3 of its own, made once. */
  async function python(): Promise<string> {
    const folder = join(defaultCache(), 'python', boto3)
    const program = join(folder, 'bin', 'python')
    if (existsSync(join(folder, 'complete'))) return program
    await rm(folder, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', folder])
    await run(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', boto3])
    await writeFile(join(folder, 'complete.new'), '')
    await rename(join(folder, 'complete.new'), join(folder, 'complete'))
    return program
  }

  test('walks Object Storage over TLS', async () => {
    const secure = await secureStorage()
    const { accessKeyId, secretAccessKey } = secure.credentials
    const environment = {
      PATH: process.env['PATH'],
      HOME: data,
      AWS_ENDPOINT_URL: secure.url,
      AWS_CA_BUNDLE: secure.authority,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: 'eucalyptus',
    }
    const { stdout } = await run(await python(), ['-c', secureWalk], { env: environment })
    expect(stdout).toBe('https True hello\n')
  })

  test('walks Object Storage with both signature versions, and EC2', async () => {
    const { accessKeyId, secretAccessKey, accountId } = emulator.credentials
    const environment = {
      PATH: process.env['PATH'],
      HOME: data,
      AWS_ENDPOINT_URL: emulator.url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: 'eucalyptus',
    }
    const script = join(data, 'walk.py')
    await writeFile(script, walk)
    const { stdout } = await run(await python(), [script], { env: environment })
    const storage = {
      body: 'hello',
      range: 'xxend',
      metadata: { colour: 'green' },
      keys: ['a//b c', 'copy', 'parts'],
      missing: 'NoSuchKey',
      'not empty': 'BucketNotEmpty',
      'wrong secret': 'SignatureDoesNotMatch',
    }
    expect(JSON.parse(stdout)).toEqual({
      s3: storage,
      s3v4: storage,
      ec2: {
        regions: ['eucalyptus'],
        zones: ['one'],
        fingerprint: 59,
        kernel: 'eki-',
        console: true,
        unknown: 'InvalidInstanceID.NotFound',
        unsupported: 'UnsupportedOperation',
        account: accountId,
      },
    })
  })
})

import { buffer } from 'node:stream/consumers'
import { area } from '../../area.ts'
import { bucketNamed, expectSame, expectStatus, openBucket } from '../../bucket.ts'
import { makeRole, onceKnown, putPolicy, rootArn, takeOn, trusting } from '../../iam.ts'
import { refusal } from '../../refusal.ts'

const sts = area('sts', {
  needs: ['iam', 's3'],
  source: 'TokensService of Eucalyptus; IAM User Guide, Using temporary credentials with AWS resources',
  seconds: 3,
})

export default [
  sts(
    'session-in-object-storage',
    "a session reads just what its role's policy names, by all forms of signature, and nothing without its token",
    ['AssumeRole', 'GetObject', 'PutObject', 'PutRolePolicy'],
    async (tools) => {
      const { administrator } = tools
      const bucket = await openBucket(tools)
      for (const key of ['open/object', 'closed/object']) await bucket.put(key, key)
      const role = await makeRole(tools, trusting({ AWS: rootArn(administrator.account.accountId) }))
      const Statement = [{ Effect: 'Allow', Action: 's3:GetObject', Resource: `arn:aws:s3:::${bucket.name}/open/*` }]
      await putPolicy(tools, role.name, JSON.stringify({ Version: '2012-10-17', Statement }))
      const { session, keys } = await takeOn(tools, administrator, role)
      const theirs = bucketNamed(bucket.name, session)
      await onceKnown(tools, 'what the role may do', () => theirs.read('open/object'))
      const denied = refusal('AccessDenied', 403)
      for (const sign of ['v4', 'v4-query'] as const) {
        expectSame(`GET by ${sign}`, await theirs.read('open/object', { sign }), 'open/object')
        await tools.refuses(theirs.read('closed/object', { sign }), denied)
        await tools.refuses(theirs.ask('PUT', 'open/object', { sign, body: 'theirs' }), denied)
        await tools.refuses(theirs.ask('DELETE', 'open/object', { sign }), denied)
        for (const sessionToken of [undefined, 'forged']) {
          const forged = tools.clients({ ...keys, ...(sessionToken !== undefined && { sessionToken }) })
          const attempt = bucketNamed(bucket.name, forged).ask('GET', 'open/object', { sign })
          const { status } = await attempt.catch((error: { status: number }) => error)
          expectSame(`GET with ${sessionToken ?? 'no'} token is refused`, [400, 403].includes(status), true)
        }
      }
      const stream = await session.minio.getObject(bucket.name, 'open/object')
      expectSame('GET by a released client', (await buffer(stream)).toString(), 'open/object')
      await expectStatus(bucket.anonymous.ask('GET', 'open/object'), 403)
      expectSame('GET by the owner', await bucket.read('open/object'), 'open/object')
    },
  ),
]

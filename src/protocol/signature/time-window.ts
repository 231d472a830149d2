import { type AuthenticationRules, refusal, type Verification } from './request.ts'

/** The seconds by which clocks may differ (StackConfiguration.CLOCK_SKEW_SEC); AWS has no such allowance. */
export const skew = ({ fidelity }: AuthenticationRules): number => (fidelity === 'eucalyptus' ? 20 : 0)

const utc = (time: number): string => new Date(time).toISOString().slice(0, 19)

/**
 * Refuses a request made too long ago or in the future. S3: 900 s both ways. Query services of Eucalyptus: 20 s into
 * the future and 900 + 20 s into the past (QueryTimestampHandler); of AWS: 900 s both ways. Throws Fault.
 */
export function checkWindow(at: Verification, time: Date): void {
  const allowance = at.request.service === 's3' ? 0 : skew(at.rules)
  const ahead = allowance || 900
  const [made, now] = [time.getTime(), at.now.getTime()]
  if (made > now + ahead * 1000) throw refusal(at, 'future', [`Timestamp=${utc(made)}`])
  const deadline = made + (900 + allowance) * 1000
  if (now > deadline) throw refusal(at, 'old', [`Timestamp=${utc(made)}`, utc(deadline)])
}

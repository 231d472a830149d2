import { operation as declare, type Operation } from '../../src/protocol/operation.ts'
import type { Fields } from '../../src/protocol/shape.ts'
import type { Cloud } from '../cloud.ts'

/** Declares an operation of IAM: its wire name, its parameters and what it does to the cloud. */
export const operation: <Input extends Fields>(
  name: string,
  body: { input: Input; run: Operation<Cloud, Input>['run'] },
) => Operation<Cloud, Input> = declare

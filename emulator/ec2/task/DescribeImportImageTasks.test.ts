import { testDescribeImports } from './describe-imports.harness.ts'

await testDescribeImports('image')

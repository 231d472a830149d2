import type { ListedOperation } from '../../emulator/surface.ts'

/** The operations as the table of README.md. */
function operationsTable(operations: readonly ListedOperation[]): string {
  const services = [...new Set(operations.filter(({ supported }) => supported).map(({ service }) => service))]
  const names = (service: string | undefined) =>
    operations.filter((one) => one.supported && one.service === service).map(({ name }) => name)
  const rows = services.map((service) => `| ${service} | ${names(service).join(', ')} |`)
  const missing = operations.filter(({ supported }) => !supported).map(({ name }) => name)
  return [
    '| service | operations |',
    '| --- | --- |',
    ...rows,
    `| not supported yet | ${missing.join(', ')} |`,
    '',
  ].join('\n')
}

/** The operations for a person, as the table of README.md, or as JSON. */
export function operationsText(operations: readonly ListedOperation[], form: 'text' | 'markdown' | 'json'): string {
  if (form === 'json') return `${JSON.stringify(operations, undefined, 2)}\n`
  if (form === 'markdown') return operationsTable(operations)
  const width = Math.max(...operations.map(({ service = '' }) => service.length)) + 2
  const line = ({ service = '-', name, supported }: ListedOperation) =>
    `${service.padEnd(width)}${name}${supported ? '' : '  (not supported yet)'}\n`
  return [...operations.filter(({ supported }) => supported), ...operations.filter(({ supported }) => !supported)]
    .map(line)
    .join('')
}

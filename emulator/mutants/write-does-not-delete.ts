import { ofS3 } from './mutant.ts'

export default ofS3(
  [
    'write-does-not-delete',
    'Who may write in a bucket stores there and cannot delete, as where WRITE is read as leave to add and no more.',
  ],
  'DeleteObject',
  (operation) => ({ ...operation, access: { bucket: 'owner' } }),
)

import { execa } from 'execa'
import { adminCall, CommandFailed, type DataFolder } from './data-folder.ts'

/** What the emulator tells of an instance and how it is reached. */
export interface ReachedInstance {
  readonly id: string
  readonly state: string
  readonly network: { readonly publicAddress: string }
  readonly groups: readonly { readonly id: string; readonly name?: string }[]
  readonly ports: readonly { readonly port: number; readonly boundAddress: string; readonly boundPort: number }[]
}

/** What `ssh` is told. */
export interface SshLogin {
  readonly instance: string
  readonly user: string
  /** The private key's file, as CreateKeyPair gave it. */
  readonly identity?: string
  /** What is run instead of a shell. */
  readonly command: readonly string[]
}

/**
 * The arguments of ssh for an instance, by the address and port that are really listened for. Host keys are not kept: the
 * next instance has the same address and another key. Throws CommandFailed when port 22 is not open, with what opens it.
 */
export function sshArguments(
  instance: ReachedInstance,
  { user, identity, command }: Omit<SshLogin, 'instance'>,
): string[] {
  const { id, state, groups, ports } = instance
  if (state !== 'running') throw new CommandFailed(`${id} is ${state}: only a running instance is reached`)
  const open = ports.find(({ port }) => port === 22)
  if (!open) {
    const group = groups[0]
    throw new CommandFailed(
      `no security group of ${id} opens port 22; this does:\n` +
        `  aws ec2 authorize-security-group-ingress --group-id ${group?.id} --protocol tcp --port 22 --cidr 0.0.0.0/0\n` +
        `  euca-authorize -P tcp -p 22 -s 0.0.0.0/0 ${group?.name}`,
    )
  }
  const options = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  return [
    ...options.flatMap((option) => ['-o', option]),
    ...(identity === undefined ? [] : ['-i', identity, '-o', 'IdentitiesOnly=yes']),
    ...['-p', String(open.boundPort), `${user}@${open.boundAddress}`, ...command],
  ]
}

/** Logs in to an instance with the ssh of this machine; resolves with its exit code. */
export async function ssh(folder: DataFolder, { instance, ...login }: SshLogin): Promise<number> {
  const reached = await adminCall<ReachedInstance>(folder, `instances/${encodeURIComponent(instance)}`)
  const { exitCode } = await execa('ssh', sshArguments(reached, login), { stdio: 'inherit', reject: false })
  if (exitCode === undefined)
    throw new CommandFailed('there is no ssh on this machine: install the package openssh-client')
  return exitCode
}

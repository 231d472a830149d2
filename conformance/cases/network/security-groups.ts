import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from '../../../src/client/xml.ts'
import { defineCase } from '../../case.ts'
import { makeGroup } from '../../groups.ts'
import { consoleOf, resultOf, resultsOn, userDataScript } from '../../guest.ts'
import { runInstance, untilRunning } from '../../instances.ts'
import { registerStarter } from '../../starter.ts'
import type { Tools } from '../../tools.ts'

/** Shell: `fetch HOST PORT` prints what answers there within a second. busybox's own `wget -T` crashes. */
const fetchFunction = 'fetch() { timeout 1 wget -q -O - "http://$1:$2/" 2>/dev/null; }'

/** A server on the suite's own loopback that nobody should ask. */
async function canary(tools: Tools): Promise<{ port: number; asked: () => number }> {
  let asked = 0
  const server: Server = createServer((_, response) => {
    asked += 1
    response.end('canary')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  tools.later('canary', async () => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/`)
  assert.equal(await response.text(), 'canary')
  asked = 0
  return { port, asked: () => asked }
}

/** Shell that asks ports of this machine in every way that a guest has, also with its own loopback given up. */
function probeHost(ports: readonly string[]): string[] {
  return [
    'gateway=$(ip route | sed -n "s/^default via \\([^ ]*\\).*/\\1/p")',
    // Not every router answers to a ping, but each has to say where it is.
    'ping -c 1 -W 2 $gateway > /dev/null; grep -q "^$gateway  *0x1  *0x[26]" /proc/net/arp; result gateway $?',
    'nslookup $(hostname) 2>&1 | grep -q "^Server:"; result resolver $?',
    'fetch 169.254.169.254 80 | grep -q latest; result metadata $?',
    'ip route del local 127.0.0.0/8 dev lo table local; ip route del local 127.0.0.1 dev lo table local',
    'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet; ip route add 127.0.0.0/8 via $gateway',
    `for host in $gateway 169.254.169.254 127.0.0.1 10.0.2.2; do for port in ${ports.join(' ')}; do`,
    '  [ -z "$(fetch $host $port)" ] || result reached $host:$port',
    'done; done',
    'result probed $?',
  ]
}

/** Ports that traceroute sends to; who gets there answers that nobody listens. */
const [lowestTraced, highestTraced] = [33_434, 33_534]

/** Shell that says each second by which protocols a neighbour answers, `by tcp icmp udp` when by all. */
function probePeer(address: string, word: string): string[] {
  return [
    `tcp() { fetch ${address} 7000 | grep -q ${word}; }`,
    `icmp() { ping -c 1 -W 1 ${address} > /dev/null; }`,
    // With a router between them or without.
    `udp() { traceroute -n -q 1 -w 1 -m 2 ${address} 2> /dev/null | grep -q "^ *[12]  *${address} "; }`,
    'while :; do seen=; for kind in tcp icmp udp; do $kind && seen="$seen $kind"; done',
    'result peer by $seen; sleep 1; done',
  ]
}

export default defineCase({
  id: 'network/security-groups',
  title: 'instances talk over TCP, UDP and ICMP as their groups allow, from grant to revocation, and never to the host',
  level: 'MUST',
  covers: ['CreateSecurityGroup', 'AuthorizeSecurityGroupIngress', 'RevokeSecurityGroupIngress', 'RunInstances'],
  needs: ['s3', 'images', 'instance-store', 'boots-paravirtual', 'network', 'security-groups'],
  source: 'eucalyptus-behaviour.md section 8; node.md section 6 (no way to the host); issue "a network"',
  seconds: 60,
  cents: 2,
  async run(tools) {
    const { ec2, account } = tools.administrator
    const [asking, asked] = [await makeGroup(tools), await makeGroup(tools)]
    const ImageId = await registerStarter(tools, 'paravirtual')
    const word = tools.name('word')
    const serve = ['mkdir /tmp/www', `echo ${word} > /tmp/www/index.html`, 'httpd -p 7000 -h /tmp/www']
    const serverData = userDataScript(...serve, 'result serving $?')
    const server = await runInstance(tools, { ImageId, SecurityGroup: [asked.name], UserData: serverData })
    const address = text(await untilRunning(tools, server), 'privateIpAddress') ?? ''
    const host = await canary(tools)
    // The cloud's own port too, unless it is the one at which the metadata service answers.
    const ports = [String(host.port), new URL(tools.target.endpoints.ec2).port].filter((port) => port !== '')
    const clientData = userDataScript(fetchFunction, ...probeHost(ports), ...probePeer(address, word))
    const client = await runInstance(tools, { ImageId, SecurityGroup: [asking.name], UserData: clientData })
    await untilRunning(tools, client)
    for (const name of ['gateway', 'resolver', 'metadata']) {
      assert.equal(await resultOf(tools, client, name), '0', `the guest does not reach its ${name}`)
    }
    await resultOf(tools, client, 'probed')
    assert.deepEqual(resultsOn(await consoleOf(tools.administrator, client), 'reached'), [])
    assert.equal(host.asked(), 0, "a guest reached this machine's loopback")
    assert.equal(await resultOf(tools, server, 'serving'), '0')
    /** Waits until the two newest probes, of which at most one was under way before, say so. */
    const untilPeerAnswers = async (...kinds: string[]) => {
      const by = ['by', ...kinds].join(' ')
      const seen = resultsOn(await consoleOf(tools.administrator, client), 'peer').length
      const look = async () => resultsOn(await consoleOf(tools.administrator, client), 'peer').slice(seen + 1)
      const newest = await tools.until(`probes of ${server}`, look, (probes) => probes.length >= 2)
      assert.deepEqual(newest.slice(0, 2), [by, by])
    }
    const rule = (IpProtocol: string, FromPort: number, ToPort: number) => {
      const Groups = [{ UserId: account.accountId, GroupName: asking.name }]
      return { IpProtocol, FromPort, ToPort, Groups }
    }
    const tcp = rule('tcp', 7000, 7000)
    const others = [rule('icmp', 8, -1), rule('udp', lowestTraced, highestTraced)]
    await untilPeerAnswers()
    await ec2.call('AuthorizeSecurityGroupIngress', { GroupId: asked.id, IpPermissions: [tcp, ...others] })
    await untilPeerAnswers('tcp', 'icmp', 'udp')
    await ec2.call('RevokeSecurityGroupIngress', { GroupId: asked.id, IpPermissions: others })
    await untilPeerAnswers('tcp')
    await ec2.call('RevokeSecurityGroupIngress', { GroupId: asked.id, IpPermissions: [tcp] })
    await untilPeerAnswers()
  },
})

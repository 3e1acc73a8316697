// Where a forwarder may listen, and what its addresses look like.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import { endpointText, parseCidr, parseEndpoint, parseListen } from '../../src/forwarder/addresses.ts'
import { chooseDoorstep } from '../../src/forwarder/doorstep.ts'
import { startForwarder } from '../../src/forwarder/forwarder.ts'
import { guestList } from '../../src/forwarder/guest-list.ts'
import { interfacesOfTables } from '../../src/forwarder/interfaces.ts'
import { echo, forwarder, knock, target } from './harness.ts'

const interfaces = {
  lo: [
    { address: '127.0.0.1', cidr: '127.0.0.1/8' },
    { address: '::1', cidr: '::1/128' },
  ],
  docker0: [
    { address: '172.17.0.1', cidr: '172.17.0.1/16' },
    { address: 'fe80::42', cidr: 'fe80::42/64' },
  ],
}

t.test('endpoints as text', async (t) => {
  t.strictSame(parseListen('4003'), { port: 4003 })
  t.strictSame(parseListen('[0:0:0:0:0:0:0:1]:4003'), { host: '::1', port: 4003 })
  t.strictSame(parseListen('[::ffff:127.0.0.1]:4003'), { host: '127.0.0.1', port: 4003 })
  t.strictSame(parseEndpoint('4002'), { host: '127.0.0.1', port: 4002 })
  t.strictSame(parseEndpoint('gateway-1.example:4002'), { host: 'gateway-1.example', port: 4002 })
  for (const text of [
    '',
    'x',
    '70000',
    ':4003',
    '::1:4003',
    '[::1]',
    '[nope]:1',
    '1.2.3:4',
    '300.0.0.1:4',
    'a b:1',
    '-x:1',
  ])
    t.equal(parseListen(text), undefined, text)
  t.equal(parseEndpoint('127.0.0.1:0'), undefined, 'nobody can be connected to on port 0')
  t.equal(endpointText({ host: '::1', port: 1 }), '[::1]:1')
})

t.test('networks as text, and who is in them', async (t) => {
  t.strictSame(parseCidr('172.17.0.0/16'), { address: '172.17.0.0', prefix: 16 })
  t.strictSame(parseCidr('172.17.0.5'), { address: '172.17.0.5', prefix: 32 })
  t.strictSame(parseCidr('::ffff:172.17.0.0/112'), { address: '172.17.0.0', prefix: 16 })
  for (const text of [
    '',
    '172.17.0.0/33',
    'fd00::/129',
    '172.17/16',
    '::ffff:172.17.0.0/90',
    'x/8',
    '1.2.3.4/',
  ])
    t.equal(parseCidr(text), undefined, text)
  const isIn = guestList([
    { address: '172.17.0.0', prefix: 16 },
    { address: 'fd00:1::', prefix: 64 },
  ])
  for (const address of ['172.17.3.4', '::ffff:172.17.3.4', 'fd00:1::9', 'fd00:1::9%docker0'])
    t.ok(isIn(address), address)
  for (const address of ['172.18.0.1', '::ffff:172.18.0.1', 'fd00:2::9', '127.0.0.1', '::1', undefined])
    t.notOk(isIn(address), String(address))
})

t.test('loopback by itself, an interface by its name', async (t) => {
  t.strictSame(chooseDoorstep({ port: 4003 }, undefined, interfaces).endpoints, [
    { host: '127.0.0.1', port: 4003 },
  ])
  t.strictSame(chooseDoorstep({ host: '::1', port: 1 }, undefined, interfaces).endpoints, [
    { host: '::1', port: 1 },
  ])
  const docker = chooseDoorstep({ port: 4003 }, 'docker0', interfaces)
  t.strictSame(docker.endpoints, [{ host: '172.17.0.1', port: 4003 }])
  const isIn = guestList(docker.neighbours)
  t.ok(isIn('172.17.0.2'))
  t.notOk(isIn('192.168.1.2'), 'who reaches that address over another network is not let in')
  t.notOk(isIn('127.0.0.1'))
})

t.test('no other address, and not everywhere', async (t) => {
  const refused: Array<[{ host?: string; port: number }, string | undefined, RegExp]> = [
    [{ host: '0.0.0.0', port: 4003 }, undefined, /0\.0\.0\.0:4003 would let in everybody/],
    [{ host: '::', port: 4003 }, 'docker0', /\[::\]:4003 would let in everybody/],
    [
      { host: '172.17.0.1', port: 4003 },
      undefined,
      /172\.17\.0\.1:4003 is not loopback\. Name the interface/,
    ],
    [
      { host: '172.17.0.2', port: 4003 },
      'docker0',
      /not an address of docker0, which has 172\.17\.0\.1, fe80::42/,
    ],
    [{ host: '127.0.0.1', port: 4003 }, 'docker0', /not an address of docker0/],
    [{ port: 4003 }, 'docker9', /no interface docker9 .*it has lo, docker0/],
    [{ port: 4003 }, 'constructor', /no interface constructor/],
  ]
  for (const [listen, name, message] of refused)
    t.throws(() => chooseDoorstep(listen, name, interfaces), { code: 'INVALID_REQUEST', message })
})

t.test('an interface without a carrier, from the tables of Linux', async (t) => {
  const routes = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	010200C0	0003	0	0	0	00000000	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
eth0	000200C0	00000000	0001	0	0	0	00FFFFFF	0	0	0
`
  const trie = `Local:
     +-- 172.17.0.0/16 2 0 2
        +-- 172.17.0.0/31 1 0 0
           |-- 172.17.0.0
              /16 link UNICAST
           |-- 172.17.0.1
              /32 host LOCAL
        |-- 172.17.255.255
           /32 link BROADCAST
     +-- 192.0.2.0/24 2 0 2
           |-- 192.0.2.2
              /32 host LOCAL
`
  t.strictSame(interfacesOfTables(routes, trie), {
    docker0: [{ address: '172.17.0.1', cidr: '172.17.0.1/16' }],
    eth0: [{ address: '192.0.2.2', cidr: '192.0.2.2/24' }],
  })
  t.strictSame(interfacesOfTables('', ''), {}, 'elsewhere there are no such tables')
})

t.test('on an interface only its own network comes in', async (t) => {
  const to = await target(t, echo)
  const elsewhere = { here: [{ address: '127.0.0.1', cidr: '10.1.1.1/24' }] }
  const forward = await forwarder(t, to, { interfaceName: 'here', interfaces: elsewhere })
  t.match(forward.addresses, [{ host: '127.0.0.1' }])
  t.equal((await knock(t, forward.port)).received, '')
  t.equal(forward.stats.refused, 1)
  t.equal(to.sockets.length, 0)
})

t.test('a port that is taken, an address that is not there, and a loop', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const start = (options: Partial<Parameters<typeof startForwarder>[0]>) =>
    startForwarder({
      listen: { port },
      target: { host: '127.0.0.1', port: 4002 },
      clock: systemClock(),
      tell: () => {},
      ...options,
    })
  await t.rejects(start({}), {
    code: 'PORT_IN_USE',
    message: `Something else listens on 127.0.0.1:${port}. Stop it, or forward from another port.`,
  })
  await t.rejects(
    start({
      interfaceName: 'gone',
      interfaces: { gone: [{ address: '203.0.113.77', cidr: '203.0.113.77/24' }] },
    }),
    {
      code: 'INVALID_REQUEST',
      message: /not possible to listen on 203\.0\.113\.77:\d+: this machine has no such address/,
    },
  )
  for (const host of ['127.0.0.1', 'localhost', '::ffff:127.0.0.1'])
    await t.rejects(start({ target: { host, port } }), {
      code: 'INVALID_REQUEST',
      message: /is what would be listened on/,
    })
  await t.rejects(start({ target: { host: '0.0.0.0', port: 4002 } }), {
    code: 'INVALID_REQUEST',
    message: /is no target/,
  })
})

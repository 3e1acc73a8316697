// `ibgm forward`: a port that leads to another, what it says meanwhile, and what it refuses.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { all, client, echo, knock, target } from '../forwarder/harness.ts'
import { closedPort, ibgm } from './harness.ts'

/** Runs it until `use` has ended; `use` gets the port that it listens on. */
async function forwarding(argv: readonly string[], use: (port: number) => Promise<void>) {
  const interrupt = new AbortController()
  let used: Promise<void> | undefined
  const ran = ibgm(['forward', '0', ...argv], {
    signal: interrupt.signal,
    onOutput(stdout) {
      const port = Number(/127\.0\.0\.1:(\d+)/.exec(stdout)?.[1])
      used ??= use(port).finally(() => interrupt.abort())
    },
  })
  const finished = await ran
  await used
  return finished
}

t.test('it forwards until Ctrl-C, and says where', async (t) => {
  const to = await target(t, echo)
  const { code, stdout, stderr } = await forwarding([String(to.port)], async (port) => {
    const socket = await client(t, port)
    socket.end('hello')
    t.equal(await all(socket), 'hello')
  })
  t.equal(code, 0)
  t.match(stdout.split('\n'), [
    new RegExp(`^listening on 127.0.0.1:\\d+, forwarding to 127.0.0.1:${to.port}$`),
    `127.0.0.1:${to.port} takes connections`,
    'closed after 1 connection',
  ])
  t.equal(stderr, '')
})

t.test('a gateway that is down is told once, with what to do', async (t) => {
  const nobody = await closedPort()
  const { code, stderr } = await forwarding([`127.0.0.1:${nobody}`], async (port) => {
    for (let at = 0; at < 3; at++) await knock(t, port)
  })
  t.equal(code, 0)
  t.match(
    stderr,
    new RegExp(
      `^127.0.0.1:${nobody} refuses connections: nothing listens there; clients are closed until it`,
    ),
  )
  t.match(stderr, /See that the gateway runs and is logged in, and that .* is its API port/)
  t.equal(stderr.trim().split('\n').length, 1)
})

t.test('--json is one event a line', async (t) => {
  const to = await target(t, echo)
  const { stdout, stderr } = await forwarding(
    [String(to.port), '--allow', '10.0.0.0/8', '--allow', 'fd00::/8', '--json'],
    async (port) => {
      await knock(t, port)
    },
  )
  t.match(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [
      { event: 'listening', addresses: [/^127/], target: `127.0.0.1:${to.port}` },
      { event: 'peer-refused', peer: '127.0.0.1', count: 1 },
      { event: 'closed', accepted: 0 },
    ],
  )
  t.equal(stderr, '')
})

t.test('what may not be listened on is wrong usage', async (t) => {
  const refused: Array<[string[], RegExp]> = [
    [['0.0.0.0:4003', '4002'], /would let in everybody/],
    [['[::]:4003', '4002'], /would let in everybody/],
    [['203.0.113.7:4003', '4002'], /is not loopback/],
    [['4003', '4003'], /is what would be listened on/],
    [['4003', '4002', '--interface', 'no-such-if'], /no interface no-such-if/],
    [['4003', '4002', '--allow', '10.0.0.0/64'], /--allow takes a network or an address, got/],
    [['everywhere', '4002'], /LISTEN takes a port or address:port, got "everywhere"/],
    [['4003', '0'], /TARGET takes/],
    [['4003'], /missing required argument/],
  ]
  for (const [argv, message] of refused) {
    const { code, stderr } = await ibgm(['forward', ...argv])
    t.equal(code, 2, argv.join(' '))
    t.match(stderr, message)
  }
})

t.test('a port that is taken is a failure', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  t.teardown(() => taken.close())
  const { port } = taken.address() as AddressInfo
  const { code, stderr } = await ibgm(['forward', String(port), '4002', '--json'])
  t.equal(code, 1)
  t.match(JSON.parse(stderr), { code: 'PORT_IN_USE', detail: /Stop it, or forward from another port/ })
})

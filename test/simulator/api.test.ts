// The API port as raw sockets see it: handshake, client ids, refusals and every fault.
import t from 'tap'
import { RawClient, startGateway, startLoggedIn, until } from './harness.ts'

t.test('before the login the port accepts, says nothing and closes, and socat complains', async (t) => {
  const gateway = await startGateway(t, { username: '', loginSeconds: 0 })
  const client = new RawClient(gateway.port)
  client.greet('v100..200')
  await until(() => client.ended)
  t.strictSame(client.frames, [])
  t.match(
    gateway.stderr[0],
    /^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d socat\[\d+\] E connect\(.*127\.0\.0\.1:4002.*Connection refused$/,
  )
})

t.test('handshake, accounts, order id, then farm notices, in this order', async (t) => {
  const gateway = await startLoggedIn(t, { connectionTimeZone: 'America/New_York' })
  const client = await RawClient.ready(t, gateway.port)
  await until(() => client.errors().length === 3)
  t.match(client.frames[0], ['200', /^\d{8} \d\d:\d\d:\d\d EST$/])
  t.match(client.frames[1], ['15', '1', /^DU\d{7}$/])
  t.strictSame(client.frames[2], ['9', '1', '1'])
  t.strictSame(client.errors(), [2104, 2106, 2158])
})

t.test('the version is the lower of both ends', async (t) => {
  const gateway = await startLoggedIn(t)
  for (const [asked, agreed] of [
    ['v100..193', '193'],
    ['v157..178', '178'],
    ['v100..225', '200'],
    ['v176', '176'],
    ['v157..178 +PACEAPI', '178'],
  ] as const) {
    const client = new RawClient(gateway.port)
    client.greet(asked)
    await until(() => client.frames.length > 0)
    t.equal(client.frames[0]?.[0], agreed, asked)
    client.socket.destroy()
  }
})

t.test('what is no TWS client is closed without a word', async (t) => {
  const gateway = await startLoggedIn(t)
  for (const bytes of [
    'GET / HTTP/1.1\r\n\r\n',
    'API\0\xff\xff\xff\xff',
    'API\0\0\0\0\x04vxyz',
    'API\0\0\0\0\x04v201',
  ]) {
    const client = new RawClient(gateway.port)
    client.socket.write(Buffer.from(bytes, 'latin1'))
    await client.closed()
    t.strictSame(client.frames, [], JSON.stringify(bytes))
  }
})

t.test('bytes one by one, and several requests in one segment', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = new RawClient(gateway.port)
  t.teardown(() => client.socket.destroy())
  client.socket.setNoDelay(true)
  for (const byte of Buffer.from('API\0\0\0\0\x09v100..200', 'latin1')) client.socket.write(Buffer.of(byte))
  await until(() => client.frames.length === 1)
  client.socket.cork()
  client.startApi(5)
  client.send(49, 1)
  client.send(17, 1)
  client.socket.uncork()
  await client.message(49)
  t.equal(client.frames.filter(([id]) => id === '15').length, 2)
  t.strictSame(
    gateway.requests.map(({ id, name, clientId }) => ({ id, name, clientId })),
    [
      { id: 49, name: 'reqCurrentTime', clientId: 5 },
      { id: 17, name: 'reqManagedAccts', clientId: 5 },
    ],
  )
})

t.test('a client id in use is refused with 326; it is free right after a goodbye', async (t) => {
  const gateway = await startLoggedIn(t)
  const first = await RawClient.ready(t, gateway.port, 7)
  const second = new RawClient(gateway.port)
  second.greet('v100..200')
  await until(() => second.frames.length > 0)
  second.startApi(7)
  await until(() => second.ended)
  t.strictSame(second.errors(), [326])
  t.equal(second.frames.length, 2, 'neither accounts nor order id')
  first.send(49, 1)
  await first.message(49)
  first.socket.end()
  await first.closed()
  await RawClient.ready(t, gateway.port, 7)
})

t.test('a vanished client keeps its id for as long as the ghost lives', async (t) => {
  const gateway = await startLoggedIn(t, { ghostSlotSeconds: 0.2 })
  const first = await RawClient.ready(t, gateway.port, 7)
  first.socket.resetAndDestroy()
  await first.closed()
  const second = new RawClient(gateway.port)
  second.greet('v100..200')
  second.startApi(7)
  await until(() => second.ended)
  t.strictSame(second.errors(), [326])
  let accepted = false
  for (const deadline = Date.now() + 5_000; !accepted && Date.now() < deadline; ) {
    const again = new RawClient(gateway.port)
    again.greet('v100..200')
    again.startApi(7)
    await until(() => again.ended || again.frames.length > 1)
    accepted = again.frames[1]?.[0] === '15'
    again.socket.destroy()
  }
  t.ok(accepted)
})

t.test('more than 50 messages in a second draw error 100, and the third time the door', async (t) => {
  let now = 1_000_000
  const clock = {
    now: () => now,
    schedule: (task: () => void, ms: number) => {
      const timer = setTimeout(task, ms)
      return () => clearTimeout(timer)
    },
  }
  const gateway = await startLoggedIn(t, { clock })
  const client = await RawClient.ready(t, gateway.port)
  for (const strike of [1, 2, 3]) {
    for (let sent = 0; sent < 51; sent++) client.send(49, 1)
    await until(() => client.errors().filter((code) => code === 100).length === strike)
    now += 1_001
  }
  await until(() => client.ended)
})

t.test('read-only: order lists are refused without an end marker', async (t) => {
  const gateway = await startLoggedIn(t, { readOnlyApi: true })
  const client = await RawClient.ready(t, gateway.port)
  client.send(5, 1)
  client.send(99, 0)
  client.send(3, 1)
  await until(() => client.errors().filter((code) => code === 321).length === 3)
  t.notOk(client.frames.some(([id]) => id === '53' || id === '102'))
})

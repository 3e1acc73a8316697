// What each fault does to the clients of a gateway, and that `clear` ends it.
import t from 'tap'
import type { SimulatorClock } from '../../src/simulator/clock.ts'
import { faultNames, parseFault, UnknownFault } from '../../src/simulator/faults.ts'
import { RawClient, startLoggedIn, until } from './harness.ts'

t.test('faults are read from words', async (t) => {
  t.strictSame(parseFault('drop'), { name: 'drop' })
  t.strictSame(parseFault('exit', '7'), { name: 'exit', code: 7 })
  t.strictSame(parseFault('exit 7'), { name: 'exit', code: 7 })
  t.strictSame(parseFault('slow'), { name: 'slow', delayMs: 2_000 })
  t.strictSame(parseFault('handshake', 'f1'), { name: 'handshake', mode: 'F1' })
  for (const name of faultNames) t.equal(parseFault(name).name, name)
  t.throws(() => parseFault('explode'), { name: 'UnknownFault', message: /known: drop, mute/ })
  for (const wrong of ['exit 256', 'exit -1', 'exit x', 'slow 0.5', 'handshake Z', '', 'constructor']) {
    t.throws(() => parseFault(wrong), UnknownFault, wrong)
  }
})

t.test('drop closes every client; the port stays', async (t) => {
  const gateway = await startLoggedIn(t)
  const clients = [await RawClient.ready(t, gateway.port, 1), await RawClient.ready(t, gateway.port, 2)]
  gateway.fault('drop')
  for (const client of clients) await client.closed()
  await RawClient.ready(t, gateway.port, 1)
})

t.test('mute: TCP up, not a word, not even to new clients; clear', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = await RawClient.ready(t, gateway.port)
  gateway.fault('mute')
  client.send(49, 1)
  const newcomer = new RawClient(gateway.port)
  newcomer.greet('v100..200')
  await until(() => gateway.requests.length === 1)
  t.notOk(client.ended)
  t.strictSame(newcomer.frames, [])
  newcomer.socket.destroy()
  gateway.fault('clear')
  client.send(17, 1)
  await until(() => client.frames.filter(([id]) => id === '15').length === 2)
  t.notOk(
    client.frames.some(([id]) => id === '49'),
    'what was asked while mute stays unanswered',
  )
})

t.test('half-open: nothing is read any more, a goodbye included; clear closes', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = await RawClient.ready(t, gateway.port)
  gateway.fault('half-open')
  client.send(49, 1)
  client.socket.end()
  const newcomer = new RawClient(gateway.port)
  newcomer.greet('v100..200')
  await until(() => newcomer.socket.readyState === 'open')
  t.notOk(client.ended)
  t.strictSame(gateway.requests, [])
  gateway.fault('clear')
  await client.closed()
  newcomer.socket.destroy()
  await RawClient.ready(t, gateway.port)
})

t.test('slow delays every answer and keeps their order', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = await RawClient.ready(t, gateway.port)
  gateway.fault('slow', '60')
  const askedAt = Date.now()
  client.send(49, 1)
  await until(() => gateway.requests.length === 1)
  gateway.fault('slow', '0')
  client.send(105, 1)
  await client.message(109)
  t.ok(Date.now() - askedAt >= 55)
  t.strictSame(
    client.frames.map(([id]) => id).filter((id) => id === '49' || id === '109'),
    ['49', '109'],
  )
})

t.test('1100 silences data but not the clock; 1102 and 1101 end it', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = await RawClient.ready(t, gateway.port)
  gateway.fault('1100')
  client.send(9, 8, 1, 265598, '', '', '', '', '', '', '', '', '', '', '', 0, '', '', '')
  client.send(49, 1)
  await client.message(49)
  t.notOk(client.frames.some(([id]) => id === '10'))
  const newcomer = await RawClient.ready(t, gateway.port, 2)
  await until(() => newcomer.errors().includes(2158))
  t.equal(newcomer.errors()[0], 2110, 'who connects meanwhile is told')
  gateway.fault('1102')
  client.send(9, 8, 2, 265598, '', '', '', '', '', '', '', '', '', '', '', 0, '', '', '')
  await client.message(52)
  gateway.fault('2110')
  gateway.fault('1101')
  await until(() => client.errors().includes(1101))
  t.strictSame(
    client.errors().filter((code) => (code > 1_000 && code < 1_200) || code === 2110),
    [1100, 1102, 2110, 1101],
  )
})

t.test('data subscriptions survive 1102 and die on 1101', async (t) => {
  const offsetMs = Date.UTC(2026, 10, 18, 16) - Date.now()
  const clock: SimulatorClock = {
    now: () => Date.now() + offsetMs,
    schedule(task, delayMs) {
      const timer = setTimeout(task, delayMs / 200)
      return () => clearTimeout(timer)
    },
  }
  const gateway = await startLoggedIn(t, { clock })
  const client = await RawClient.ready(t, gateway.port)
  const bars = () => client.frames.filter(([id]) => id === '50').length
  client.send(50, 3, 4, 265598, '', '', '', '', '', '', '', '', '', '', '', 5, 'TRADES', 1, '')
  await until(() => bars() > 1)
  gateway.fault('1100')
  gateway.fault('1102')
  await until(() => client.errors().includes(1102))
  const before = bars()
  await until(() => bars() > before)
  gateway.fault('1101')
  await until(() => client.errors().includes(1101))
  const after = bars()
  for (let round = 0; round < 20; round++) {
    client.send(105, 1)
    await until(() => client.frames.filter(([id]) => id === '109').length > round)
    await new Promise((resolve) => clock.schedule(() => resolve(undefined), 2_000))
  }
  t.equal(bars(), after)
})

t.test('farms go down and come up', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = await RawClient.ready(t, gateway.port)
  await until(() => client.errors().length === 3)
  gateway.fault('farm-down')
  gateway.fault('farm-up')
  await until(() => client.errors().length === 9)
  t.strictSame(client.errors().slice(3), [2103, 2105, 2157, 2104, 2106, 2158])
})

t.test('reject-326 refuses everyone until clear', async (t) => {
  const gateway = await startLoggedIn(t)
  gateway.fault('reject-326')
  const client = new RawClient(gateway.port)
  client.greet('v100..200')
  client.startApi(99)
  await until(() => client.ended)
  t.strictSame(client.errors(), [326])
  gateway.fault('clear')
  await RawClient.ready(t, gateway.port, 99)
})

t.test('handshake faults', async (t) => {
  const gateway = await startLoggedIn(t)
  let clientId = 0
  const attempt = async (mode: string, done: (client: RawClient) => boolean) => {
    gateway.fault('handshake', mode)
    const client = new RawClient(gateway.port)
    client.greet('v100..200')
    if (mode !== 'A' && mode !== 'B') await until(() => client.frames.length > 0)
    client.startApi(++clientId)
    await until(() => done(client)).catch(() => t.fail(`handshake ${mode}: ${JSON.stringify(client.frames)}`))
    const ids = client.frames.map(([id]) => id)
    client.socket.destroy()
    return ids
  }
  const notices = (client: RawClient) => client.errors().length >= 3
  t.strictSame(await attempt('A', ({ socket }) => socket.bytesWritten > 20), [])
  t.strictSame(await attempt('B', ({ ended }) => ended), [])
  t.strictSame(await attempt('C', ({ frames }) => frames.length === 1), ['200'])
  t.strictSame(await attempt('D', ({ ended }) => ended), ['200'])
  t.strictSame(await attempt('F1', notices), ['200', '15', '4', '4', '4'])
  t.strictSame(await attempt('F2', notices), ['200', '9', '4', '4', '4'])
  t.strictSame(await attempt('F3', notices), ['200', '15', '9', '4', '4', '4'])
  t.strictSame(await attempt('G', notices), ['225', '15', '9', '4', '4', '4'])
  t.strictSame((await attempt('G2', ({ frames }) => frames.length === 6))[0], '150')
  t.strictSame(await attempt('H', notices), ['200', '15', '9', '4', '4', '4'])
  t.strictSame(await attempt('I', notices), ['200', '15', '9', '4', '4', '4'])
})

t.test('exit ends the gateway with its status and frees the port', async (t) => {
  const gateway = await startLoggedIn(t)
  const client = await RawClient.ready(t, gateway.port)
  gateway.fault('exit', '3')
  await client.closed()
  await until(() => gateway.exits.length === 1)
  t.strictSame(gateway.exits, [3])
  t.ok(gateway.log.includes('IBC returned exit status 3'))
  t.equal(gateway.log.at(-1), 'Gateway finished')
  const next = await startLoggedIn(t, { port: gateway.port })
  t.equal(next.port, gateway.port)
})

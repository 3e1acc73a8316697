// The forwarder with real sockets: bytes and ends in both directions, a target that comes and goes, who is kept out, and the end.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import { systemClock } from '../../src/adapters/system-clock.ts'
import type { Clock } from '../../src/ports/clock.ts'
import { until } from '../fleet/world.ts'
import { all, client, echo, events, forwarder, gone, knock, target } from './harness.ts'

t.test('bytes go both ways, for many at a time', async (t) => {
  const forward = await forwarder(t, await target(t, echo))
  const clients = await Promise.all(Array.from({ length: 100 }, () => client(t, forward.port)))
  await until(
    () => forward.connections,
    (open) => open === 100,
    'all are in',
  )
  const answers = await Promise.all(
    clients.map((socket, number) => {
      socket.end(`this is ${number}`)
      return all(socket)
    }),
  )
  t.strictSame(
    answers,
    clients.map((_, number) => `this is ${number}`),
  )
  await until(
    () => forward.connections,
    (open) => open === 0,
    'and none is left',
  )
  t.match(forward.stats, { accepted: 100, refused: 0, overLimit: 0, failed: 0 })
  t.strictSame(events(forward), ['listening', 'target-up'], 'the first that gets through is told, once')
})

t.test('a client that has ended still gets its answer', async (t) => {
  const to = await target(t, async (socket) => {
    const asked = await all(socket)
    socket.end(`you said ${asked}, and no more`)
  })
  const socket = await client(t, (await forwarder(t, to)).port)
  socket.end('hello')
  t.equal(await all(socket), 'you said hello, and no more')
})

t.test('a target that has ended still gets what the client says', async (t) => {
  const heard: Array<Promise<string>> = []
  const to = await target(t, (socket) => {
    heard.push(all(socket))
    socket.end('bye')
  })
  const forward = await forwarder(t, to)
  const socket = await client(t, forward.port)
  t.equal(await all(socket), 'bye')
  t.equal(forward.connections, 1, 'half of it is open')
  socket.end('not yet')
  t.equal(await heard[0], 'not yet')
  await until(
    () => forward.connections,
    (open) => open === 0,
    'both halves have ended',
  )
})

t.test('a break on one side is a break on the other', async (t) => {
  const to = await target(t)
  const forward = await forwarder(t, to)
  const first = await client(t, forward.port)
  await until(
    () => to.sockets.length,
    (count) => count === 1,
    'the first is through',
  )
  first.resetAndDestroy()
  t.equal((await gone(to.sockets[0] as Socket)).broken, true, 'the target sees a reset, not an end')
  const second = await client(t, forward.port)
  await until(
    () => to.sockets.length,
    (count) => count === 2,
    'the second is through',
  )
  to.sockets[1]?.resetAndDestroy()
  t.equal((await gone(second)).broken, true, 'and so does the client')
  await until(
    () => forward.connections,
    (open) => open === 0,
    'nothing is left',
  )
})

t.test('the last words of a target that takes no more reach a client that goes on talking', async (t) => {
  const to = await target(t, (socket) => {
    socket.resume().end('no room for you')
    socket.once('finish', () => socket.destroy())
  })
  const forward = await forwarder(t, to)
  const socket = await client(t, forward.port)
  const talking = setInterval(() => socket.write('and another thing'), 1)
  t.teardown(() => clearInterval(talking))
  t.equal((await gone(socket)).received, 'no room for you')
  await until(
    () => forward.connections,
    (open) => open === 0,
    'and it is over',
  )
})

t.test('a slow reader holds the sender back, and gets every byte', async (t) => {
  const block = Buffer.alloc(1024 * 1024, 'abcdefg')
  const blocks = 128
  let sent = 0
  const to = await target(t, async (socket) => {
    for (; sent < blocks; sent++) if (!socket.write(block)) await once(socket, 'drain')
    socket.end()
  })
  const forward = await forwarder(t, to)
  const socket = await client(t, forward.port)
  socket.pause()
  // It comes to a halt: what is held is a few buffers, most of them the kernel's, which may grow to some 10 MB each.
  let last = -1
  await until(
    () => sent,
    (now) => {
      const halted = now > 0 && now === last
      last = now
      return halted
    },
    'the sender waits',
    15_000,
    100,
  )
  t.ok(sent < blocks / 2, `the sender waits after ${sent} of ${blocks} blocks`)
  const digest = createHash('sha256')
  let received = 0
  for await (const chunk of socket) {
    received += chunk.length
    digest.update(chunk)
  }
  t.equal(received, blocks * block.length)
  const whole = createHash('sha256')
  for (let at = 0; at < blocks; at++) whole.update(block)
  t.equal(digest.digest('hex'), whole.digest('hex'))
})

t.test('a target that is down is told once, and so is its return', async (t) => {
  const to = await target(t, echo)
  const forward = await forwarder(t, to)
  await to.close()
  for (let at = 0; at < 5; at++) t.equal((await knock(t, forward.port)).received, '')
  t.match(forward.told.slice(1), [
    {
      event: 'target-down',
      target: `127.0.0.1:${to.port}`,
      code: 'ECONNREFUSED',
      problem: /refuses connections/,
      action: /See that the gateway runs/,
    },
  ])
  t.equal(forward.stats.failed, 5)
  t.equal(forward.connections, 0)
  await target(t, echo, to.port)
  for (const text of ['one', 'two']) {
    const socket = await client(t, forward.port)
    socket.end(text)
    t.equal(await all(socket), text)
  }
  t.match(forward.told.slice(2), [{ event: 'target-up', turnedAway: 5 }])
  t.equal(forward.told.length, 3)
})

t.test('a target that does not answer in time is given up', async (t) => {
  // Its time is up at once, before any network could answer.
  const schedule: Clock['schedule'] = (_ms, run) => {
    queueMicrotask(run)
    return () => {}
  }
  const forward = await forwarder(t, await target(t, echo), { clock: { ...systemClock(), schedule } })
  t.equal((await knock(t, forward.port)).received, '')
  t.match(forward.told.slice(1), [{ event: 'target-down', code: 'ETIMEDOUT', problem: 'does not answer' }])
  t.equal(forward.stats.failed, 1)
})

t.test('a name that nobody knows is told as such', async (t) => {
  const forward = await forwarder(t, { host: 'no-such-host.invalid', port: 4002 })
  await knock(t, forward.port)
  t.match(forward.told[1], { event: 'target-down', code: /ENOTFOUND|EAI_AGAIN/ })
})

t.test('who is not on the list is closed unread, and counted', async (t) => {
  const to = await target(t, echo)
  const forward = await forwarder(t, to, { allow: [{ address: '10.9.8.0', prefix: 24 }] })
  for (let at = 0; at < 3; at++) {
    t.equal((await knock(t, forward.port, 'let me in')).received, '')
  }
  t.equal(to.sockets.length, 0, 'the target has heard of nobody')
  t.match(forward.stats, { accepted: 0, refused: 3 })
  t.match(
    forward.told.slice(1),
    [{ event: 'peer-refused', peer: '127.0.0.1', count: 1 }],
    'told once a minute',
  )
})

for (const [host, address, prefix] of [
  ['127.0.0.1', '127.0.0.0', 8],
  ['::1', '::1', 128],
] as const) {
  const has = Object.values(networkInterfaces()).some((each) => each?.some((found) => found.address === host))
  t.test(
    `a network that is listed comes in: ${address}/${prefix}`,
    { skip: !has && `no ${host} here` },
    async (t) => {
      const to = await target(t, echo)
      const forward = await forwarder(t, to, { listen: { host, port: 0 }, allow: [{ address, prefix }] })
      const socket = await client(t, forward.port, host)
      socket.end('hello')
      t.equal(await all(socket), 'hello')
    },
  )
}

t.test('no more than the limit are open at a time', async (t) => {
  const forward = await forwarder(t, await target(t, echo), { maxConnections: 2 })
  const first = await client(t, forward.port)
  await client(t, forward.port)
  await until(
    () => forward.connections,
    (open) => open === 2,
    'two are in',
  )
  await knock(t, forward.port)
  t.match(forward.stats, { accepted: 2, overLimit: 1 })
  t.match(forward.told.at(-1), { event: 'full', limit: 2, count: 1 })
  first.destroy()
  await until(
    () => forward.connections,
    (open) => open === 1,
    'there is room',
  )
  const socket = await client(t, forward.port)
  socket.end('me?')
  t.equal(await all(socket), 'me?')
})

t.test('closing ends all with what was passed on, and frees the port', async (t) => {
  const to = await target(t, echo)
  const forward = await forwarder(t, to)
  const clients = await Promise.all(Array.from({ length: 10 }, () => client(t, forward.port)))
  await until(
    () => to.sockets.length,
    (count) => count === 10,
    'all are through',
  )
  const ends = clients.map(gone)
  await Promise.all([forward.close(), forward.close()])
  t.equal(forward.connections, 0)
  t.strictSame(
    (await Promise.all(ends)).map(({ broken }) => broken),
    clients.map(() => false),
    'ended, not broken',
  )
  t.match(forward.told.at(-1), { event: 'closed', accepted: 10 })
  t.equal(events(forward).filter((event) => event === 'closed').length, 1)
  await target(t, echo, forward.port)
})

t.test('closing does not wait for those who never end', async (t) => {
  const to = await target(t)
  const forward = await forwarder(t, to, { closeGraceMs: 50 })
  const socket = await client(t, forward.port)
  await until(
    () => to.sockets.length,
    (count) => count === 1,
    'it is through',
  )
  await forward.close()
  t.equal(forward.connections, 0)
  socket.write('still there?')
  t.equal((await gone(socket)).broken, true, 'nobody is')
})

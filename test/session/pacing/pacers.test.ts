// One pacer per gateway, for all who hold it, with a memory that outlives them by ten minutes.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { Pacers } from '../../../src/session/pacing/pacers.ts'
import { FakeClock, settle } from '../../fake-clock.ts'
import { history, request } from './sendings.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

t.test('a gateway has one pacer, by host and port, with the options given', async (t) => {
  const pacers = new Pacers(new FakeClock(), { minRequestDelayMs: 0 })
  const one = pacers.of('127.0.0.1', 4100)
  t.equal(pacers.of('127.0.0.1', 4100), one)
  t.not(pacers.of('127.0.0.1', 4101), one)
  t.not(pacers.of('gateway', 4100), one)
  t.equal(pacers.size, 3)
  await Promise.all([one.take(request), one.take(request)])
})

t.test('whoever holds it keeps it, however long nothing is sent', async (t) => {
  const clock = new FakeClock()
  const pacers = new Pacers(clock)
  const held = pacers.of('127.0.0.1', 4100)
  await clock.advance(3_600_000)
  t.equal(pacers.size, 1)
  await settle()
  collectGarbage()
  t.equal(pacers.of('127.0.0.1', 4100), held)
})

t.test('nobody holds it: remembered for its windows, then forgotten', async (t) => {
  const clock = new FakeClock()
  const pacers = new Pacers(clock)
  for (let port = 4100; port < 4150; port++) void pacers.of('127.0.0.1', port).take(history())
  await clock.advance(600_000)
  collectGarbage()
  t.equal(pacers.size, 50, 'what is open may still be answered')
  const idle = new Pacers(clock)
  for (let port = 4100; port < 4150; port++) idle.of('127.0.0.1', port).record()
  await clock.advance(600_000)
  await settle()
  collectGarbage()
  t.equal(idle.size, 50)
  await clock.advance(20_000)
  t.equal(idle.size, 50, 'from now on it may be collected')
  await settle()
  collectGarbage()
  t.equal(idle.size, 0)
})

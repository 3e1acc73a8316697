// The lock file in DATA_DIR: the same rules as the store's lock, on a file that two may fight for.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createDataDirLock, lockHolder } from '../../../src/adapters/embedded/data-dir-lock.ts'
import { readProcesses, startTimeInStat } from '../../../src/adapters/embedded/processes.ts'
import type { Processes } from '../../../src/ports/lock-holder.ts'
import { drive, processes } from '../../contracts/manager-lock.ts'
import { never } from '../../contracts/stores.ts'
import { FakeClock } from '../../fake-clock.ts'
import { testFolder } from '../../test-folder.ts'
import { log } from './subject.ts'

function lockOf(t: Test, dataDir: string, clock: FakeClock, as: Processes, lost: Error[] = []) {
  const lock = createDataDirLock({ dataDir, clock, log, processes: as, onLockLost: (e) => lost.push(e) })
  t.teardown(() => lock.release())
  return lock
}

t.test('held, renewed, refused, released', async (t) => {
  const dataDir = join(testFolder(t), 'new', 'folder')
  const clock = new FakeClock()
  const first = lockOf(t, dataDir, clock, processes())
  await first.acquire('manager-1', never)
  const at = () => JSON.parse(readFileSync(join(dataDir, 'manager.lock'), 'utf8')).renewedAt
  const acquiredAt = at()
  await clock.advance(7000)
  t.ok(at() > acquiredAt, 'renewed every few seconds')

  const second = lockOf(t, dataDir, clock, processes({ pid: 200 }, { 100: '5000' }))
  const refused = drive(clock, second.acquire('manager-2', never))
  await t.rejects(refused, {
    code: 'STORE_LOCKED',
    message: /manager\.lock is held by manager manager-1, process 100/,
  })
  await first.release()
  t.strictSame(readdirSync(dataDir), [], 'nothing is left behind')
  t.equal(clock.pendingTimers, 0)
})

t.test('of many that find a dead holder, one takes over', async (t) => {
  const dataDir = testFolder(t)
  const clock = new FakeClock()
  await lockOf(t, dataDir, new FakeClock(), processes()).acquire('manager-1', never)
  const pids = Array.from({ length: 10 }, (_, n) => 200 + n)
  const alive = Object.fromEntries(pids.map((pid) => [pid, '5000']))
  const heirs = pids.map((pid) =>
    lockOf(t, dataDir, clock, processes({ pid }, alive)).acquire(`m-${pid}`, never),
  )
  const outcomes = await Promise.allSettled(heirs.map((heir) => drive(clock, heir)))
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  t.strictSame(readdirSync(dataDir), ['manager.lock'])
})

t.test('a lock file that was taken away comes back; one that became another’s is lost', async (t) => {
  const dataDir = testFolder(t)
  const clock = new FakeClock()
  const lost: Error[] = []
  const lock = lockOf(t, dataDir, clock, processes(), lost)
  await lock.acquire('manager-1', never)
  const path = join(dataDir, 'manager.lock')
  const theirs = { ...JSON.parse(readFileSync(path, 'utf8')), pid: 999, managerId: 'manager-9' }
  rmSync(path)
  await clock.advance(4000)
  t.match(JSON.parse(readFileSync(path, 'utf8')), { managerId: 'manager-1' })
  writeFileSync(path, JSON.stringify(theirs))
  await clock.advance(4000)
  t.match(lost, [{ code: 'STORE_LOCKED', message: /manager-9/ }])
  t.equal(clock.pendingTimers, 0)
})

t.test('a damaged lock file is replaced after 10 s', async (t) => {
  const dataDir = testFolder(t, { 'manager.lock': '{"managerId":' })
  const clock = new FakeClock()
  await drive(clock, lockOf(t, dataDir, clock, processes()).acquire('manager-1', never))
  t.ok(clock.monotonicMs() >= 10_000)
})

t.test('lockHolder tells the living from the dead', async (t) => {
  const dataDir = testFolder(t)
  const clock = new FakeClock()
  const look = (as: Processes, now = clock.now()) => lockHolder(dataDir, { processes: as, now })
  t.equal(await look(processes()), null)
  await lockOf(t, dataDir, clock, processes()).acquire('manager-1', never)
  const neighbour = { pid: 200 }
  t.match(await look(processes(neighbour, { 100: '5000' }), clock.now() + 60_000), { managerId: 'manager-1' })
  t.equal(await look(processes(neighbour)), null, 'its process is gone')
  const elsewhere = processes({ pidNamespace: 'pid:[2]' })
  t.match(await look(elsewhere), { managerId: 'manager-1' }, 'out of sight, but renewed just now')
  t.equal(await look(elsewhere, clock.now() + 10_001), null, 'out of sight, and silent')
})

t.test('this process knows itself and its neighbours', async (t) => {
  const { self, startedAt } = readProcesses()
  t.equal(self.pid, process.pid)
  t.ok(self.host)
  t.equal(startedAt(2 ** 22 + 1), null, 'no such process')
  if (process.platform !== 'linux') return
  t.match(self, { bootId: /^[0-9a-f-]{36}$/, pidNamespace: /^pid:\[\d+\]$/, pidStartedAt: /^\d+$/ })
  t.equal(startedAt(process.pid), self.pidStartedAt)
})

t.test('start times in /proc/<pid>/stat', async (t) => {
  const stat = (name: string, state: string) =>
    `42 (${name}) ${state} 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 11 0 987654 1000 200`
  t.equal(startTimeInStat(stat('node', 'S')), '987654')
  t.equal(startTimeInStat(stat('a) R (b 1', 'R')), '987654', 'whatever the process calls itself')
  t.equal(startTimeInStat(stat('node', 'Z')), null, 'a zombie runs no more')
})

// A manager killed outright: nothing acknowledged is lost, and its locks pass on at once.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createDataDirLock, lockHolder } from '../../../src/adapters/embedded/data-dir-lock.ts'
import { readStoreState } from '../../../src/adapters/embedded/inspect.ts'
import { readProcesses } from '../../../src/adapters/embedded/processes.ts'
import { openEmbeddedStores } from '../../../src/adapters/embedded/stores.ts'
import { systemClock } from '../../../src/adapters/system-clock.ts'
import { managerIdConstant } from '../../../src/ports/stores.ts'
import { never } from '../../contracts/stores.ts'
import { testFolder } from '../../test-folder.ts'
import { log } from './subject.ts'

function start(t: Test, task: 'hold' | 'write', dataDir: string): ChildProcess {
  const script = fileURLToPath(new URL('holder.js', import.meta.url))
  const child = spawn(process.execPath, [script, task, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => child.kill('SIGKILL'))
  return child
}

/** Lines of the child until `isEnough`; then it is killed, and what it still had printed is returned too. */
async function linesUntilKilled(
  child: ChildProcess,
  isEnough: (lines: string[]) => boolean,
): Promise<string[]> {
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout ?? process.stdin })
  for await (const line of reader) {
    lines.push(line)
    if (isEnough(lines)) child.kill('SIGKILL')
  }
  return lines
}

function depsFor(dataDir: string) {
  const onLockLost = (error: Error) => t.fail(error.message)
  return { dataDir, clock: systemClock(), log, processes: readProcesses(), onLockLost }
}

t.test('every acknowledged write is there after SIGKILL', async (t) => {
  const dataDir = join(testFolder(t), 'data')
  const acknowledged = await linesUntilKilled(start(t, 'write', dataDir), (lines) => lines.length === 500)
  const stores = await openEmbeddedStores(depsFor(dataDir))
  t.teardown(() => stores.close())
  const { followers, malformed } = await stores.followers.list()
  const found = new Set(followers.map(({ id }) => id))
  t.ok(acknowledged.length >= 500)
  t.strictSame(
    acknowledged.filter((id) => !found.has(id)),
    [],
  )
  t.strictSame(malformed, [])
})

t.test(
  'a second manager is refused while the first lives, and follows at once when it was killed',
  async (t) => {
    const dataDir = join(testFolder(t), 'data')
    const first = start(t, 'hold', dataDir)
    await once(first.stdout ?? first, 'data')

    const deps = depsFor(dataDir)
    const stores = await openEmbeddedStores(deps)
    t.teardown(() => stores.close())
    const dataDirLock = createDataDirLock(deps)
    const message = new RegExp(`manager-1, process ${first.pid} on `)
    await Promise.all([
      t.rejects(stores.lock.acquire('manager-2', never), { code: 'STORE_LOCKED', message }),
      t.rejects(dataDirLock.acquire('manager-2', never), { code: 'STORE_LOCKED', message }),
    ])
    t.match(await lockHolder(dataDir, { processes: deps.processes, now: Date.now() }), { pid: first.pid })
    t.match(await readStoreState(dataDir), { managerId: 'manager-1', heldBy: message })

    first.kill('SIGKILL')
    await once(first, 'exit')
    t.match(await readStoreState(dataDir), { managerId: undefined, heldBy: undefined })
    const startedMs = performance.now()
    await dataDirLock.acquire('manager-1', never)
    await stores.lock.acquire('manager-1', never)
    t.ok(performance.now() - startedMs < 1000, 'no waiting')
    await stores.constant(managerIdConstant, () => 'kept')
    await stores.lock.release()
    await dataDirLock.release()
    t.match(await readStoreState(dataDir), { managerId: 'kept', heldBy: undefined })
  },
)

// Managers that end and come back, on a real engine: adoption after a crash, `leave`, `stop`, one manager per DATA_DIR, cleanup.
import t from 'tap'
import { type DockerFleet, dockerFleet } from './docker-fleet.ts'
import { gateEngine } from './docker-subject.ts'
import type { ManagerProcess } from './manager-process.ts'

if (await gateEngine(t)) {
  t.test('managers end and come back', async (t) => {
    const fleet = dockerFleet(t)
    let manager = await fleet.start()
    for (const id of ['alpha', 'beta']) await manager.follow(id)
    await Promise.all([manager.launch('alpha'), manager.launch('beta')])
    const before = await containerIds(fleet)

    await t.test('a second manager on the same DATA_DIR refuses, and names the holder', async (t) => {
      const second = fleet.run('main.js')
      t.equal(await second.exit(), 1)
      t.match(second.output, fleet.managerId)
      t.match(second.output, /process \d+|pid \d+/i)
      t.strictSame(await containerIds(fleet), before)
      t.equal((await manager.gateway('alpha')).status, 'RUNNING')
    })

    await t.test('killed and started again: the same containers, RUNNING at once', async (t) => {
      await manager.end('SIGKILL')
      t.strictSame(await containerIds(fleet), before, 'a crash touches nothing')
      const startedAt = performance.now()
      manager = await fleet.start()
      await bothRunning(manager)
      const tookMs = Math.round(performance.now() - startedAt)
      t.comment(`all RUNNING ${tookMs} ms after the start`)
      // bench/ measures it; here it is sooner than a lock would be free whose holder may still live.
      t.ok(tookMs < 10_000, `${tookMs} ms`)
      t.strictSame(await containerIds(fleet), before)
      t.match(await manager.gateway('alpha'), { containerId: before.alpha, restarts: 0, drift: false })
    })

    await t.test('ON_SHUTDOWN=leave leaves them to the next', async (t) => {
      await manager.end('SIGTERM')
      manager = await fleet.start({ ON_SHUTDOWN: 'leave' })
      await bothRunning(manager)
      const left = await containerIds(fleet)
      t.notSame(left, before, 'the default had stopped them, and the wish for them survived')
      t.match(await manager.end('SIGTERM'), { code: 0 })
      t.strictSame(await containerIds(fleet), left)
      manager = await fleet.start()
      await bothRunning(manager)
      t.strictSame(await containerIds(fleet), left)
    })

    await t.test('a container that died while nobody watched is replaced at the start', async (t) => {
      const { beta } = await containerIds(fleet)
      await manager.end('SIGKILL')
      await fleet.docker.getContainer(beta ?? '').kill()
      manager = await fleet.start()
      await bothRunning(manager)
      t.not((await containerIds(fleet)).beta, beta)
    })

    await t.test('SIGTERM stops them all, tidily and in time', async (t) => {
      const ids = Object.values(await containerIds(fleet))
      const ends = Promise.all(ids.map((id) => fleet.docker.getContainer(id).wait()))
      const { code, tookMs } = await manager.end('SIGTERM')
      t.equal(code, 0)
      t.ok(tookMs < 10_000, `ended after ${Math.round(tookMs)} ms`)
      t.match(await ends, [{ StatusCode: 0 }, { StatusCode: 0 }])
      t.match(await fleet.left(), { containers: 0 })
    })
  })

  t.test('`ibgm cleanup` takes what a crashed manager left, and only when it is dead', async (t) => {
    const fleet = dockerFleet(t)
    const manager = await fleet.start()
    await manager.follow('alpha')
    await manager.launch('alpha')
    const refused = fleet.run('cli/main.js', 'cleanup', '--yes')
    t.equal(await refused.exit(), 1)
    t.match(refused.output, /running/)
    await manager.end('SIGKILL')
    t.strictSame(await fleet.left(), { containers: 1, volumes: 1, networks: 1 })
    const cleanup = fleet.run('cli/main.js', 'cleanup', '--yes', '--volumes')
    t.equal(await cleanup.exit(), 0, cleanup.output)
    t.match(cleanup.output, /removed 1 container, 1 network, 1 volume/)
    t.strictSame(await fleet.left(), { containers: 0, volumes: 0, networks: 0 })
  })
}

async function bothRunning(manager: ManagerProcess): Promise<void> {
  const isRunning = ({ status }: { status: string }) => status === 'RUNNING'
  for (const id of ['alpha', 'beta']) await manager.reach(id, 'RUNNING', isRunning)
}

async function containerIds(fleet: DockerFleet): Promise<Record<string, string>> {
  const found = await Promise.all(['alpha', 'beta'].map(async (id) => [id, (await fleet.container(id))?.Id]))
  return Object.fromEntries(found)
}
